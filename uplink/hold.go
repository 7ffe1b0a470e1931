package uplink

import (
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// hold is a writer's wait for a fix that will say better where the frames at
// its cursor were heard.
type hold struct {
	published <-chan struct{}
	stop      func()
	timer     *time.Timer
	holding   bool
}

func newHold(t *gps.Tracker) hold {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	published, stop := t.Subscribe()
	return hold{published: published, stop: stop, timer: timer}
}

func (h *hold) close() {
	h.stop()
	h.timer.Stop()
}

func (h *hold) start(d time.Duration) {
	h.holding = true
	h.timer.Reset(d)
}

func (h *hold) release() { h.holding = false }

// bell receives a value when the track has changed; only who holds is woken.
func (h *hold) bell() <-chan struct{} {
	if !h.holding {
		return nil
	}
	return h.published
}

// until receives a value when it has been held long enough.
func (h *hold) until() <-chan time.Time {
	if !h.holding {
		return nil
	}
	return h.timer.C
}

// ready returns how many frames of the chunk may leave now. The others are
// held back; not when the log runs full, nor when the source has ended.
func (w *writer) ready(chunk frames.Chunk, track *gps.Track) int {
	if !w.session.Timed || w.session.Log.Closed() || w.session.Log.Pressed() {
		return chunk.Len()
	}
	n, wait := chunk.Ready(0, track, w.session.Boottime())
	if n < chunk.Len() {
		w.hold.start(wait)
	}
	return n
}
