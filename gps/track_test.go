package gps_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
)

func trackOf(o gps.TrackOptions, points ...gps.Point) *gps.Track {
	b := gps.NewBuilder(o)
	b.Add(points)
	return b.Track()
}

// metres between two places on the ellipsoid, straight through.
func metres(aLat, aLon, bLat, bLon float64) float64 {
	return distance(gps.LLA{Lat: aLat, Lon: aLon}.ECEF(), gps.LLA{Lat: bLat, Lon: bLon}.ECEF())
}

func TestTrackKnowsNothingWithoutPoints(t *testing.T) {
	for name, track := range map[string]*gps.Track{
		"nil": nil, "zero": {}, "built": gps.NewBuilder(gps.TrackOptions{}).Track(),
		"of no place": trackOf(gps.TrackOptions{}, gps.Point{TimeNs: 5 * second, Lat: math.NaN(), Lon: 4, AccuracyM: 3}),
		"of no size":  trackOf(gps.TrackOptions{}, gps.Point{TimeNs: 5 * second, Lat: 52, Lon: 4, AccuracyM: math.NaN()}),
	} {
		if p, ok := track.At(5 * second); ok {
			t.Errorf("%s: at %+v", name, p)
		}
		if p, ok := track.AtUTC(5 * second); ok {
			t.Errorf("%s: at %+v by UTC", name, p)
		}
		if wait := track.Wait(6*second, 6*second); wait != 0 {
			t.Errorf("%s: waits %v", name, wait)
		}
		if c := track.Clock(); c.Known() {
			t.Errorf("%s: clock %+v", name, c)
		}
	}
}

// A car on a circle of 500 m at 108 km/h, seen once a second: the cubic is
// within a centimetre of the circle, where a chord is 22 cm off.
func TestTrackInterpolatesCurves(t *testing.T) {
	const start = 100 * second
	track := trackOf(gps.TrackOptions{}, drive(start, 30, 1)...)
	truth := drive(start, 300, 10)
	for i := range truth[:290] {
		want := truth[i]
		got, ok := track.At(want.TimeNs)
		if !ok {
			t.Fatalf("%d: no position", i)
		}
		if d := metres(got.Lat, got.Lon, want.Lat, want.Lon); d > 0.01 {
			t.Errorf("%d: %g m off", i, d)
		}
		if math.Abs(got.SpeedMPS-30) > 0.05 {
			t.Errorf("%d: speed %g", i, got.SpeedMPS)
		}
		turned := math.Mod(got.Heading-want.CourseDeg+540, 360) - 180
		if math.Abs(turned) > 0.1 || got.Heading < 0 || got.Heading >= 360 {
			t.Errorf("%d: heading %g, want %g", i, got.Heading, want.CourseDeg)
		}
		if !(got.AccuracyM >= 3 && got.AccuracyM < 3.05) {
			t.Errorf("%d: accuracy %g", i, got.AccuracyM)
		}
	}
	got, _ := track.At(start)
	want := gps.Position{
		Lat: truth[0].Lat, Lon: truth[0].Lon, AltMSL: 3, SpeedMPS: 30, Heading: 90, AccuracyM: 3,
		Kind: gps.Kind, Receiver: gps.FusedName,
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-5 })
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("at a point (-want +got):\n%s", diff)
	}
}

