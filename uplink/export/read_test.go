package export_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
)

// Kismet's own file, as its kismetdb_to_pcap writes it: big or little, without
// names that we know, other options in between.
func TestReadKismetsOption(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			var gpsOption []byte
			gpsOption = order.AppendUint32(gpsOption, 55922)
			gpsOption = append(gpsOption, 0x47, 1)
			gpsOption = order.AppendUint16(gpsOption, 12)
			gpsOption = order.AppendUint32(gpsOption, 0xe)
			for _, v := range []uint32{1848922001, 2323731234, 1800000001} {
				gpsOption = order.AppendUint32(gpsOption, v)
			}
			json := append(order.AppendUint32(nil, 55922), 0x48, 1, 0, 0)
			file := foreign(order, "wlan0", option(order, 1, []byte("hello")), option(order, 2989, json), option(order, 2989, gpsOption))
			got, err := read(t, bytes.NewReader(file))
			if err != nil || len(got) != 1 {
				t.Fatalf("%d frames, %v", len(got), err)
			}
			nan := math.NaN()
			want := gps.Position{
				Lat: 52.3731234, Lon: 4.8922001, AltMSL: 0.0001, SpeedMPS: nan, Heading: nan, AccuracyM: nan,
				Kind: gps.FixedKind, Receiver: export.ReceiverName,
			}
			if diff := cmp.Diff(want, got[0].Position, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 || a != a && b != b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got[0].TimeNs != 1_750_000_000_123_456_000 || string(got[0].Frame.Data) != "frame" || got[0].Source.IsZero() {
				t.Errorf("frame %+v", got[0])
			}
		})
	}
}

func TestReadForeignOptionsThatLie(t *testing.T) {
	le := binary.LittleEndian
	whole := append(le.AppendUint32(nil, 55922), 0x47, 1, 8, 0, 6, 0, 0, 0, 0, 0, 0, 0x70, 0, 0, 0, 0x70)
	if got, _ := read(t, bytes.NewReader(foreign(le, "", option(le, 2989, whole)))); len(got) != 1 || !got[0].HasPosition {
		t.Fatalf("the whole one is not read: %+v", got)
	}
	for name, change := range map[string]func([]byte) []byte{
		"another company": func(b []byte) []byte { b[0]++; return b },
		"another magic":   func(b []byte) []byte { b[4]++; return b },
		"another version": func(b []byte) []byte { b[5]++; return b },
		"no length":       func(b []byte) []byte { b[6] = 0; return b },
		"cut":             func(b []byte) []byte { return b[:len(b)-1] },
		"no latitude":     func(b []byte) []byte { b[8] = 2; return b },
		"beyond the pole": func(b []byte) []byte { b[19] = 0x10; return b },
		"no fixed 3.7":    func(b []byte) []byte { b[15] = 0xff; return b },
		"only a head":     func(b []byte) []byte { return b[:4] },
	} {
		file := foreign(le, "", option(le, 2989, change(bytes.Clone(whole))))
		if got, err := read(t, bytes.NewReader(file)); err != nil || len(got) != 1 || got[0].HasPosition {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// foreign is a file with one frame that somebody else wrote.
func foreign(o binary.AppendByteOrder, name string, options ...[]byte) []byte {
	section := o.AppendUint32(nil, 0x1a2b3c4d)
	section = o.AppendUint16(section, 1)
	section = append(section, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	iface := o.AppendUint16(nil, 127)
	iface = append(iface, 0, 0, 0, 0, 0, 0)
	iface = append(iface, option(o, 2, []byte(name))...)
	us := uint64(1_750_000_000_123_456)
	epb := o.AppendUint32(nil, 0)
	epb = o.AppendUint32(epb, uint32(us>>32))
	epb = o.AppendUint32(epb, uint32(us))
	epb = o.AppendUint32(epb, 5)
	epb = o.AppendUint32(epb, 5)
	epb = append(epb, "frame\x00\x00\x00"...)
	for _, opt := range options {
		epb = append(epb, opt...)
	}
	epb = append(epb, 0, 0, 0, 0)
	return bytes.Join([][]byte{block(o, 0x0a0d0d0a, section), block(o, 1, iface), block(o, 6, epb)}, nil)
}

func block(o binary.AppendByteOrder, kind uint32, body []byte) []byte {
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, uint32(len(body)+12))
	b = append(b, body...)
	return o.AppendUint32(b, uint32(len(body)+12))
}

func option(o binary.AppendByteOrder, code uint16, value []byte) []byte {
	b := o.AppendUint16(nil, code)
	b = o.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func TestOpenCaptureNamesSources(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := filepath.Join(dir, "ours.pcapng"), filepath.Join(dir, "theirs.pcapng")
	if err := errors.Join(os.WriteFile(ours, write(t, someFrames()), 0o600),
		os.WriteFile(theirs, foreign(binary.LittleEndian, "wlan7"), 0o600)); err != nil {
		t.Fatal(err)
	}
	names := func(path string) (all []string) {
		c, err := export.OpenCapture(path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for {
			f, err := c.Next()
			if errors.Is(err, io.EOF) {
				return all
			}
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f.Source.String()+" "+c.Name(f.Source))
		}
	}
	want := []string{
		roof.String() + " roof", side.String() + " " + side.String(), roof.String() + " roof", roof.String() + " roof",
		capture.FileUUID("theirs.pcapng").String() + " wlan7",
	}
	if diff := cmp.Diff(want, append(names(ours), names(theirs)...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := export.OpenCapture(filepath.Join(dir, "none")); fault.CodeOf(err) != fault.SourceMissing {
		t.Errorf("no file: %v", err)
	}
}

// Any content is an error or frames within the limits, and what was read can be
// written and is then read the same.
func FuzzReadPcapNG(f *testing.F) {
	f.Add(write(f, someFrames()))
	f.Add(foreign(binary.BigEndian, "wlan0", option(binary.BigEndian, 2989, []byte("\x00\x00\xda\x72G\x01\x00\x08\x00\x00\x00\x06\x6b\x00\x00\x00\x6b\x00\x00\x00"))))
	f.Fuzz(func(t *testing.T, content []byte) {
		all, err := read(t, bytes.NewReader(content))
		if err != nil && fault.CodeOf(err) != fault.SourceCorrupt {
			t.Fatal(err)
		}
		for i := range all {
			p := all[i].Position
			if all[i].HasPosition && !(math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180) || math.IsInf(p.AltMSL, 0) || p.AccuracyM < 0 {
				t.Fatalf("position %+v", p)
			}
		}
		again, err := read(t, bytes.NewReader(write(t, all)))
		if err != nil || len(again) != len(all) {
			t.Fatalf("%d frames, written %d: %v", len(all), len(again), err)
		}
		for i := range all {
			// A frame of 1970 has no time beside its place, so that it looks fixed.
			all[i].Source, all[i].Position.Kind = again[i].Source, again[i].Position.Kind
		}
		if diff := cmp.Diff(all, again, nearly()); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
