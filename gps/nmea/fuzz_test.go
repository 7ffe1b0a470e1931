package nmea_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// FuzzDecoder feeds anything. What comes out is a fix that can be, or none, and
// does not depend on where the bytes are cut.
func FuzzDecoder(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		in, _, _ := strings.Cut(string(text), want)
		var b []byte
		for line := range strings.Lines(in) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				b = append(b, sum(line)...)
			}
		}
		f.Add(b, 7, false)
	}
	f.Add(corpus()[:2000], 100, true)
	f.Add([]byte("\\s:x*00\\$GPTXT*1F\r\n$GPGGA,,,,,,0\n"), 3, true)

	f.Fuzz(func(t *testing.T, in []byte, cut int, repair bool) {
		if repair {
			in = repaired(in)
		}
		o := nmea.Options{NoChecksum: cut%2 == 0}
		whole, counts := decode(o, in)
		for i, event := range whole {
			if fix, ok := event.(gps.Fix); ok {
				check(t, fix)
				unique(t, whole[:i], fix)
			}
		}
		var parts []gps.Event
		tell := func(e gps.Event) { parts = append(parts, e) }
		d := nmea.NewDecoder(o)
		at := max(0, min(cut, len(in)))
		d.Write(in[:at], 1, tell)
		d.Write(in[at:], 1, tell)
		d.Flush(tell)
		if diff := cmp.Diff(texts(whole), texts(parts)); diff != "" || d.Counts() != counts {
			t.Fatalf("cut at %d: (-whole +cut)\n%s", at, diff)
		}
	})
}

// repaired gives lines the checksums that they should have, so that what is
// fuzzed are not only checksums.
func repaired(in []byte) []byte {
	var b []byte
	for line := range strings.Lines(string(in)) {
		line = strings.TrimRight(line, "\r\n")
		body, _, _ := strings.Cut(line, "*")
		if start := strings.IndexByte(body, '$'); start >= 0 {
			b = append(b, body[:start]...)
			b = append(b, sum(body[start:])...)
		}
	}
	return b
}

func check(t *testing.T, f gps.Fix) {
	t.Helper()
	within := func(name string, v, low, high float64) {
		if v < low || v > high || math.IsInf(v, 0) {
			t.Errorf("%s %v of %s", name, v, describe(f))
		}
	}
	within("latitude", f.Lat, -90, 90)
	within("longitude", f.Lon, -180, 180)
	within("altitude", f.AltMSL, -15e3, 100e3)
	within("height", f.AltHAE, -16e3, 101e3)
	within("speed", f.SpeedMPS, 0, 2001)
	within("course", f.CourseDeg, 0, 359.999999999)
	within("climb", f.ClimbMPS, -2001, 2001)
	within("dilution", f.HDOP, 0.01, 90)
	within("accuracy", f.AccuracyM, 0, 1e7)
	within("accuracy of altitude", f.AltAccuracyM, 0, 1e7)
	if f.HasPosition() != !math.IsNaN(f.Lat) || f.HasPosition() != !math.IsNaN(f.Lon) {
		t.Errorf("mode and position disagree: %s", describe(f))
	}
	if f.Mode != gps.Mode3D && (!math.IsNaN(f.AltMSL) || !math.IsNaN(f.AltHAE)) {
		t.Errorf("an altitude without a third dimension: %s", describe(f))
	}
	if f.Mode < gps.ModeNone || f.Mode > gps.Mode3D || len(f.Sentences) == 0 {
		t.Errorf("mode %d of %q", f.Mode, f.Sentences)
	}
	if (f.AccuracyOrigin == gps.OriginUnknown) != math.IsNaN(f.AccuracyM) {
		t.Errorf("accuracy and origin disagree: %s", describe(f))
	}
}

// unique checks that an epoch is told once: none of the last had f's time.
func unique(t *testing.T, before []gps.Event, f gps.Fix) {
	t.Helper()
	if f.TimeNs%(24*3600e9) < 1e9 {
		return // Unix time has no other name for a leap second
	}
	last := fixes(before)
	last = last[max(0, len(last)-7):]
	if f.TimeNs != 0 && slices.ContainsFunc(last, func(o gps.Fix) bool { return o.TimeNs == f.TimeNs }) {
		t.Errorf("told twice: %s", describe(f))
	}
}
