package frames_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

const (
	gateSecond  = int64(time.Second)
	gateOffset  = 1_700_000_000 * gateSecond // UTC minus CLOCK_BOOTTIME
	gateDegreeM = 111265.                    // of latitude at 52 degrees
)

var home = []gps.Zone{{Name: "home", Lat: 52, Lon: 4, RadiusM: 200}}

// road is a sensor that drives north past the zone's middle at a speed: where
// it is at a time on CLOCK_BOOTTIME, in metres from the middle.
type road struct{ speed float64 }

func (r road) metres(ns int64) float64 { return r.speed * float64(ns-100*gateSecond) * 1e-9 }

func (r road) point(ns int64) gps.Point {
	return gps.Point{
		TimeNs: ns, Lat: 52 + r.metres(ns)/gateDegreeM, Lon: 4, AltMSL: math.NaN(),
		VelNorth: r.speed, AccuracyM: 5, VelAccuracyMPS: 0.2, AccelMPS2: 1,
	}
}

// rig is a gate with a clock and a receiver of its own.
type rig struct {
	gate    *frames.Gate
	builder *gps.Builder
	tracker gps.Tracker
	nowNs   int64
}

func newRig(zones []gps.Zone) *rig {
	r := &rig{builder: gps.NewBuilder(gps.TrackOptions{})}
	r.gate = frames.NewGate(zones, &r.tracker, func() int64 { return r.nowNs })
	r.builder.SetPace(time.Second, 200*time.Millisecond)
	return r
}

// fix publishes points.
func (r *rig) fix(points ...gps.Point) {
	r.builder.Add(points)
	r.tracker.Publish(r.builder.Track())
}

// heard returns a live batch of frames of these times on CLOCK_BOOTTIME.
func heard(ns ...int64) *capture.Batch {
	b := capture.NewBatch()
	b.Live, b.ClockOffsetNs = true, gateOffset
	for _, t := range ns {
		b.Append(t+gateOffset, capture.LinkTypeRadiotap, 77, binary.BigEndian.AppendUint64(nil, uint64(t)))
	}
	return b
}

// let returns the times of the frames in batches, and releases those.
func let(t testing.TB, batches []*capture.Batch) (times []int64) {
	t.Helper()
	for _, b := range batches {
		if !b.Live || b.ClockOffsetNs != gateOffset {
			t.Errorf("a batch lost its clock: live %v, offset %d", b.Live, b.ClockOffsetNs)
		}
		for i := range b.Len() {
			f := b.Frame(i)
			ns := int64(binary.BigEndian.Uint64(f.Data))
			if f.TimeNs != ns+gateOffset || f.LinkType != capture.LinkTypeRadiotap || f.OrigLen != 77 {
				t.Errorf("frame of %d is %+v", ns, f)
			}
			times = append(times, ns)
		}
		b.Release()
	}
	return times
}

func TestGateHidesWhatWasHeardInAZone(t *testing.T) {
	r := newRig(home)
	drive := road{speed: 20}
	for s := int64(70); s <= 130; s++ {
		r.fix(drive.point(s * gateSecond))
	}
	r.nowNs = 130 * gateSecond
	var want []int64
	for s := int64(80); s < 120; s++ {
		ns := s*gateSecond + gateSecond/2
		r.gate.Push(heard(ns-1, ns))
		// The nearest place of the 95 % circle, between two points a little wider.
		if math.Abs(drive.metres(ns)) > 200+5.5 {
			want = append(want, ns-1, ns)
		}
	}
	if diff := cmp.Diff(want, let(t, r.gate.Ready())); diff != "" {
		t.Errorf("let through (-want +got):\n%s", diff)
	}
	if got := r.gate.Hidden(); got != 80-uint64(len(want)) || got == 0 {
		t.Errorf("hidden %d, let through %d of 80", got, len(want))
	}
	if w := r.gate.Wait(); w >= 0 {
		t.Errorf("waits %v for nothing", w)
	}
}

// Part of a batch.
func TestGateTakesHiddenFramesOutOfABatch(t *testing.T) {
	r := newRig(home)
	drive := road{speed: 20}
	for s := int64(100); s <= 130; s++ {
		r.fix(drive.point(s * gateSecond))
	}
	r.nowNs = 130 * gateSecond
	var times, want []int64
	for ns := 105 * gateSecond; ns < 117*gateSecond; ns += gateSecond / 5 {
		times = append(times, ns)
		if drive.metres(ns) > 206 {
			want = append(want, ns)
		}
	}
	r.gate.Push(heard(times...))
	if diff := cmp.Diff(want, let(t, r.gate.Ready())); diff != "" {
		t.Errorf("let through (-want +got):\n%s", diff)
	}
}

func TestGateHoldsFramesUntilTheTrackCoversThem(t *testing.T) {
	r := newRig(home)
	drive := road{speed: 20}
	r.fix(drive.point(200*gateSecond), drive.point(201*gateSecond)) // 2 km away
	r.nowNs = 201*gateSecond + gateSecond/2
	r.gate.Push(heard(201*gateSecond - 1))
	r.gate.Push(heard(201*gateSecond + gateSecond/4))
	r.gate.Push(heard(201*gateSecond - 2)) // stays behind
	if diff := cmp.Diff([]int64{201*gateSecond - 1}, let(t, r.gate.Ready())); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	if w := r.gate.Wait(); w <= 0 || w > gps.MaxWait {
		t.Errorf("waits %v", w)
	}
	r.fix(drive.point(202 * gateSecond))
	if w := r.gate.Wait(); w != 0 {
		t.Errorf("waits %v, though the track covers it", w)
	}
	want := []int64{201*gateSecond + gateSecond/4, 201*gateSecond - 2}
	if diff := cmp.Diff(want, let(t, r.gate.Ready())); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
	// No fix comes: it is let go all the same.
	r.gate.Push(heard(202*gateSecond + 1))
	r.nowNs = 202*gateSecond + 1
	r.nowNs += int64(r.gate.Wait())
	if got := let(t, r.gate.Ready()); len(got) != 1 {
		t.Errorf("still held after %v", gps.MaxWait)
	}
}

