package replay_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// What the cases are read with that need something.
var options = map[string]replay.Options{
	"nmea-over-midnight":    {StartDate: time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)},
	"nmea-without-checksum": {NoChecksum: true},
}

// Each file holds a log, a line "-- want --", and what is told of it.
func TestReads(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			log, _, _ := strings.Cut(string(text), "-- want --\n")
			told, err := read(t, strings.NewReader(log), options[name])
			got := log + "-- want --\n" + told
			if err != nil {
				got += fmt.Sprintf("%s: %v\n", fault.CodeOf(err), err)
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			diff(t, strings.Split(string(text), "\n"), strings.Split(got, "\n"))

			// What packs a log changes nothing, nor how it comes.
			packed, _ := read(t, bytes.NewReader(pack(t, log)), options[name])
			diff(t, told, packed)
			dripped, _ := read(t, iotestOneByte{strings.NewReader(log)}, options[name])
			diff(t, told, dripped)
		})
	}
}

// read returns what Read tells, a line an event.
func read(t *testing.T, r io.Reader, o replay.Options) (string, error) {
	t.Helper()
	var out strings.Builder
	err := replay.Read(t.Context(), r, o, func(e gps.Event) error {
		out.WriteString(describe(e) + "\n")
		return nil
	})
	return out.String(), err
}

type iotestOneByte struct{ io.Reader }

func (r iotestOneByte) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return r.Reader.Read(p[:1])
}

func pack(t *testing.T, log string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, log); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func describe(e gps.Event) string {
	switch e := e.(type) {
	case gps.Fix:
		mode := []string{"unknown", "none", "2D", "3D"}[e.Mode]
		line := fmt.Sprintf("fix %q %s %s received %s", e.Device, mode, clock(e.TimeNs), clock(e.ReceivedNs))
		if e.HasPosition() {
			line += fmt.Sprintf(" at %.6f %.6f %.1f m, %.1f m/s, ± %.2f m by %s", e.Lat, e.Lon, e.AltMSL, e.SpeedMPS, e.AccuracyM, e.AccuracyOrigin)
		}
		return fmt.Sprint(line, " ", e.Sentences)
	case gps.Sky:
		return fmt.Sprintf("sky %q of %d", e.Device, len(e.Satellites))
	case gps.Notice:
		return fmt.Sprintf("notice %q %q", e.Device, e.Text)
	}
	return fmt.Sprintf("%T", e)
}

func clock(ns int64) string {
	if ns == 0 {
		return "-"
	}
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.999999999")
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// drive is a log of n seconds.
func drive(n int) string {
	var b strings.Builder
	for i := range n {
		at := time.Date(2026, 3, 23, 23, 59, 50, 0, time.UTC).Add(time.Duration(i) * time.Second)
		fmt.Fprintf(&b, `{"class":"TPV","device":"/dev/a","mode":3,"time":"%s","lat":%.6f,"lon":11.5,"altMSL":545}`+"\n",
			at.Format(time.RFC3339Nano), 48+float64(i)/1e4)
	}
	return b.String()
}

// Logs that are refused for their checksums alone can be taken without.
func TestSaysHowALogWithoutChecksumsIsTaken(t *testing.T) {
	const bare = "$GPGGA,101112.00,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,\r\n"
	_, err := read(t, strings.NewReader(bare+bare), replay.Options{})
	if fault.CodeOf(err) != fault.GPSFile || !strings.Contains(fault.RemedyOf(err), "checksum: optional (checksum=optional with --gps)") {
		t.Errorf("%v (%s)", err, fault.RemedyOf(err))
	}
	if _, err := read(t, strings.NewReader(bare+bare), replay.Options{NoChecksum: true}); err != nil {
		t.Error(err)
	}
	_, err = read(t, strings.NewReader("$GPXYZ,1,2*47\r\n"), replay.Options{NoChecksum: true})
	if fault.RemedyOf(err) != fault.GPSFile.Remedy() {
		t.Errorf("%v (%s)", err, fault.RemedyOf(err))
	}
}

func TestSaysWhereALogIsDamaged(t *testing.T) {
	whole := drive(5000)
	packed := pack(t, whole)
	spoilt := bytes.Clone(packed)
	spoilt[len(spoilt)-5] ^= 0xff // its checksum
	for _, c := range []struct {
		name  string
		log   []byte
		fixes int // at least
		want  string
	}{
		{"cut off", packed[:len(packed)/2], 1000, "it is cut off there"},
		{"wrong checksum", spoilt, 5000, "after line 5000: gzip: invalid checksum"},
		{"only the magic", packed[:2], 0, "unexpected EOF"},
		{"header and a little", packed[:12], 0, "after line 0: it is cut off there"},
		{"nothing", nil, 0, "it is empty"},
		{"packed nothing", pack(t, ""), 0, "it is empty"},
		{"something else", []byte("#!/bin/sh\necho $HOME, sweet\n"), 0, "no NMEA sentence and no report of gpsd in it"},
		{"much else", bytes.Repeat([]byte{0, 1, 2, '\n'}, 1<<20), 0, "no NMEA sentence and no report of gpsd in its first 256 kB"},
		{"other JSON", []byte(`{"class":"car","lat":1}` + "\n"), 0, "no fix in it: 1 reports of gpsd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			told, err := read(t, bytes.NewReader(c.log), replay.Options{})
			if fault.CodeOf(err) != fault.GPSFile || !strings.HasPrefix(err.Error(), "replay: ") || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", fault.CodeOf(err), err, c.want)
			}
			if n := strings.Count(told, "fix "); n < c.fixes {
				t.Errorf("%d fixes before that, want %d", n, c.fixes)
			}
		})
	}
}

func TestNamesTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "drive.nmea")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := read(t, f, replay.Options{}); err == nil || err.Error() != "replay "+name+": it is empty" {
		t.Errorf("%v", err)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		log, _, _ := bytes.Cut(text, []byte("-- want --\n"))
		f.Add(log[:min(len(log), 400)], false)
	}
	f.Add([]byte("\x1f\x8b\x08"), true)
	f.Fuzz(func(t *testing.T, log []byte, loose bool) {
		fixes := 0
		err := replay.Read(t.Context(), bytes.NewReader(log), replay.Options{NoChecksum: loose}, func(e gps.Event) error {
			if fix, ok := e.(gps.Fix); ok {
				fixes++
				if fix.HasPosition() && !(math.Abs(fix.Lat) <= 90 && math.Abs(fix.Lon) <= 180) {
					t.Fatalf("place of %+v", fix)
				}
			}
			return nil
		})
		if err == nil && fixes == 0 || err != nil && fault.CodeOf(err) != fault.GPSFile {
			t.Fatalf("%d fixes and %v", fixes, err)
		}
	})
}
