package pcapfile

import (
	"context"
	"time"
)

// A pacer says when the next frame is due. Its schedule is absolute: what one
// frame is late, the next is not.
type pacer struct {
	opts  Options
	start time.Time // when the first frame was due; zero before
	now   time.Time // last look at the clock

	sent int64 // PPS: frames so far

	// Realtime: a frame of time t is due at start + t - baseNs. lastNs is the
	// latest time so far.
	baseNs, lastNs int64
}

const (
	// Frames of several interfaces come a little out of order. Further back,
	// the file's clock was set, or files were joined.
	stepBack = time.Second
	// Nobody replays a day of silence: the clock was set, as that of a machine
	// that starts in 1970 and finds the time later.
	stepAhead = 24 * time.Hour
	// maxLate is what a slow reader may catch up of a given rate.
	maxLate = time.Second
	// minSleep keeps high rates from waking up for every single frame.
	minSleep = time.Millisecond
)

func (p *pacer) active() bool { return p.opts.Realtime || p.opts.PPS > 0 }

// wait returns how long a frame still has to wait; not more than 0 is due. It
// may be asked again for the same frame.
func (p *pacer) wait(timeNs int64) time.Duration {
	if p.start.IsZero() {
		if p.opts.Realtime && timeNs == 0 {
			return 0 // a frame without time
		}
		p.start = time.Now()
		p.now = p.start
		p.baseNs, p.lastNs = timeNs, timeNs
	}
	due := p.due(timeNs)
	if left := due.Sub(p.now); left <= 0 {
		return left
	}
	p.now = time.Now()
	left := due.Sub(p.now)
	if !p.opts.Realtime && left < -maxLate {
		p.start = p.start.Add(-left)
	}
	return left
}

func (p *pacer) due(timeNs int64) time.Time {
	if !p.opts.Realtime {
		return p.start.Add(time.Duration(float64(p.sent) / p.opts.PPS * 1e9))
	}
	ahead := time.Duration(timeNs - p.lastNs)
	if ahead < -stepBack || ahead > stepAhead {
		p.baseNs += int64(ahead) // the schedule goes on where it is
		p.lastNs = timeNs
	}
	p.lastNs = max(p.lastNs, timeNs)
	return p.start.Add(time.Duration(timeNs - p.baseNs))
}

// sleep waits for d, but not less than minSleep, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, minSleep))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
