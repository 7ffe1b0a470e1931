package gpstest

import (
	"cmp"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sensord/sensord/gps"
)

// Simulate lets receivers watch a truth. What one of them says does not depend
// on which others are there.
func Simulate(t *Truth, models []Model, seed uint64) *Drive {
	rng := stream(seed, "clocks")
	d := &Drive{
		Truth: t, Models: models,
		Start:  time.Date(2026, 6, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(rng.IntN(40*86400)) * time.Second),
		BootNs: int64(30*time.Second) + rng.Int64N(int64(240*time.Hour)),
	}
	for _, m := range models {
		d.Arrivals = append(d.Arrivals, newWatcher(t, m, seed).watch(d)...)
	}
	slices.SortStableFunc(d.Arrivals, func(a, b Arrival) int { return cmp.Compare(a.AtNs, b.AtNs) })
	return d
}

// stream is random numbers of their own for each use of a seed.
func stream(seed uint64, use string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(use))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// A watcher is one receiver during one drive.
type watcher struct {
	t     *Truth
	m     Model
	rng   *rand.Rand
	known float64 // constant factor of its claim
	gaps  []spell
	echo  []spell
	cells []spell

	last    time.Duration // of the epoch before
	drift   [3]float64    // east, north, up: the coloured noise, in sigmas
	wander  float64       // of the claim, in sigmas
	noticed float64       // factor of the sky as the receiver believes it

	creep astray // when the sky goes away
	back  astray // when it is back
	lost  bool
	since time.Duration // lost since, or back at
	exit  snapshot      // the last that it knew
}

// astray is an error that comes and goes, with the share of it that the claim
// tells.
type astray struct {
	east, north, told float64
}

// snapshot is what a receiver knew, for going on without satellites.
type snapshot struct {
	valid  bool
	since  time.Duration
	at, v  vec
	radius float64
}

func newWatcher(t *Truth, m Model, seed uint64) *watcher {
	rng := stream(seed, "noise of "+m.Name)
	trouble := stream(seed, "trouble of "+m.Name)
	w := &watcher{t: t, m: m, rng: rng, noticed: 1}
	w.known = m.Claim.Factor * math.Exp(m.Claim.Spread*rng.NormFloat64())
	for i := range w.drift {
		w.drift[i] = rng.NormFloat64()
	}
	w.wander = rng.NormFloat64()
	w.gaps = m.Gaps.spells(trouble, t.Duration())
	w.echo = m.Echoes.spells(trouble, t.Duration())
	w.cells = m.Cells.spells(trouble, t.Duration())
	for i := range w.echo {
		if trouble.Float64() < m.LieRoll {
			w.echo[i].told = 0
		}
	}
	return w
}

// watch is all that the receiver says, when it arrives.
func (w *watcher) watch(d *Drive) []Arrival {
	line := newLine(w.m, w.rng, w.t.Duration())
	var out []Arrival
	for at := w.m.Shift; at < w.t.Duration(); at += w.m.Interval {
		since := max(at+time.Duration(w.rng.NormFloat64()*float64(w.m.Uneven)), 0)
		f := w.epoch(since)
		arrived := line.carry(since)
		if f.Mode == gps.ModeNone && w.m.Silent {
			continue
		}
		f.Receiver = w.m.Name
		f.TimeNs = d.Start.Add(since).Round(time.Millisecond).UnixNano()
		f.ReceivedNs = d.BootNs + int64(arrived)
		out = append(out, Arrival{f.ReceivedNs, f})
	}
	return out
}

// epoch is what the receiver makes of one instant.
func (w *watcher) epoch(since time.Duration) gps.Fix {
	w.age(since)
	factor, roofIn, creepS := w.t.look(since)
	covered := math.IsInf(factor, 1)
	if covered || during(w.gaps, since) != nil {
		if !w.lost {
			w.lost, w.since = true, since
		}
		if covered && w.exit.valid && since-w.exit.since < w.m.Coast {
			return w.coast(since)
		}
		w.exit.valid = false
		return none()
	}
	if w.lost {
		w.lost = false
		w.reacquire(since)
	}
	w.noticed += (factor - w.noticed) * w.share(since, w.m.Claim.Behind)
	if since < w.since {
		w.last = since
		return none()
	}
	if roofIn >= creepS {
		w.creep = w.goAstray(w.m.CreepM)
		creepS = 0
	}
	f := w.measure(since, factor, roofIn, creepS)
	w.last = since
	return f
}

// none is an epoch without a fix.
func none() gps.Fix {
	f := gps.NewFix()
	f.Mode = gps.ModeNone
	f.Satellites = 0
	return f
}

// share is how much of its way something goes since the last epoch that needs
// the time tau to go about two thirds of it.
func (w *watcher) share(since, tau time.Duration) float64 {
	if tau <= 0 {
		return 1
	}
	return 1 - math.Exp(-max((since-w.last).Seconds(), 0)/tau.Seconds())
}

// age moves what changes slowly on to a time.
func (w *watcher) age(since time.Duration) {
	keep := 1 - w.share(since, w.m.Tau)
	fresh := math.Sqrt(1 - keep*keep)
	for i := range w.drift {
		w.drift[i] = keep*w.drift[i] + fresh*w.rng.NormFloat64()
	}
	keep = 1 - w.share(since, time.Minute)
	w.wander = keep*w.wander + math.Sqrt(1-keep*keep)*w.rng.NormFloat64()
}

// goAstray is an error of up to so many metres.
func (w *watcher) goAstray(metres float64) astray {
	sin, cos := math.Sincos(2 * math.Pi * w.rng.Float64())
	metres *= 0.3 + 0.7*w.rng.Float64()
	return astray{metres * sin, metres * cos, 0.3 + 0.9*w.rng.Float64()}
}

// reacquire says when there are positions again after satellites are, and how
// far off the first ones are.
func (w *watcher) reacquire(since time.Duration) {
	away := (since - w.since).Seconds()
	wait := 0.5 + w.rng.Float64() + min(0.05*away, 8)*w.rng.Float64()
	w.since = since + time.Duration(wait*float64(time.Second))
	w.back = w.goAstray(2 + min(0.3*away, 15))
}
