package fusion_test

import (
	"cmp"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/gps/gpstest"
)

// An answer is what became of one frame: heard at AtNs, located at ReleasedNs.
type answer struct {
	AtNs, ReleasedNs int64 // CLOCK_BOOTTIME
	Position         gps.Position
	OK               bool
}

// random is the seed's random numbers for one use.
func random(seed uint64, use string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(use))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// framesOf are random times at which frames are heard: perSecond on average.
func framesOf(d *gpstest.Drive, seed uint64, perSecond float64) []int64 {
	rng := random(seed, "frames")
	var out []int64
	for at := d.BootNs; ; {
		at += int64(rng.ExpFloat64() / perSecond * float64(time.Second))
		if at >= d.EndNs() {
			return out
		}
		out = append(out, at)
	}
}

// A chain is what sensord does between a receiver and a frame's position: the
// clock places fixes, the filter makes points, the builder makes tracks, and a
// frame waits as long as the track says.
type chain struct {
	drive   *gpstest.Drive
	system  clock.System
	clock   *clock.Estimator
	filter  *fusion.Filter
	builder *gps.Builder
	track   *gps.Track // nil if the builder knows more than the last one
	pace    *clock.Pace
	nowNs   int64
	frames  []int64 // not yet located
	answers []answer
}

// locate runs a drive through the chain, and its frames, which are in order.
func locate(d *gpstest.Drive, seed uint64, o fusion.Options, frames []int64) *chain {
	for _, m := range d.Models {
		o.Order = append(o.Order, m.Name)
	}
	// NTP keeps the system clock, to a few milliseconds.
	ntpNs := int64(random(seed, "ntp").NormFloat64() * float64(2*time.Millisecond))
	c := &chain{
		drive: d, clock: clock.NewEstimator(time.Time{}), filter: fusion.New(o), builder: gps.NewBuilder(gps.TrackOptions{}),
		system: clock.System{OffsetNs: d.OffsetNs() + ntpNs, ErrorNs: int64(20 * time.Millisecond), Synchronised: true},
		frames: frames, nowNs: d.BootNs,
	}
	c.pace = clock.NewPace(c.clock, gps.DefaultPredict)
	c.answers = make([]answer, 0, len(frames))
	c.publish()
	tick := d.BootNs
	for _, a := range d.Arrivals {
		for ; tick < a.AtNs; tick += int64(time.Second) { // the navigator looks each second
			c.release(tick)
			c.publish()
		}
		c.release(a.AtNs)
		c.fix(a.Fix)
		c.publish()
	}
	for len(c.frames) > 0 {
		c.release(c.nowNs + int64(time.Second))
		c.publish()
	}
	return c
}

func (c *chain) readClock() {
	c.system.AtNs = c.nowNs
	c.clock.SetSystem(c.system)
}

// fix is what the navigator does with one.
func (c *chain) fix(f gps.Fix) {
	c.readClock()
	at, ok := c.clock.Place(f, 0)
	if !ok || !f.HasPosition() {
		return
	}
	c.pace.Came(f.Receiver, at)
	if points := c.filter.Add(f, at).Points; len(points) > 0 {
		c.builder.Add(points)
	}
}

// publish makes the track that frames are located with from now on.
func (c *chain) publish() {
	c.readClock()
	c.builder.SetPace(c.pace.Next(c.nowNs))
	c.builder.SetClock(c.clock.State())
	c.track = nil // made when somebody looks
}

// release lets the frames go that need not wait beyond a time, and goes on to
// that time.
func (c *chain) release(untilNs int64) {
	for len(c.frames) > 0 && c.frames[0] <= untilNs {
		if c.track == nil {
			c.track = c.builder.Track()
		}
		at := c.frames[0]
		now := max(at, c.nowNs)
		now += int64(c.track.Wait(at, now))
		if now > untilNs {
			break
		}
		p, ok := c.track.At(at)
		c.answers = append(c.answers, answer{at, now, p, ok})
		c.frames = c.frames[1:]
	}
	c.nowNs = untilNs
}

