package hop

import (
	"maps"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// A refusal keeps a channel out of the cycle for a while.
type refusal struct {
	err  error
	next time.Time
	wait time.Duration // after the next refusal
}

// When a refused channel is tried again: the wait doubles from the first to
// the last.
const (
	firstRetry = time.Minute
	lastRetry  = 15 * time.Minute
)

// failing is a series of tunes that failed for another reason than the channel.
type failing struct {
	times int
	code  fault.Code
	since time.Time
}

// arrived takes note that the radio listens on a channel.
func (r *run) arrived(out outcome) {
	r.h.cover.arrived(out.channel, out.began, out.done)
	_, was := r.h.done.refusals[out.channel]
	r.h.note(func(p *progress) {
		p.tuned, p.err = out.channel, nil
		delete(p.refusals, out.channel)
	})
	if was {
		r.allRefused = false
		r.h.onEvent(Back{out.channel})
	}
	if f := r.failing; f.times > 0 {
		r.failing = failing{}
		r.h.onEvent(Recovered{Channel: out.channel, Failures: f.times, After: out.done.Sub(f.since)})
	}
}

// refuse leaves a channel out and returns until when.
func (r *run) refuse(out outcome) time.Time {
	r.h.cover.refused(out.channel, out.err)
	if !r.wanted(out.channel) {
		return time.Time{} // the answer came when nobody asked for it any more
	}
	first := false
	var next time.Time
	r.h.note(func(p *progress) {
		f := p.refusals[out.channel]
		if first = f == nil; first {
			f = &refusal{wait: firstRetry}
			p.refusals[out.channel] = f
		}
		f.err, f.next = out.err, out.done.Add(f.wait)
		f.wait = min(2*f.wait, lastRetry)
		next = f.next
	})
	if first {
		r.h.onEvent(Refused{Channel: out.channel, Err: out.err})
	}
	return next
}

// fail takes note of a tune that failed for another reason than the channel.
func (r *run) fail(out outcome) {
	code := fault.CodeOf(out.err)
	if !untouched(code) {
		r.h.cover.adrift(out.began)
	}
	r.h.cover.failed(out.channel, out.err)
	r.h.note(func(p *progress) {
		p.failures++
		p.err = out.err
		if !untouched(code) {
			p.tuned = capture.Channel{}
		}
	})
	edge := r.failing.times == 0 || r.failing.code != code
	if r.failing.times == 0 {
		r.failing.since = out.began
	}
	r.failing.times++
	r.failing.code = code
	if edge {
		r.h.onEvent(Failing{Channel: out.channel, Err: out.err})
	}
}

// untouched reports whether the radio is still where it was: the kernel said
// no before it asked the driver.
func untouched(c fault.Code) bool {
	switch c {
	case fault.RadioBusy, fault.RadioBlocked, fault.RadioPermission, fault.RadioUnsupported:
		return true
	}
	return false
}

// noneLeft says once that no channel can be tuned, and returns until when.
func (r *run) noneLeft(now time.Time) time.Duration {
	if !r.allRefused {
		r.allRefused = true
		last := r.h.done.refusals[r.walk[r.next]]
		r.h.onEvent(AllRefused{Staying: r.h.done.tuned, Err: last.err})
	}
	return r.untilRetry(now)
}

// untilRetry is the time until the first refused channel of the walk is tried
// again.
func (r *run) untilRetry(now time.Time) time.Duration {
	wait := never
	for _, c := range r.walk {
		if f := r.h.done.refusals[c]; f != nil {
			if w := max(f.next.Sub(now), 1); wait == never || w < wait {
				wait = w
			}
		}
	}
	return wait
}

// retryRefused makes all refused channels due.
func (r *run) retryRefused() {
	now := time.Now()
	r.h.note(func(p *progress) {
		for _, f := range p.refusals {
			f.next, f.wait = now, firstRetry
		}
	})
}

// forget drops the refusals of channels that nobody asks for any more.
func (r *run) forget() {
	r.h.note(func(p *progress) {
		maps.DeleteFunc(p.refusals, func(c capture.Channel, _ *refusal) bool { return !r.wanted(c) })
	})
}

// wanted reports whether the plan or a lock has a channel.
func (r *run) wanted(c capture.Channel) bool { return c == r.lock || r.listed(c) }

// usable reports whether a channel is not left out now.
func (r *run) usable(c capture.Channel, now time.Time) bool {
	f := r.h.done.refusals[c]
	return f == nil || !now.Before(f.next)
}

// pick is the next channel of the walk that is not left out.
func (r *run) pick(now time.Time) (int, bool) {
	for i := range r.walk {
		if k := (r.next + i) % len(r.walk); r.usable(r.walk[k], now) {
			return k, true
		}
	}
	return 0, false
}

// other reports whether there is a channel to hop to.
func (r *run) other(now time.Time) bool {
	for i := range r.walk {
		if c := r.walk[(r.next+i)%len(r.walk)]; c != r.h.done.tuned && r.usable(c, now) {
			return true
		}
	}
	return false
}

func (r *run) listed(c capture.Channel) bool { return slices.Contains(r.walk, c) }
