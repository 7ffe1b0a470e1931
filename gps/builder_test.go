package gps_test

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
)

func TestAddReplacesWhatIsLate(t *testing.T) {
	b := gps.NewBuilder(gps.TrackOptions{})
	b.Add(drive(0, 10, 1))
	changed := drive(7*second, 3, 1)
	changed[0].Receiver, changed[1].Receiver, changed[2].Receiver = "late", "late", "late"
	b.Add(changed)
	b.Add(nil)
	for s, want := range map[int64]string{6: gps.FusedName, 7: "late", 9: "late"} {
		if p, ok := b.Track().At(s * second); !ok || p.Receiver != want {
			t.Errorf("at %d s: %v %q, want %q", s, ok, p.Receiver, want)
		}
	}
	b.Add(changed[:1])
	if p, ok := b.Track().At(9 * second); !ok || p.AccuracyM < 5 {
		t.Errorf("what was behind the change is still there: %v %+v", ok, p)
	}
}

func TestAddToleratesDisorderAndDuplicates(t *testing.T) {
	points := drive(0, 6, 1)
	twice := points[3]
	points[3].Receiver, twice.Receiver = "first", "second"
	disorder := []gps.Point{points[5], points[1], points[3], points[0], twice, points[4], points[2]}
	tidy := trackOf(gps.TrackOptions{}, points[0], points[1], points[2], twice, points[4], points[5])
	times := []int64{0, second / 2, 5 * second / 2, 3 * second, 7 * second / 2, 5 * second, 6 * second}
	if diff := cmp.Diff(ask(tidy, times), ask(trackOf(gps.TrackOptions{}, disorder...), times), alike); diff != "" {
		t.Errorf("(-tidy +got):\n%s", diff)
	}
	if disorder[0].TimeNs != 5*second {
		t.Error("the caller's slice was sorted")
	}
	b := gps.NewBuilder(gps.TrackOptions{})
	b.SetLog(disorder)
	if p, ok := b.Track().AtUTC(3 * second); !ok || p.Receiver != "second" {
		t.Errorf("in a log: %v %+v", ok, p)
	}
}

// Two hours of ten points a second: every point of the last two minutes, one a
// second of what is older, and no more memory later.
func TestBuilderKeepsTwoHoursInLittleMemory(t *testing.T) {
	b := gps.NewBuilder(gps.TrackOptions{})
	var before, after runtime.MemStats
	hour := drive(0, 36_000, 10) // before measuring
	runtime.GC()
	runtime.ReadMemStats(&before)
	var track *gps.Track
	for range 5 {
		for i := range hour {
			b.Add(hour[i : i+1])
			track = b.Track()
			hour[i].TimeNs += 3600 * second
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 2<<20 {
		t.Errorf("%d bytes after five hours", used)
	}

	end := 5*3600*second - second/10
	for _, c := range []struct {
		ago       time.Duration
		offM      float64
		wantKnown bool
	}{
		{50 * time.Millisecond, 0.01, true},
		{119 * time.Second, 0.01, true},
		{5 * time.Minute, 0.02, true},
		{119 * time.Minute, 0.02, true},
		{150 * time.Minute, 0, false},
	} {
		ns := end - int64(c.ago)
		got, ok := track.At(ns)
		if ok != c.wantKnown {
			t.Errorf("%v ago: %v, want %v", c.ago, ok, c.wantKnown)
		}
		sin, cos := math.Sincos(float64(ns%(3600*second)) / 1e9 * 30 / 500)
		plane := gps.NewPlane(gps.LLA{Lat: 52.1, Lon: 4.3})
		lat, lon := plane.Ground(500*sin, 500*cos)
		if d := metres(got.Lat, got.Lon, lat, lon); ok && d > c.offM {
			t.Errorf("%v ago: %g m off", c.ago, d)
		}
	}
	runtime.KeepAlive(hour)
	runtime.KeepAlive(b)
}

// A gap stays as long as it was when the points around it are thinned.
func TestThinningKeepsTheEndsOfGaps(t *testing.T) {
	points := drive(0, 36_000, 10)
	points = append(points[:1005:1005], points[1100:]...) // from 100.4 to 110 s
	b := gps.NewBuilder(gps.TrackOptions{})
	for i := range points {
		b.Add(points[i : i+1])
	}
	for _, ns := range []int64{1004 * second / 10, 1100 * second / 10} {
		if p, ok := b.Track().At(ns); !ok || p.AccuracyM > 3.001 {
			t.Errorf("at %d: %v, radius %g", ns, ok, p.AccuracyM)
		}
	}
	if p, _ := b.Track().At(1052 * second / 10); p.AccuracyM < 10 {
		t.Errorf("in the gap: radius %g", p.AccuracyM)
	}
}

// A break, as fusion makes one before a jump, is no point that can be missed.
// Nor can as many as there are make the track larger than it may be.
func TestThinningKeepsBreaks(t *testing.T) {
	points := drive(0, 36_000, 10)
	points[105].AccuracyM = 1e7
	b := gps.NewBuilder(gps.TrackOptions{})
	for i := range points {
		b.Add(points[i : i+1])
	}
	track := b.Track()
	if p, ok := track.At(104 * second / 10); !ok || p.AccuracyM > 3.001 {
		t.Errorf("before the break: %v, radius %g", ok, p.AccuracyM)
	}
	if p, ok := track.At(105 * second / 10); ok {
		t.Errorf("at the break: %+v", p)
	}

	for i := range points {
		if i%2 == 1 {
			points[i].AccuracyM = 1e7
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b = gps.NewBuilder(gps.TrackOptions{})
	for range 5 {
		for i := range points {
			b.Add(points[i : i+1])
			points[i].TimeNs += 3600 * second
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 2<<20 {
		t.Errorf("%d bytes of breaks", used)
	}
	if _, ok := b.Track().At(5*3600*second - second/10*2); !ok {
		t.Error("no position at the end")
	}
	runtime.KeepAlive(points)
	runtime.KeepAlive(track)
}

// Whoever has a track sees it as it was, whatever the Builder does. Run with
// -race: readers take no lock.
func TestTracksAreReadWhileTheBuilderGoesOn(t *testing.T) {
	const start = 1000 * second
	points := drive(start, 6000, 10)
	b := gps.NewBuilder(gps.TrackOptions{Detail: 5 * time.Second, Keep: time.Minute})
	b.Add(points[:200])
	var tracker gps.Tracker
	tracker.Publish(b.Track())
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				track := tracker.Track()
				for ns := start; ns < start+600*second; ns += 7 * second {
					if p, ok := track.At(ns); ok && !(p.AccuracyM >= 2.99) {
						t.Errorf("at %d: %+v", ns, p)
						return
					}
					track.Wait(ns, ns)
				}
			}
		})
	}
	for i := 200; i < len(points); i++ {
		back := i % 5
		if i%250 == 0 {
			back = 100 // into what the tracks share
		}
		b.Add(points[i-back : i+1])
		tracker.Publish(b.Track())
	}
	close(done)
	readers.Wait()
}