func TestGateHidesFramesWithoutAPositionUnlessAnotherProvesThatItCan(t *testing.T) {
	r := newRig(home)
	away := func(ns int64, metres float64) gps.Point {
		p := road{}.point(ns)
		p.Lat += metres / gateDegreeM
		return p
	}
	step := func(name string, nowNs int64, times, want []int64) {
		t.Helper()
		r.nowNs = nowNs
		r.gate.Push(heard(times...))
		if diff := cmp.Diff(want, let(t, r.gate.Ready())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	step("no track at all", 9*gateSecond, []int64{9 * gateSecond}, nil)

	// 6 km away: 90 s of way to the zone, 2 of which the receiver may be off.
	r.fix(away(1000*gateSecond, 6000))
	step("before the first fix", 1000*gateSecond,
		[]int64{900 * gateSecond, 910 * gateSecond, 999 * gateSecond},
		[]int64{910 * gateSecond, 999 * gateSecond})
	step("long after the last", 1200*gateSecond,
		[]int64{1090 * gateSecond, 1097 * gateSecond, 1200 * gateSecond},
		[]int64{1090 * gateSecond})

	r.fix(away(1300*gateSecond, 0)) // at home
	step("in the gap", 1300*gateSecond, []int64{1080 * gateSecond, 1150 * gateSecond}, []int64{1080 * gateSecond})
	step("silent at home", 1400*gateSecond, []int64{1390 * gateSecond, 1400 * gateSecond}, nil)
	if got := r.gate.Hidden(); got != 7 {
		t.Errorf("hidden %d, want 7", got)
	}
}

// A rig that stands elsewhere, by its configuration, but drives home.
func TestGateBelievesAFixedPositionOnlyUntilThereAreFixes(t *testing.T) {
	r := newRig(home)
	elsewhere := gps.NewFixed(53, 4, math.NaN(), "")
	r.builder.SetFixed(&elsewhere)
	r.fix()
	r.nowNs = 1000 * gateSecond
	r.gate.Push(heard(1000 * gateSecond))
	if got := let(t, r.gate.Ready()); len(got) != 1 {
		t.Errorf("the fixed position alone lets %v through", got)
	}
	r.fix(road{}.point(1010 * gateSecond)) // at home
	r.nowNs = 1100 * gateSecond
	r.gate.Push(heard(1010*gateSecond, 1100*gateSecond))
	if got := let(t, r.gate.Ready()); got != nil {
		t.Errorf("behind a fix at home it lets %v through", got)
	}
}

func TestGateKnowsFramesOfFilesOnlyByFixedPositionsAndLogs(t *testing.T) {
	file := func() *capture.Batch {
		b := heard(100 * gateSecond)
		b.Live, b.ClockOffsetNs = false, 0
		return b
	}
	away := gps.NewFixed(53, 4, math.NaN(), "")
	inside := gps.NewFixed(52, 4, math.NaN(), "")
	log := func(utcNs int64, lat float64) []gps.Point {
		p := road{}.point(utcNs)
		p.Lat = lat
		return []gps.Point{p}
	}
	const utc = 100*gateSecond + gateOffset
	for _, tt := range []struct {
		name  string
		fixed *gps.Position
		log   []gps.Point
		want  int
	}{
		{name: "nothing is known", want: 0},
		{name: "fixed away", fixed: &away, want: 1},
		{name: "fixed inside", fixed: &inside, want: 0},
		{name: "log says away", log: log(utc, 53), want: 1},
		{name: "log says inside", log: log(utc, 52), want: 0},
		{name: "log said away, ten minutes before", log: log(utc-600*gateSecond, 53), want: 1},
		{name: "log says away, an hour later", log: log(utc+3600*gateSecond, 53), want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(home)
			r.builder.SetFixed(tt.fixed)
			r.builder.SetLog(tt.log)
			r.fix(road{speed: 20}.point(500 * gateSecond)) // of the live track, which does not apply
			r.nowNs = 500 * gateSecond
			r.gate.Push(file())
			if w := r.gate.Wait(); w != 0 {
				t.Errorf("waits %v for a file", w)
			}
			n := 0
			for _, b := range r.gate.Ready() {
				n += b.Len()
				b.Release()
			}
			if n != tt.want {
				t.Errorf("%d frames let through, want %d", n, tt.want)
			}
		})
	}
}

func TestGateWithoutZonesLetsAllPassAtOnce(t *testing.T) {
	r := newRig(nil)
	r.fix(road{speed: 20}.point(100 * gateSecond))
	r.nowNs = 100*gateSecond + 1
	b := heard(100*gateSecond + 1)
	r.gate.Push(b)
	if got := r.gate.Ready(); len(got) != 1 || got[0] != b {
		t.Errorf("ready is %v", got)
	}
	b.Release()
}

func TestGateFlushesWhatItHolds(t *testing.T) {
	r := newRig(home)
	r.fix(road{speed: 20}.point(200 * gateSecond))
	r.nowNs = 200*gateSecond + 2
	r.gate.Push(heard(200*gateSecond + 1))
	if got := let(t, r.gate.Ready()); got != nil {
		t.Fatalf("does not hold %v", got)
	}
	if got := let(t, r.gate.Flush()); len(got) != 1 {
		t.Errorf("flushed %v", got)
	}
	if got := let(t, r.gate.Flush()); got != nil {
		t.Errorf("flushed again: %v", got)
	}
}