// truthOf is where frames truly were heard.
func truthOf(d *gpstest.Drive, frames []int64) []gpstest.State {
	out := make([]gpstest.State, len(frames))
	for i, at := range frames {
		out[i] = d.At(at)
	}
	return out
}

// grade compares answers with the truth.
func grade(truth []gpstest.State, answers []answer) *gpstest.Grader {
	g := &gpstest.Grader{}
	for i, a := range answers {
		g.Add(truth[i], a.Position, a.OK)
	}
	return g
}

// hold gives each frame the last fix that had arrived when it was heard, for
// ever, as a server does with a position that somebody posts to it.
func hold(d *gpstest.Drive, frames []int64) []answer {
	out := make([]answer, 0, len(frames))
	next := 0
	var last answer
	for _, at := range frames {
		for ; next < len(d.Arrivals) && d.Arrivals[next].AtNs <= at; next++ {
			if f := d.Arrivals[next].Fix; f.HasPosition() {
				last.Position, last.OK = positionOf(f), true
			}
		}
		out = append(out, answer{at, at, last.Position, last.OK})
	}
	return out
}

func positionOf(f gps.Fix) gps.Position {
	p := gps.NewFixed(f.Lat, f.Lon, f.AltMSL, f.Receiver)
	p.AccuracyM = f.AccuracyM
	return p
}

// connect gives each frame its place on the straight line between the fixes
// before and after it, as one can do afterwards, if these are no more than 10 s
// apart; it claims what the worse of both does.
func connect(d *gpstest.Drive, frames []int64) []answer {
	var fixes []gps.Fix
	for _, a := range d.Arrivals {
		if a.Fix.HasPosition() {
			fixes = append(fixes, a.Fix)
		}
	}
	out := make([]answer, 0, len(frames))
	for _, at := range frames {
		a := answer{AtNs: at, ReleasedNs: at}
		i, _ := slices.BinarySearchFunc(fixes, at+d.OffsetNs(), func(f gps.Fix, utcNs int64) int { return cmp.Compare(f.TimeNs, utcNs) })
		if i > 0 && i < len(fixes) && fixes[i].TimeNs-fixes[i-1].TimeNs <= int64(10*time.Second) {
			a.Position, a.OK = between(fixes[i-1], fixes[i], at+d.OffsetNs()), true
		}
		out = append(out, a)
	}
	return out
}

func between(a, b gps.Fix, utcNs int64) gps.Position {
	plane := gps.NewPlane(gps.LLA{Lat: a.Lat, Lon: a.Lon})
	e := plane.ToENU(gps.LLA{Lat: b.Lat, Lon: b.Lon})
	share := float64(utcNs-a.TimeNs) / float64(b.TimeNs-a.TimeNs)
	lat, lon := plane.Ground(e.E*share, e.N*share)
	p := gps.NewFixed(lat, lon, a.AltMSL, a.Receiver)
	p.AccuracyM = max(a.AccuracyM, b.AccuracyM)
	return p
}

// What knows nothing errs as geometry says: a held fix of a receiver that is a
// second old at most and 0.15 s late is 0.65 s behind on average, and a straight
// line between fixes of half a metre's noise is better than its ends.
func TestReportOfTheNaive(t *testing.T) {
	s, _ := gpstest.Find("straight")
	var held, connected gpstest.Grader
	for seed := uint64(1); seed <= 10; seed++ {
		d := s.Drive(seed)
		frames := framesOf(d, seed, 4)
		truth := truthOf(d, frames)
		held.Merge(grade(truth, hold(d, frames)))
		connected.Merge(grade(truth, connect(d, frames)))
	}
	if g := held.Grade(); g.P50 < 17 || g.P50 > 22 || g.Worst < 30 || g.Worst > 42 {
		t.Errorf("last fix held: %+v", g)
	}
	if g := connected.Grade(); g.RMSE < 0.4 || g.RMSE > 0.75 || g.Inside < 0.95 {
		t.Errorf("connected: %+v", g)
	}
}
