package hop

import (
	"context"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// A run is one Run of a Hopper: its schedule and its place in the walk. Only
// Run's goroutine uses it.
type run struct {
	h   *Hopper
	ctx context.Context

	plan   Plan
	plans  int
	period time.Duration
	walk   []capture.Channel // one cycle
	next   int               // whose turn is next, in walk
	tries  int               // that failed in this turn

	// Slot k of the schedule is due at start + k*period. What one turn is
	// late, the next is not.
	start time.Time
	slot  int64     // next
	ready time.Time // not before: the dwell of the turn before
	began time.Time // of the last turn
	idle  bool      // there is nothing to hop to; the schedule begins anew

	lock    capture.Channel
	locks   int
	settled bool      // on lock
	again   time.Time // when to try for lock again

	forced     time.Time // a tune has to begin after this, even to where the radio is; zero: not
	allRefused bool      // told
	failing    failing
	bonus      bonus
	radio      radio
}

// retryPause is the time between tries while tuning fails for another reason
// than the channel; the first few come as the plan says.
const (
	retryPause   = time.Second
	failuresFast = 3
)

// never is what step returns when only a command can change something.
const never = time.Duration(-1)

// Run hops until ctx ends and then returns nil, or a radio.driver fault if the
// Tuner has still not returned TuneTimeout later; its goroutine then ends when
// the Tuner does. A second Run waits for the first to end.
func (h *Hopper) Run(ctx context.Context) error {
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return nil
	}
	r := &run{h: h, ctx: ctx, plans: -1, radio: startRadio(h.tuner), forced: time.Now()}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		r.adopt()
		wait := r.step()
		if wait == 0 {
			continue
		}
		timer.Stop()
		var due <-chan time.Time
		if wait != never {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-due:
		case <-h.wake:
		case res := <-r.radio.late():
			r.outcome(r.radio.returned(res))
		case <-ctx.Done():
		}
	}
	err := r.radio.stop()
	h.cover.adrift(time.Now())
	h.note(func(p *progress) { p.tuned = capture.Channel{} })
	return err
}

// step does what is due and returns how long there is nothing to do: 0 for at
// once, never for until something comes.
func (r *run) step() time.Duration {
	switch {
	case r.radio.busy():
		return never
	case !r.lock.IsZero():
		return r.keep()
	case len(r.walk) == 0:
		return never
	case r.period == 0:
		return r.stay()
	}
	return r.hop()
}

// keep keeps the radio on the locked channel.
func (r *run) keep() time.Duration {
	if r.settled {
		return never
	}
	if wait := time.Until(r.again); wait > 0 {
		return wait
	}
	return r.try(r.lock)
}

// stay keeps the radio on a channel of the plan, on that where it is if that
// is one.
func (r *run) stay() time.Duration {
	now := time.Now()
	tuned := r.h.done.tuned
	forced := !r.forced.IsZero()
	if !forced && r.listed(tuned) {
		return never
	}
	if wait := r.ready.Sub(now); wait > 0 {
		return wait
	}
	if forced && r.listed(tuned) && r.usable(tuned, now) {
		return r.try(tuned)
	}
	next, ok := r.pick(now)
	if !ok {
		return r.noneLeft(now)
	}
	r.next = next
	return r.try(r.walk[next])
}

// hop gives the next channel its turn when its slot has come.
func (r *run) hop() time.Duration {
	now := time.Now()
	next, ok := r.pick(now)
	if !ok {
		r.idle = true
		return r.noneLeft(now)
	}
	if r.forced.IsZero() && !r.other(now) {
		r.idle = true
		return r.untilRetry(now)
	}
	if r.idle {
		r.restart()
	}
	due := r.start.Add(time.Duration(r.slot) * r.period)
	if r.ready.After(due) {
		due = r.ready
	}
	if wait := due.Sub(now); wait > 0 {
		return wait
	}
	// Slots that are over are lost to time, but no channel loses its turn.
	if missed := int64(now.Sub(r.start)/r.period) - r.slot; missed > 0 {
		r.slot += missed
		r.h.note(func(p *progress) { p.count(0, missed) })
	}
	r.next, r.began = next, now
	if r.walk[next] == r.h.done.tuned && r.forced.IsZero() {
		r.turned()
		return 0
	}
	return r.try(r.walk[next])
}

// turned ends a turn that came to its channel.
func (r *run) turned() {
	used := int64(1 + r.extra())
	r.slot += used
	r.ready = time.Now().Add(MinDwell)
	r.advance()
	r.h.note(func(p *progress) {
		p.hops++
		p.count(used, 0)
	})
}

// advance goes on to the next channel of the walk.
func (r *run) advance() {
	r.tries = 0
	r.next = (r.next + 1) % len(r.walk)
}

// try tunes, and leaves a radio that does not answer to Run.
func (r *run) try(c capture.Channel) time.Duration {
	out, ok := r.radio.tune(r.ctx, c)
	if ok {
		r.outcome(out)
		return 0
	}
	if r.ctx.Err() == nil {
		r.fail(out)
		r.h.answer(r.locks, out.err)
	}
	return 0
}

// outcome goes on after a tune. It may come late, when another plan holds.
func (r *run) outcome(out outcome) {
	if r.ctx.Err() != nil {
		return
	}
	c, turn := out.channel, r.lock.IsZero() && len(r.walk) > 0
	turn = turn && r.walk[r.next] == out.channel
	switch {
	case out.err == nil:
		r.arrived(out)
		if !out.began.Before(r.forced) {
			r.forced = time.Time{}
		}
		r.settled = r.lock == c && r.forced.IsZero()
		if turn && r.period > 0 {
			r.turned()
		}
	case fault.CodeOf(out.err) == fault.RadioChannel:
		wait := r.refuse(out)
		if r.lock == c {
			r.again = wait
		}
	default:
		if !out.told {
			r.fail(out)
		}
		now := time.Now()
		r.again = now.Add(retryPause)
		r.ready = now
		if r.failing.times >= failuresFast || r.period == 0 {
			r.ready = r.again
		}
		if !turn {
			break
		}
		// A second try, since no turn may get lost; no third, since the
		// others have theirs.
		r.slot++
		r.h.note(func(p *progress) { p.count(0, 1) })
		if r.tries++; r.tries > 1 {
			r.advance()
		}
	}
	if r.lock == c {
		r.h.answer(r.locks, out.err)
	}
}
