package export_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
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
