package gps_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
)

// asked is what a track says at some times.
type asked struct {
	p  gps.Position
	ok bool
}

func ask(track *gps.Track, times []int64) []asked {
	answers := make([]asked, len(times))
	for i, ns := range times {
		answers[i].p, answers[i].ok = track.At(ns)
	}
	return answers
}

// alike compares floats, of which absent ones are NaN.
var alike = cmp.Options{
	cmp.AllowUnexported(asked{}),
	cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b }),
}

// times and points as they may come, mostly plausible.
func drawPoints(t *rapid.T, label string, fromNs int64) []gps.Point {
	number := func(lo, hi float64) *rapid.Generator[float64] {
		return rapid.OneOf(rapid.Float64Range(lo, hi), rapid.Float64Range(lo, hi), rapid.Float64Range(lo, hi), rapid.Just(math.NaN()))
	}
	lat := rapid.SampledFrom([]float64{0, 52, 89.9999, -90}).Draw(t, label+" lat")
	lon := rapid.SampledFrom([]float64{0, 4, 179.9999, -180}).Draw(t, label+" lon")
	ns := fromNs
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) gps.Point {
		ns += rapid.OneOf(rapid.Int64Range(-second, 3*second), rapid.Just(second), rapid.Int64Range(0, 100*second)).Draw(t, "dt")
		return gps.Point{
			TimeNs: ns, Lat: min(max(lat+rapid.Float64Range(-1e-3, 1e-3).Draw(t, "lat"), -90), 90), Lon: lon + rapid.Float64Range(-1e-3, 1e-3).Draw(t, "lon"),
			AltMSL: number(-100, 9000).Draw(t, "alt"), VelEast: number(-60, 60).Draw(t, "east"), VelNorth: number(-60, 60).Draw(t, "north"),
			CourseDeg: number(0, 360).Draw(t, "course"), AccuracyM: number(0.01, 50).Draw(t, "accuracy"),
			VelAccuracyMPS: number(0, 5).Draw(t, "velAccuracy"), AccelMPS2: number(0, 10).Draw(t, "accel"),
		}
	}), 1, 40).Draw(t, label)
}

// What a track says is a place on earth, no nearer than the better of the two
// points around it may be, and not further than their speed reaches.
func TestTrackSaysWhatCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := drawPoints(t, "points", 0)
		b := gps.NewBuilder(gps.TrackOptions{})
		b.Add(points)
		track := b.Track()
		kept := model(nil, points)
		for range 20 {
			ns := rapid.Int64Range(-second, 200*second).Draw(t, "at")
			p, ok := track.At(ns)
			if !ok {
				continue
			}
			if !(math.Abs(p.Lat) <= 90) || !(math.Abs(p.Lon) <= 180) || !(p.AccuracyM >= 0 && p.AccuracyM <= gps.DefaultLimitM) {
				t.Fatalf("at %d: %+v", ns, p)
			}
			i := len(kept) - 1
			for i > 0 && kept[i].TimeNs > ns {
				i--
			}
			last := kept[i]
			if i == len(kept)-1 {
				if ns > last.TimeNs+int64(gps.DefaultPredict) || p.AccuracyM < 0.999*last.AccuracyM {
					t.Fatalf("%d ns behind the last: %+v", ns-last.TimeNs, p)
				}
				continue
			}
			next := kept[i+1]
			if p.AccuracyM < 0.999*min(last.AccuracyM, next.AccuracyM) {
				t.Fatalf("at %d: radius %g between %g and %g", ns, p.AccuracyM, last.AccuracyM, next.AccuracyM)
			}
			dt := float64(next.TimeNs-last.TimeNs) / 1e9
			speed := metres(last.Lat, last.Lon, next.Lat, next.Lon) / dt
			for _, q := range []gps.Point{last, next} {
				if v := math.Hypot(q.VelEast, q.VelNorth); v > speed {
					speed = v
				}
			}
			// A cubic is at most half as fast again as what it is made of.
			for _, q := range []gps.Point{last, next} {
				reach := 1.5*speed*math.Abs(float64(ns-q.TimeNs))/1e9*1.01 + 0.001
				if d := metres(p.Lat, p.Lon, q.Lat, q.Lon); d > reach {
					t.Fatalf("at %d: %g m from the point at %d, which reaches %g", ns, d, q.TimeNs, reach)
				}
			}
		}
	})
}

// model is what Add promises, the slow way.
func model(kept, changed []gps.Point) []gps.Point {
	if len(changed) == 0 {
		return kept
	}
	from := changed[0].TimeNs
	for _, p := range changed {
		from = min(from, p.TimeNs)
	}
	var out []gps.Point
	for _, p := range kept {
		if p.TimeNs < from {
			out = append(out, p)
		}
	}
	for _, p := range changed {
		if math.IsNaN(p.AccuracyM) {
			continue
		}
		i := len(out)
		for i > 0 && out[i-1].TimeNs > p.TimeNs {
			i--
		}
		if i > 0 && out[i-1].TimeNs == p.TimeNs {
			out[i-1] = p
			continue
		}
		out = append(out, gps.Point{})
		copy(out[i+1:], out[i:])
		out[i] = p
	}
	return out
}

// A track says the same whichever way its points came, and an older one still
// says what it said.
func TestTrackIsItsPointsAndNeverChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var times []int64
		for range 20 {
			times = append(times, rapid.Int64Range(0, 300*second).Draw(t, "at"))
		}
		o := gps.TrackOptions{Keep: 24 * time.Hour, Detail: 24 * time.Hour}
		b := gps.NewBuilder(o)
		var kept []gps.Point
		var tracks []*gps.Track
		var said [][]asked
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			var from int64
			if len(kept) > 0 {
				from = kept[rapid.IntRange(0, len(kept)-1).Draw(t, "from")].TimeNs
			}
			changed := drawPoints(t, "changed", from)
			b.Add(changed)
			kept = model(kept, changed)
			track := b.Track()
			answers := ask(track, times)
			if diff := cmp.Diff(ask(trackOf(o, kept...), times), answers, alike); diff != "" {
				t.Fatalf("not as its points say (-want +got):\n%s", diff)
			}
			tracks, said = append(tracks, track), append(said, answers)
		}
		for i, track := range tracks {
			if diff := cmp.Diff(said[i], ask(track, times), alike); diff != "" {
				t.Fatalf("track %d changed (-then +now):\n%s", i, diff)
			}
		}
	})
}

func TestPredictionGrowsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := drawPoints(t, "points", 0)
		track := trackOf(gps.TrackOptions{}, points...)
		kept := model(nil, points)
		if len(kept) == 0 {
			return
		}
		last, worst, gone := kept[len(kept)-1].TimeNs, 0.0, false
		for d := range 80 {
			p, ok := track.At(last + int64(d)*second/20)
			if ok && (gone || p.AccuracyM < worst) {
				t.Fatalf("%d/20 s: radius %g after %g, gone %v", d, p.AccuracyM, worst, gone)
			}
			worst, gone = p.AccuracyM, !ok
		}
		if !gone {
			t.Fatal("still there after 4 s")
		}
	})
}
