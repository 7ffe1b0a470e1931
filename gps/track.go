// Package gps holds positions and tracks: where the sensor was, and when. It
// knows nothing of frames, of Kismet's wire or of actors.
package gps

import "sync/atomic"

// A Track answers where the sensor was at a time. The value is immutable: the
// navigator publishes a new one through a Tracker. The zero Track knows
// nothing.
type Track struct {
	fixed *Position
}

// FixedTrack returns a track that is at p at every time, also for frames whose
// times have nothing to do with this machine's clock.
func FixedTrack(p Position) *Track { return &Track{fixed: &p} }

// At returns the position at a time on the machine's monotonic clock
// (CLOCK_BOOTTIME, nanoseconds); timed is false for frames that have no such
// time, as those of a file. It reports false when the position is not known.
func (t *Track) At(boottimeNs int64, timed bool) (Position, bool) {
	if t == nil || t.fixed == nil {
		return Position{}, false
	}
	return *t.fixed, true
}

// A Tracker is where the navigator publishes its newest track and everybody
// else reads it, from any goroutine, without a lock. The zero Tracker is ready.
type Tracker struct {
	track atomic.Pointer[Track]
}

// Publish makes t the newest track.
func (k *Tracker) Publish(t *Track) { k.track.Store(t) }

// Track returns the newest track; it may be nil, which is a valid Track.
func (k *Tracker) Track() *Track { return k.track.Load() }
