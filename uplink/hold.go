package uplink

import (
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// hold is a writer's wait for a fix that will say better where the frames at
// its cursor were heard, or for the turn of late ones.
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

// ready returns how many frames of the chunk may leave now, and whether they are
// late. The others are held back for a fix; not when the log runs full, nor when
// the source has ended.
func (w *writer) ready(chunk frames.Chunk, track *gps.Track) (n int, late bool) {
	live, offset := chunk.Clock()
	w.live = live
	if !live {
		return chunk.Len(), false
	}
	now := w.session.Boottime()
	if chunk.Spilled() || now-(chunk.Frame(0).TimeNs-offset) > int64(frames.LateAfter) {
		if w.session.HoldLate {
			w.holdsLate.Store(true)
			return 0, true
		}
		return chunk.Len(), true // waiting for a fix is over
	}
	w.holdsLate.Store(false)
	if !w.session.Timed || w.session.Log.Closed() || w.session.Log.Pressed() {
		return chunk.Len(), false
	}
	n, wait := chunk.Ready(0, track, now)
	if n < chunk.Len() {
		w.hold.start(wait)
	}
	return n, false
}

// paced reports whether late frames have to wait for their turn.
func (w *writer) paced(now time.Time) bool {
	wait := w.session.Pacer.wait(now)
	if wait > 0 {
		w.hold.start(wait)
	}
	return wait > 0
}
