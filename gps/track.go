// Package gps holds fixes, positions and tracks: where the sensor was, and when.
// It knows nothing of frames, of Kismet's wire or of actors.
package gps

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Track answers where the sensor was at a time. The value is immutable: the
// navigator publishes a new one through a Tracker. The zero Track, and a nil
// one, know nothing.
type Track struct {
	fixed *Position
	clock ClockState
}

// FixedTrack returns a track that is at p at every time, also for frames whose
// times have nothing to do with this machine's clock.
func FixedTrack(p Position) *Track { return &Track{fixed: &p} }

// At returns the position at a time on CLOCK_BOOTTIME, in nanoseconds. It
// reports false when it is not known well enough.
func (t *Track) At(boottimeNs int64) (Position, bool) {
	if t == nil || t.fixed == nil {
		return Position{}, false
	}
	return *t.fixed, true
}

// AtUTC is At for what was not captured on this machine's clock, as the frames
// of a file: only a fixed position and the track of a replayed log apply.
func (t *Track) AtUTC(utcNs int64) (Position, bool) {
	if t == nil || t.fixed == nil {
		return Position{}, false
	}
	return *t.fixed, true
}

// Wait returns how much longer a frame of that time should be held back,
// because a fix that is expected soon will say better where it was heard: at
// most one fix interval and the receivers' latency, and never more than MaxWait
// behind the frame. It is 0 when nothing better is to be expected. Both times
// are CLOCK_BOOTTIME.
func (t *Track) Wait(boottimeNs, nowNs int64) time.Duration { return 0 }

// MaxWait is the longest that a frame may be held back for a fix.
const MaxWait = 1500 * time.Millisecond

// Clock returns what the machine's clocks are worth.
func (t *Track) Clock() ClockState {
	if t == nil {
		return ClockState{}
	}
	return t.clock
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
