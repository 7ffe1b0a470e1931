package gpstest_test

import (
	"math"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// The reader of NMEA reads the fixes of the drive out of the sentences.
func TestNMEAReadsBack(t *testing.T) {
	d := scenario(t, "tunnel").Drive(1).Only("puck")
	dec := nmea.NewDecoder(nmea.Options{})
	var got []gps.Fix
	skies := 0
	tell := func(e gps.Event) {
		switch e := e.(type) {
		case gps.Fix:
			got = append(got, e)
		case gps.Sky:
			skies++
		}
	}
	for _, c := range d.NMEA("puck") {
		dec.Write(c.Bytes, c.AtNs, tell)
	}
	dec.Flush(tell)
	if n := dec.Counts(); n.BadChecksum+n.Malformed+n.Unknown+n.GarbageBytes != 0 {
		t.Errorf("counts: %+v", n)
	}
	if len(got) != len(d.Arrivals) || skies < len(got)/6 {
		t.Fatalf("%d fixes of %d, %d skies", len(got), len(d.Arrivals), skies)
	}
	for i, a := range d.Arrivals {
		compare(t, got[i], a.Fix, 1e-6)
	}
}

// compare holds what was read against what was written; positions may differ by
// so many degrees.
func compare(t *testing.T, got, want gps.Fix, degrees float64) {
	t.Helper()
	same := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > tolerance {
			t.Fatalf("%s: got %v, want %v of %+v", what, got, want, want)
		}
	}
	if got.Mode != want.Mode || got.TimeNs != want.TimeNs || got.ReceivedNs != want.ReceivedNs {
		t.Fatalf("got mode %d at %d, received %d; want %d, %d, %d", got.Mode, got.TimeNs, got.ReceivedNs, want.Mode, want.TimeNs, want.ReceivedNs)
	}
	same("latitude", got.Lat, want.Lat, degrees)
	same("longitude", got.Lon, want.Lon, degrees)
	same("altitude", got.AltMSL, want.AltMSL, 0.06)
	same("speed", got.SpeedMPS, want.SpeedMPS, 0.01)
	same("course", got.CourseDeg, want.CourseDeg, 0.06)
	same("accuracy", got.AccuracyM, want.AccuracyM, 0.06+0.02*want.AccuracyM)
}