// A straight way of 60 m/s over places where degrees have edges.
func TestTrackCrossesTheAntimeridianAndThePoles(t *testing.T) {
	for _, c := range []struct {
		name   string
		origin gps.LLA
		course float64
	}{
		{"antimeridian", gps.LLA{Lat: -17, Lon: 179.9999}, 80},
		{"antimeridian westwards", gps.LLA{Lat: 66, Lon: -179.9999}, 265},
		{"over the north pole", gps.LLA{Lat: 89.9999, Lon: 30}, 0},
		{"past the north pole", gps.LLA{Lat: 89.9995, Lon: 30}, 60},
		{"over the south pole", gps.LLA{Lat: -89.9999, Lon: 30}, 180},
		{"from the pole", gps.LLA{Lat: 90, Lon: 0}, 45},
	} {
		plane := gps.NewPlane(c.origin)
		sin, cos := math.Sincos(c.course * math.Pi / 180)
		at := func(s float64) (lat, lon float64) { return plane.Ground(60*s*sin, 60*s*cos) }
		var points []gps.Point
		for i := range 8 {
			lat, lon := at(float64(i - 1))
			east, north := plane.VelFromENU(lat, lon, gps.ENU{E: 60 * sin, N: 60 * cos})
			points = append(points, gps.Point{
				TimeNs: int64(i) * second, Lat: lat, Lon: lon, AltMSL: math.NaN(), VelEast: east, VelNorth: north,
				CourseDeg: 0, AccuracyM: 3, VelAccuracyMPS: 0.4, AccelMPS2: 1,
			})
		}
		track := trackOf(gps.TrackOptions{}, points...)
		for i := range 90 { // the last two seconds are predicted
			s := float64(i) / 10
			got, ok := track.At(int64(s * 1e9))
			lat, lon := at(s - 1)
			if d := metres(got.Lat, got.Lon, lat, lon); !ok || d > 0.001 {
				t.Errorf("%s: %g s: got %g, %g %v, want %g, %g: %g m off", c.name, s, got.Lat, got.Lon, ok, lat, lon, d)
			}
			if math.Abs(got.SpeedMPS-60) > 0.01 {
				t.Errorf("%s: %g s: speed %g", c.name, s, got.SpeedMPS)
			}
			// East and north are of where it is.
			next, _ := track.At(int64(s*1e9) + second/10)
			local := gps.NewPlane(gps.LLA{Lat: got.Lat, Lon: got.Lon})
			way := local.ToENU(gps.LLA{Lat: next.Lat, Lon: next.Lon})
			heading := math.Atan2(way.E, way.N) * 180 / math.Pi
			if d := math.Mod(heading-got.Heading+900, 360) - 180; math.Abs(d) > 0.1 {
				t.Errorf("%s: %g s: heading %g, goes to %g", c.name, s, got.Heading, heading)
			}
			if !math.IsNaN(got.AltMSL) {
				t.Errorf("%s: altitude %g", c.name, got.AltMSL)
			}
		}
	}
}

func TestTrackPredictsForAWhileAndThenKnowsNothing(t *testing.T) {
	points := drive(0, 10, 1)
	track := trackOf(gps.TrackOptions{Predict: 3 * time.Second}, points...)
	last := points[9].TimeNs
	worst := 0.0
	for ns := last; ns <= last+3*second; ns += second / 20 {
		p, ok := track.At(ns)
		if !ok {
			t.Fatalf("no position %g s behind the last", float64(ns-last)/1e9)
		}
		if !(p.AccuracyM > worst) {
			t.Errorf("%g s behind the last: radius %g after %g", float64(ns-last)/1e9, p.AccuracyM, worst)
		}
		worst = p.AccuracyM
	}
	// 3 m, 0.4 m/s for 3 s and 3 m/s² for 3 s, as independent parts.
	if want := math.Sqrt(3*3 + 1.2*1.2 + 13.5*13.5); math.Abs(worst-want) > 1e-3 {
		t.Errorf("radius after 3 s: %g, want %g", worst, want)
	}
	if p, ok := track.At(last + 3*second + 1); ok {
		t.Errorf("still at %+v after 3 s", p)
	}
	if p, ok := track.At(-1); ok {
		t.Errorf("at %+v before the first point", p)
	}

	small := trackOf(gps.TrackOptions{LimitM: 5}, points...)
	if _, ok := small.At(last + second); !ok {
		t.Error("no position where the radius is 3.4 m of 5")
	}
	if p, ok := small.At(last + 2*second); ok {
		t.Errorf("radius %g of 5", p.AccuracyM)
	}
}

// In a tunnel nothing comes. Behind it is known how it ended, and the frames of
// a spool can still have a place, as far as it is known well enough.
func TestTrackBridgesGaps(t *testing.T) {
	bridge := func(gapSeconds int64) (known, all int, worst float64) {
		points := drive(0, 200, 1)
		points = append(points[:20], points[20+gapSeconds:]...)
		track := trackOf(gps.TrackOptions{}, points...)
		for ns := points[19].TimeNs; ns <= points[20].TimeNs; ns += second / 10 {
			all++
			if p, ok := track.At(ns); ok {
				known++
				worst = max(worst, p.AccuracyM)
			}
		}
		return known, all, worst
	}
	if known, all, worst := bridge(10); known != all || worst < 20 || worst > 40 {
		t.Errorf("10 s: %d of %d known, radius up to %g", known, all, worst)
	}
	if known, all, worst := bridge(60); known == 0 || known > all/2 || worst > 100 {
		t.Errorf("60 s: %d of %d known, radius up to %g", known, all, worst)
	}
}

