package gps_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
)

// A track made of a track's points says the same of every time.
func TestPointsMakeTheSameTrackAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nan := math.NaN()
		number := func(name string, low, high float64) float64 {
			if rapid.IntRange(0, 5).Draw(t, name+" is unknown") == 0 {
				return nan
			}
			return rapid.Float64Range(low, high).Draw(t, name)
		}
		var points []gps.Point
		at := int64(0)
		lat, lon := rapid.Float64Range(-89, 89).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")
		for range rapid.IntRange(0, 120).Draw(t, "points") {
			at += rapid.Int64Range(1e8, 3e9).Draw(t, "ns")
			lat += rapid.Float64Range(-1e-4, 1e-4).Draw(t, "north")
			points = append(points, gps.Point{
				TimeNs: at, Lat: lat, Lon: lon, AltMSL: number("alt", -10, 3000),
				VelEast: number("east", -30, 30), VelNorth: number("north", -30, 30), CourseDeg: number("course", 0, 360),
				AccuracyM: rapid.Float64Range(0.5, 50).Draw(t, "accuracy"), VelAccuracyMPS: number("vel", 0, 2), AccelMPS2: number("accel", 0, 4),
				Receiver: rapid.SampledFrom([]string{"puck", "fusion"}).Draw(t, "receiver"),
			})
		}
		b := gps.NewBuilder(gps.TrackOptions{LimitM: 300})
		b.Add(points)
		track := b.Track()
		again := gps.NewBuilder(track.Options())
		again.Add(track.Points(nil, math.MinInt64, math.MaxInt64))
		copied := again.Track()
		near := cmp.Comparer(func(a, b float64) bool {
			return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-3*max(1, math.Abs(a))
		})
		for ns := int64(0); ns < at+4e9; ns += 7e8 {
			p, ok := track.At(ns)
			q, again := copied.At(ns)
			// What hardly moves has no direction that outlives rounding.
			if math.Abs(p.Heading-q.Heading) > 359 || p.SpeedMPS < 1e-3 {
				p.Heading, q.Heading = 0, 0
			}
			if diff := cmp.Diff(p, q, near); ok != again || diff != "" {
				t.Fatalf("at %d: %v, %v (-want +got):\n%s", ns, ok, again, diff)
			}
		}
		if begins, ok := track.Begins(); ok != (len(points) > 0) || ok && begins != points[0].TimeNs {
			t.Fatalf("begins %d, %v", begins, ok)
		}
		from := rapid.Int64Range(-1, at+1).Draw(t, "from")
		to := rapid.Int64Range(from, at+1e9).Draw(t, "to")
		part := track.Points(nil, from, to)
		want := 0
		for i, p := range points {
			next := i+1 == len(points) || points[i+1].TimeNs > from
			if p.TimeNs <= to && (p.TimeNs > from || next) {
				want++
			}
		}
		if len(part) != want {
			t.Fatalf("%d points from %d to %d, want %d", len(part), from, to, want)
		}
	})
}

func TestANilTrackHasNoPoints(t *testing.T) {
	var track *gps.Track
	if _, ok := track.Begins(); ok || track.Points(nil, 0, 1) != nil || track.Options() != (gps.TrackOptions{}) {
		t.Error("it knows something")
	}
	if _, ok := track.Fixed(); ok {
		t.Error("it has a position")
	}
}
