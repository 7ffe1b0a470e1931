package export_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

func TestPcapNGIsReadBackAsItWasWritten(t *testing.T) {
	want := someFrames()
	got, err := read(t, bytes.NewReader(write(t, want)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want { // what a file does not have
		want[i].Frame.TimeNs = want[i].TimeNs
		if want[i].HasPosition {
			want[i].Position.SpeedMPS, want[i].Position.Heading = math.NaN(), math.NaN()
			want[i].Position.Receiver = export.ReceiverName
		}
	}
	if diff := cmp.Diff(want, got, nearly()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The bytes of the option, as Kismet's page has them: longitude in front, both
// in 10^-7 degrees from -180 on, altitude and EPH in 10^-4 m from -180 km on.
func TestGPSOptionIsKismets(t *testing.T) {
	content := write(t, someFrames()[:1])
	le := binary.LittleEndian
	var want []byte
	want = le.AppendUint16(want, 2989)
	want = le.AppendUint16(want, 36)
	want = le.AppendUint32(want, 55922)
	want = append(want, 0x47, 1)
	want = le.AppendUint16(want, 24)
	want = le.AppendUint32(want, 0x2|0x4|0x8|0x20|0x40|0x80)
	for _, v := range []uint32{1751077999, 2323731234, 1800125000, 1750000000, 123456789, 1800042500} {
		want = le.AppendUint32(want, v)
	}
	want = append(want, 0, 0, 0, 0) // end of the options
	block := content[bytes.LastIndex(content[:len(content)-4], want[:8]):]
	if diff := cmp.Diff(hex.Dump(want), hex.Dump(block[:len(block)-4])); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTsharkReadsThePcapNG(t *testing.T) {
	path, content := filepath.Join(t.TempDir(), "x.pcapng"), write(t, someFrames())
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	text := run(t, "tshark", "-r", path, "-V")
	for _, want := range []string{
		"Interface name: roof", "Interface name: 5FE308BD-0000-0000-0000-000000000002",
		"Interface description: datasource 5FE308BD-0000-0000-0000-000000000001",
		"15:06:40.123456789", "Encapsulation type: IEEE 802.11 plus radiotap radio header (23)",
		`SSID parameter set: "ne`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%.4000s", want, text)
		}
	}
	// Wireshark's view of the file itself.
	text = run(t, "tshark", "-r", path, "-X", "read_format:MIME Files Format", "-T", "pdml")
	for _, want := range []string{
		"sensord 1.2.3", "rig rover-1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%.9000s", want, text)
		}
	}
	options := regexp.MustCompile(`\(2989\)" size="2" pos="(\d+)"`).FindAllStringSubmatch(text, -1)
	var got []string
	for _, m := range options {
		pos, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, hex.EncodeToString(content[pos+2:pos+16]))
	}
	if diff := cmp.Diff([]string{
		"240072da000047011800ee000000", // length, number, magic, version, length, fields
		"1c0072da00004701100066000000",
		"140072da00004701080006000000",
	}, got); diff != "" {
		t.Errorf("what tshark takes for custom options (-want +got):\n%s\n%s", diff, text)
	}
	for _, complaint := range []string{"Malformed", "Expert Info"} {
		if strings.Contains(text, complaint) {
			t.Errorf("tshark complains: %s\n%.9000s", complaint, text)
		}
	}
	text = run(t, "capinfos", path)
	for _, want := range []string{
		"Number of packets:   4", "Capture application: sensord 1.2.3", "Number of interfaces in file: 3",
		"Time precision = nanoseconds (9)", "Capture comment:     rig rover-1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestPcapNGWithoutFramesIsAFile(t *testing.T) {
	content := write(t, nil)
	if got, err := read(t, bytes.NewReader(content)); len(got) != 0 || err != nil {
		t.Errorf("%d frames, %v", len(got), err)
	}
	path := filepath.Join(t.TempDir(), "x.pcapng")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "capinfos", path)
}

func TestPcapNGRefusesWhatItCannotSay(t *testing.T) {
	w := export.NewPcapNG(io.Discard, options())
	f := someFrames()[0]
	f.Frame.LinkType = 1 << 16
	if err := w.Write(&f); err == nil || err.Error() != "link type 65536: pcapng has only 16 bits for it" {
		t.Errorf("error %v", err)
	}
	f = someFrames()[0]
	for name, p := range map[string]gps.Position{
		"nowhere": {Lat: math.NaN(), Lon: 4}, "beyond the pole": {Lat: 91, Lon: 4}, "too far east": {Lat: 4, Lon: 180.1},
	} {
		f.Position = p
		got, err := read(t, bytes.NewReader(write(t, []frames.Located{f})))
		if err != nil || len(got) != 1 || got[0].HasPosition {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

var binaryBig = binary.BigEndian

type fullWriter struct{ room int }

var errFull = errors.New("full")

func (w *fullWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestPcapNGRepeatsTheErrorOfItsWriter(t *testing.T) {
	w := export.NewPcapNG(&fullWriter{room: 100_000}, options())
	f := someFrames()[0]
	var err error
	for range 2000 {
		if err = w.Write(&f); err != nil {
			break
		}
	}
	if !errors.Is(err, errFull) || !errors.Is(w.Close(), errFull) {
		t.Errorf("%v, then %v", err, w.Close())
	}
}

func TestPcapNGWritesWithoutAllocations(t *testing.T) {
	w := export.NewPcapNG(io.Discard, options())
	all := someFrames()
	one := func() {
		for i := range all {
			_ = w.Write(&all[i])
		}
	}
	one()
	if n := testing.AllocsPerRun(1000, one); n > 0 {
		t.Errorf("%g allocations for %d frames", n, len(all))
	}
}

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

func BenchmarkPcapNGWrite(b *testing.B) {
	w := export.NewPcapNG(io.Discard, options())
	all := someFrames()
	b.ReportAllocs()
	for i := range b.N {
		if err := w.Write(&all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
}
