package main

import (
	"os"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/uplink/kismettest"
)

const (
	// watchEvery is how often the demo looks at its rig and its server.
	watchEvery = 50 * time.Millisecond
	// stallTime is how long the server reads nothing before it resets the link,
	// so that there are frames on their way that will never arrive.
	stallTime = 300 * time.Millisecond
)

// audience is told of a demo: often while it runs, then once of its end.
type audience interface {
	update(s snapshot)
	finish(s snapshot, t totals)
}

// watch follows a demo from its start to its end, and breaks the link in the
// middle.
type watch struct {
	rig     *actors.Rig
	srv     *kismettest.Server
	replay  *replay
	got     *ledger
	story   *story
	show    audience
	signals <-chan os.Signal

	uuid  string
	half  time.Duration // when to break the link
	limit time.Duration // when to end what has not ended by itself

	release  func() // ends the server's stall; nil before
	stalled  time.Time
	broken   bool
	stopping bool // the end of the capture is not waited for
	early    bool // because somebody does not want to
}

// run returns when the rig has ended, or was given up, with its reason.
func (w *watch) run() error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	limit := time.NewTimer(w.limit)
	defer limit.Stop()

	done, signals := w.rig.Done(), w.signals
	stopped := make(chan error, 1)
	stop := func() {
		// From here on the second signal and the end are stopInOrder's.
		w.stopping, done, signals = true, nil, nil
		go func() { stopped <- stopInOrder(w.rig, w.signals) }()
	}
	for {
		select {
		case <-tick.C:
			w.look(time.Now())
			w.show.update(w.story.snapshot)
		case <-limit.C:
			if w.stopping {
				break
			}
			if !w.replay.endless {
				w.story.tell(time.Now(), toneBad, "it takes too long: ending now")
			}
			stop()
		case <-signals:
			w.early = true
			w.story.tell(time.Now(), toneWarn, "ending early: what was captured is still sent")
			stop()
		case <-done:
			return w.rig.Err()
		case err := <-stopped:
			return err
		}
	}
}

// look takes stock, and breaks the link when that is due.
func (w *watch) look(now time.Time) {
	status := w.rig.Status()
	tally, resumed := w.got.read()
	w.story.observe(now, status, tally, resumed)
	source := status.Sources[0]
	if source.Capture != actors.CaptureOpening {
		w.replay.remove() // it is open: nothing is left behind, however this ends
	}
	switch {
	case w.broken || w.stopping && w.release == nil:
	case w.release == nil:
		if now.Sub(w.story.began) >= w.half && source.Link.State == actors.LinkStreaming {
			w.release, w.stalled = w.srv.Stall(0), now
			w.story.tell(now, toneWarn, "the server stops reading")
		}
	case now.Sub(w.stalled) >= stallTime:
		w.story.broke(now, source.Frames.InFlight)
		w.srv.Reset(w.uuid)
		w.release()
		w.broken = true
	}
}

// totals is the account at the end, once the server is closed.
func (w *watch) totals() totals {
	now := time.Now()
	if w.release != nil {
		w.release()
	}
	status := w.rig.Status()
	tally, resumed := w.got.read()
	w.story.observe(now, status, tally, resumed)
	w.story.finish(tally.Arrived + tally.Duplicates)
	source := status.Sources[0]
	t := totals{
		tally: tally,
		Took:  now.Sub(w.story.began), Early: w.early,
		Captured: source.Frames.Captured, Unconfirmed: source.Frames.Captured - source.Frames.Acked,
		Resent: source.Frames.Resent,
		Links:  source.Link.Links, Protocol: source.Link.Protocol,
		Reset: w.broken, Recovery: w.story.recovery,
		Moving: w.replay.drive != nil,
	}
	if !w.stopping {
		t.Captured = max(t.Captured, uint64(len(w.got.want))) // what is in the file, whatever sensord says
	}
	t.Lost = t.Captured - min(t.Captured, t.Arrived)
	return t
}
