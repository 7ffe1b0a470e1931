package gps_test

import (
	"math"
	"testing"

	"github.com/sensord/sensord/gps"
)

// still is a point of a sensor that stands.
func still(ns int64, lat, lon float64) gps.Point {
	return gps.Point{
		TimeNs: ns, Lat: lat, Lon: lon, AltMSL: math.NaN(), CourseDeg: math.NaN(),
		AccuracyM: 3, VelAccuracyMPS: 0.1, AccelMPS2: 1,
	}
}

func TestAroundTellsOfThePointsBesideATimeHoweverOld(t *testing.T) {
	track := trackOf(gps.TrackOptions{}, still(100*second, 52, 4), still(2000*second, 53, 5))
	for _, tt := range []struct {
		ns            int64
		before, after float64 // latitudes; 0 is none
	}{
		{99 * second, 0, 52},
		{100 * second, 52, 53},
		{1000 * second, 52, 53},
		{2000 * second, 53, 0},
		{9999 * second, 53, 0},
	} {
		before, after := track.Around(tt.ns)
		for _, side := range []struct {
			name string
			got  gps.Instant
			want float64
		}{{"before", before, tt.before}, {"after", after, tt.after}} {
			if side.got.Known != (side.want != 0) || side.got.Known && math.Abs(side.got.Position.Lat-side.want) > 1e-9 {
				t.Errorf("%s %d s: %+v, want latitude %g", side.name, tt.ns/second, side.got, side.want)
			}
			if side.got.Known && side.got.Position.AccuracyM != 3 {
				t.Errorf("%s %d s: accuracy %g", side.name, tt.ns/second, side.got.Position.AccuracyM)
			}
		}
		if before.Known && before.TimeNs > tt.ns || after.Known && after.TimeNs <= tt.ns {
			t.Errorf("%d s: between %d and %d", tt.ns/second, before.TimeNs, after.TimeNs)
		}
	}
	if before, after := (*gps.Track)(nil).Around(0); before.Known || after.Known {
		t.Error("a nil track knows something")
	}
	if before, after := track.AroundUTC(1000 * second); before.Known || after.Known {
		t.Error("a live track knows of files")
	}
}

func TestAroundUTCAsksTheReplayedLog(t *testing.T) {
	b := gps.NewBuilder(gps.TrackOptions{})
	b.SetLog([]gps.Point{still(100*second, 52, 4)})
	before, after := b.Track().AroundUTC(500 * second)
	if !before.Known || after.Known || before.TimeNs != 100*second {
		t.Errorf("between %+v and %+v", before, after)
	}
	if before, after = (*gps.Track)(nil).AroundUTC(0); before.Known || after.Known {
		t.Error("a nil track knows something")
	}
}

func TestAnInstantClearsZonesThatCouldNotBeReached(t *testing.T) {
	const degreeM = 111265 // of latitude at 52 degrees
	zones := []gps.Zone{{Lat: 52, Lon: 4, RadiusM: 200}}
	instant := func(distanceM, speed float64) gps.Instant {
		p := at(52+distanceM/degreeM, 4, 10)
		p.SpeedMPS = speed
		return gps.Instant{TimeNs: 100 * second, Position: p, Known: true}
	}
	for _, tt := range []struct {
		name string
		i    gps.Instant
		ns   int64
		want bool
	}{
		{"10 s before, 820 m", instant(820, 0), 110 * second, true},
		{"10 s before, 800 m", instant(800, 0), 110 * second, false},
		{"10 s after, 820 m", instant(820, 0), 90 * second, true},
		{"10 s after, 800 m", instant(800, 0), 90 * second, false},
		{"10 s before, 820 m, fast", instant(820, 40), 110 * second, false},
		{"10 s before, 1030 m, fast", instant(1030, 40), 110 * second, true},
		{"speed not known", instant(820, math.NaN()), 110 * second, true},
		{"inside", instant(0, 0), 100 * second, false},
		{"ages ago", instant(100_000, 0), 100_000 * second, false},
		{"as long ago as there is", instant(100_000, 0), math.MinInt64, false},
		{"not known", gps.Instant{TimeNs: 100 * second, Position: at(10, 10, 3)}, 100 * second, false},
	} {
		if got := tt.i.Clears(zones, tt.ns); got != tt.want {
			t.Errorf("%s: clears is %v", tt.name, got)
		}
	}
	if !instant(0, 0).Clears(nil, 0) {
		t.Error("no zone is not cleared")
	}
}

func TestTrackEndsWithItsNewestPoint(t *testing.T) {
	b := gps.NewBuilder(gps.TrackOptions{})
	point := func(ns int64) gps.Point { return gps.Point{TimeNs: ns, Lat: 52, Lon: 4, AccuracyM: 3} }
	var none *gps.Track
	for _, track := range []*gps.Track{none, b.Track()} {
		if ns, ok := track.Ends(); ok {
			t.Errorf("ends at %d without a point", ns)
		}
		if ns, ok := track.EndsUTC(); ok {
			t.Errorf("ends at %d without a log", ns)
		}
	}
	b.Add([]gps.Point{point(1e9), point(3e9), point(2e9)})
	b.SetLog([]gps.Point{point(9e9), point(7e9)})
	if ns, ok := b.Track().Ends(); !ok || ns != 3e9 {
		t.Errorf("ends at %d, %v", ns, ok)
	}
	if ns, ok := b.Track().EndsUTC(); !ok || ns != 9e9 {
		t.Errorf("the log ends at %d, %v", ns, ok)
	}
}
