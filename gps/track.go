// Package gps holds fixes, positions and tracks: where the sensor was, and when.
// It knows nothing of frames, of Kismet's wire or of actors.
package gps

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Track answers where the sensor was at a time. The value is immutable: a
// Builder makes it, the navigator publishes it through a Tracker, and any
// goroutine may ask it without a lock. The zero Track, and a nil one, know
// nothing.
type Track struct {
	old, recent, tip []knot // in order of time: a Builder's comment says more
	log              []knot // a replayed log, on UTC

	fixed *Position
	clock ClockState

	predictNs         int64
	limit             float64 // metres
	interval, latency time.Duration
}

// At returns the position at a time on CLOCK_BOOTTIME, in nanoseconds. It
// reports false when it is not known well enough.
//
// Between two points it interpolates, however far they are apart, as long as
// the 95 % radius stays within the limit: from the radius of both it grows
// towards the middle. Behind the newest point it goes on straight, with a radius
// that grows the same way, and for no longer than the track may predict. Before
// the first point nothing is known.
func (t *Track) At(boottimeNs int64) (p Position, ok bool) {
	if t == nil {
		return p, false
	}
	a, b := t.around(boottimeNs)
	ok = t.from(a, b, boottimeNs, &p)
	return p, ok
}

// AtUTC is At for what was not captured on this machine's clock, as the frames
// of a file: only a fixed position and the track of a replayed log apply. The
// time is nanoseconds since 1970.
func (t *Track) AtUTC(utcNs int64) (p Position, ok bool) {
	if t == nil {
		return p, false
	}
	a, b := around(t.log, utcNs, nil)
	ok = t.from(a, b, utcNs, &p)
	return p, ok
}

// around returns the knots around a time on CLOCK_BOOTTIME.
func (t *Track) around(ns int64) (a, b *knot) {
	if a, b = around(t.tip, ns, nil); a != nil {
		return a, b
	}
	if a, b = around(t.recent, ns, b); a != nil {
		return a, b
	}
	return around(t.old, ns, b)
}

// from writes to p where the sensor was between two knots, or else the fixed
// position. It reports false when there is neither.
func (t *Track) from(a, b *knot, ns int64, p *Position) bool {
	switch {
	case a == nil:
	case b != nil:
		if p.between(a, b, ns, t.limit) {
			return true
		}
	case ns <= a.timeNs+t.predictNs:
		if p.after(a, ns, t.limit) {
			return true
		}
	}
	if t.fixed == nil {
		return false
	}
	*p = *t.fixed
	return true
}

// Wait returns how much longer a frame of that time should be held back,
// because a fix that is expected soon will say better where it was heard: at
// most one fix interval and the receivers' latency, and never more than MaxWait
// behind the frame. It is 0 when nothing better is to be expected: a point
// covers the frame, no receiver is live, or the newest point is so old that
// fixes have stopped coming. Both times are CLOCK_BOOTTIME.
func (t *Track) Wait(boottimeNs, nowNs int64) time.Duration {
	if t == nil || t.interval == 0 {
		return 0
	}
	newest, ok := t.newest()
	if !ok || boottimeNs <= newest {
		return 0
	}
	// Receivers slower than the prediction are waited for, too.
	alive := max(t.predictNs, int64(t.interval)) + int64(t.latency)
	if nowNs-newest > alive {
		return 0
	}
	held := nowNs - boottimeNs
	if held < -int64(time.Second) {
		return 0 // of the future: its time is wrong, and no fix will ever cover it
	}
	return max(0, min(t.interval+t.latency, MaxWait)-time.Duration(max(0, held)))
}

// MaxWait is the longest that a frame may be held back for a fix.
const MaxWait = 1500 * time.Millisecond

// Clock returns what the machine's clocks are worth.
func (t *Track) Clock() ClockState {
	if t == nil {
		return ClockState{}
	}
	return t.clock
}

// newest returns the time of the newest point.
func (t *Track) newest() (ns int64, ok bool) {
	for _, l := range [...][]knot{t.tip, t.recent, t.old} {
		if n := len(l); n > 0 {
			return l[n-1].timeNs, true
		}
	}
	return 0, false
}

// A Tracker is where the navigator publishes its newest track and everybody
// else reads it, from any goroutine, without a lock. The zero Tracker is ready.
type Tracker struct {
	track atomic.Pointer[Track]

	mu    sync.Mutex
	bells map[chan struct{}]struct{}
}

// Publish makes t the newest track, and rings for who subscribed.
func (k *Tracker) Publish(t *Track) {
	k.track.Store(t)
	k.mu.Lock()
	defer k.mu.Unlock()
	for bell := range k.bells {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// Track returns the newest track; it may be nil, which is a valid Track.
func (k *Tracker) Track() *Track { return k.track.Load() }

// Subscribe returns a channel that receives a value after a track was
// published; one value may stand for several. stop ends that.
func (k *Tracker) Subscribe() (bell <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bells == nil {
		k.bells = map[chan struct{}]struct{}{}
	}
	k.bells[c] = struct{}{}
	return c, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.bells, c)
	}
}
