package export_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

// start is 2025-06-15T15:06:40.123456789Z: all nine digits are in use.
const start = int64(1_750_000_000_123_456_789)

var (
	roof = capture.UUID{0x5f, 0xe3, 0x08, 0xbd, 15: 1}
	side = capture.UUID{0x5f, 0xe3, 0x08, 0xbd, 15: 2}
)

func nameOf(u capture.UUID) string {
	if u == roof {
		return "roof"
	}
	return ""
}

func options() export.PcapOptions {
	return export.PcapOptions{Program: "sensord 1.2.3", Rig: "rover-1", Name: nameOf}
}

// beacon is a radiotap header of 8 bytes, a beacon's header, fixed fields and
// the SSID "net".
func beacon() []byte {
	b := []byte{0, 0, 8, 0, 0, 0, 0, 0, 0x80, 0, 0, 0}
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x10, 0)
	b = append(b, make([]byte, 8)...)
	return append(b, 100, 0, 1, 0, 0, 3, 'n', 'e', 't')
}

// someFrames are of two sources and two link types, with and without positions.
func someFrames() []frames.Located {
	place := gps.Position{
		Lat: 52.3731234, Lon: -4.8922001, AltMSL: 12.5, SpeedMPS: 3, Heading: 90, AccuracyM: 4.25,
		Kind: gps.Kind, Receiver: gps.FusedName,
	}
	flat := place
	flat.AltMSL, flat.AccuracyM = math.NaN(), math.NaN()
	fixed := gps.NewFixed(-33.85, 151.2, math.NaN(), "roof")
	frame := func(source capture.UUID, i int64, link capture.LinkType, p gps.Position) frames.Located {
		data := append(beacon(), []byte{1, byte(i)}...) // a rate element of i bytes: padded differently
		data = append(data, make([]byte, i)...)
		return frames.Located{
			Source: source, TimeNs: start + i*1e9, Position: p, HasPosition: p.Kind != "",
			Frame: capture.Frame{TimeNs: start, OrigLen: uint32(len(data) + 4), LinkType: link, Data: data},
		}
	}
	return []frames.Located{
		frame(roof, 0, capture.LinkTypeRadiotap, place),
		frame(side, 1, capture.LinkTypeRadiotap, flat),
		frame(roof, 2, capture.LinkTypeRadiotap, gps.Position{}),
		frame(roof, 3, capture.LinkTypePPI, fixed),
	}
}

// write returns the file of some frames.
func write(t testing.TB, all []frames.Located) []byte {
	t.Helper()
	var b bytes.Buffer
	w := export.NewPcapNG(&b, options())
	for i := range all {
		if err := w.Write(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read returns copies of the frames of a file.
func read(t testing.TB, r io.Reader) (all []frames.Located, err error) {
	t.Helper()
	err = export.ReadPcapNG(r, func(f *frames.Located) error {
		own := *f
		own.Frame.Data = bytes.Clone(f.Frame.Data)
		all = append(all, own)
		return nil
	})
	return all, err
}

// nearly compares positions as a file keeps them.
func nearly() cmp.Option {
	return cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 6e-5 || a != a && b != b })
}

// run starts a program and returns what it prints.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var errs strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