// Points that contradict each other: a second later 200 m away. The truth can
// be at either place, or between.
func TestTrackAdmitsJumps(t *testing.T) {
	points := drive(0, 3, 1)
	lat := points[1].Lat
	points[2].Lat += 200 / 111_200.0
	track := trackOf(gps.TrackOptions{LimitM: 1000}, points...)
	for ns := second; ns <= 2*second; ns += second / 20 {
		p, ok := track.At(ns)
		if !ok {
			t.Fatalf("no position at %d", ns)
		}
		off := max(0, min(metres(p.Lat, p.Lon, lat, p.Lon), metres(p.Lat, p.Lon, points[2].Lat, p.Lon))-5)
		if p.AccuracyM < off {
			t.Errorf("at %g s: radius %g, and %g m off", float64(ns)/1e9, p.AccuracyM, off)
		}
	}
	if p, ok := trackOf(gps.TrackOptions{}, points...).At(1500 * second / 1000); ok {
		t.Errorf("in the middle of a jump: %+v", p)
	}
}

func TestTrackWithoutVelocities(t *testing.T) {
	nan := math.NaN()
	points := []gps.Point{
		{TimeNs: 0, Lat: 52, Lon: 4, AltMSL: 10, VelEast: nan, VelNorth: nan, CourseDeg: nan, AccuracyM: 4, VelAccuracyMPS: nan, AccelMPS2: nan, Receiver: "phone"},
		{TimeNs: 2 * second, Lat: 52.0001, Lon: 4, AltMSL: nan, VelEast: nan, VelNorth: nan, CourseDeg: nan, AccuracyM: 8, VelAccuracyMPS: nan, AccelMPS2: nan, Receiver: "puck"},
	}
	track := trackOf(gps.TrackOptions{}, points...)
	got, ok := track.At(second / 2)
	want := gps.Position{
		Lat: 52.000025, Lon: 4, AltMSL: 10, SpeedMPS: nan, Heading: nan,
		AccuracyM: math.Hypot(5, 3.75), Kind: gps.Kind, Receiver: "phone",
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 || a != a && b != b })
	if diff := cmp.Diff(want, got, near); diff != "" || !ok {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
	if p, _ := track.At(3 * second / 2); p.Receiver != "puck" || !math.IsNaN(p.AltMSL) {
		t.Errorf("nearer to the second: %+v", p)
	}
	// It may have gone anywhere at 50 m/s.
	if p, ok := track.At(3 * second); !ok || p.AccuracyM < 50 {
		t.Errorf("a second later: %+v %v", p, ok)
	}
	if p, ok := track.At(4 * second); ok {
		t.Errorf("two seconds later: %+v", p)
	}
}

func TestTrackStands(t *testing.T) {
	points := drive(0, 2, 1)
	points[0].VelEast, points[0].VelNorth, points[0].CourseDeg = 0.01, 0, math.NaN()
	points[1].Lat, points[1].Lon = points[0].Lat, points[0].Lon
	track := trackOf(gps.TrackOptions{}, points...)
	if p, _ := track.At(second / 4); !math.IsNaN(p.Heading) || math.IsNaN(p.SpeedMPS) {
		t.Errorf("near to where it stood: heading %g, speed %g", p.Heading, p.SpeedMPS)
	}
	if p, _ := track.At(second); math.IsNaN(p.Heading) {
		t.Error("on the way: no heading")
	}
}

func TestFixedPositionWhereTheTrackHasNone(t *testing.T) {
	fixed := gps.NewFixed(1, 2, 3, "roof")
	b := gps.NewBuilder(gps.TrackOptions{})
	b.SetFixed(&fixed)
	b.SetLog(drive(1_700_000_000*second, 10, 1))
	b.Add(drive(100*second, 10, 1))
	fixed.Lat = 77 // it was copied
	track := b.Track()
	for _, c := range []struct {
		name string
		at   func(int64) (gps.Position, bool)
		ns   int64
		want string
	}{
		{"before the track", track.At, 99 * second, "roof"},
		{"on the track", track.At, 105 * second, gps.FusedName},
		{"behind the track", track.At, 113 * second, "roof"},
		{"before the log", track.AtUTC, 105 * second, "roof"},
		{"in the log", track.AtUTC, 1_700_000_005 * second, gps.FusedName},
		{"a log is no track", track.At, 1_700_000_005 * second, "roof"},
		{"behind the log", track.AtUTC, 1_700_000_099 * second, "roof"},
	} {
		p, ok := c.at(c.ns)
		if !ok || p.Receiver != c.want || c.want == "roof" && p.Lat != 1 {
			t.Errorf("%s: %v %+v, want %s", c.name, ok, p, c.want)
		}
	}
	b.SetFixed(nil)
	b.SetLog(nil)
	if p, ok := b.Track().AtUTC(1_700_000_005 * second); ok {
		t.Errorf("nothing is set: %+v", p)
	}
	zero := gps.NewFixed(0, 0, math.NaN(), "zero")
	b.SetFixed(&zero)
	if p, ok := b.Track().At(-5); !ok || p.Receiver != "zero" {
		t.Errorf("fixed: %v %+v", ok, p)
	}
}
