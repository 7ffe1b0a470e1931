package clock

import (
	"time"

	"github.com/sensord/sensord/gps"
)

const (
	// leastStepNs is by how much the kernel's clock must be set for it to count
	// as a step, and how well it has to agree with a receiver's habit to be
	// believed again. Between steps, CLOCK_REALTIME minus CLOCK_BOOTTIME is
	// constant: a clock that is slewed takes both along.
	leastStepNs = int64(100 * time.Millisecond)
	// mostLeastNs is the most that receivers usually take: leastNs, and the error
	// of that.
	mostLeastNs = leastNs + leastErrorNs
	// latestNs is how late a report may be to be a fresh one, where that is not
	// known better.
	latestNs = int64(2 * time.Second)
	// restlessNs is how much later than usually at worst.
	restlessNs = int64(500 * time.Millisecond)
	// sleptNs is by how much the time that the machine slept is read wrongly at
	// most.
	sleptNs = int64(500 * time.Millisecond)
)

// A habit is the least latency of a receiver, by the kernel's clock. It belongs
// to the receiver and not to the clocks: when one of them is set and the other is
// not, it tells that, and goes on to say when fixes were measured.
type habit struct {
	known   bool
	leastNs int64
	atNs    int64 // when that was looked at last, CLOCK_BOOTTIME

	// held: the kernel's clock or the receiver's was set, and since then they say
	// another latency, which is not believed.
	held bool

	wasNs int64 // what it was before it was found to be wrong
	was   bool
}

// learn compares the habit with what the kernel's clock says now, by which the
// least latent report was so late. sure means that there were enough reports.
func (h *habit) learn(lateNs, nowNs int64, sure bool) {
	since := max(0, nowNs-h.atNs)
	h.atNs = nowNs
	switch {
	case !h.held:
		if late := max(lateNs, 0); !h.known && sure {
			h.known, h.leastNs = true, late
		} else if h.known {
			// While the line is slow, all are late. A clock that is slewed is
			// followed in time.
			h.leastNs = min(late, h.leastNs+since/quartz)
		}
	case abs(lateNs-h.leastNs) <= leastStepNs:
		h.held = false
	case sure && h.was && abs(lateNs-h.wasNs) <= leastStepNs:
		h.held, h.leastNs, h.was = false, h.wasNs, false
	case sure && h.leastNs > mostLeastNs && lateNs >= 0 && lateNs <= mostLeastNs:
		// It was uncommonly late, and is no more: what was set has been wrong
		// before.
		h.was, h.wasNs = true, h.leastNs
		h.held, h.leastNs = false, lateNs
	}
}

// step looks whether the kernel's clock was set, or the machine has slept.
func (e *Estimator) step(s System) {
	if e.hasSystem && abs(s.SleptNs-e.system.SleptNs) > sleptNs {
		for _, r := range e.receivers {
			r.arrivals.slept = true
		}
	}
	if !s.Synchronised {
		return
	}
	if by := abs(s.OffsetNs - e.synced.OffsetNs); e.synced.Synchronised && by > leastStepNs {
		for _, r := range e.receivers {
			if by <= e.synced.ErrorNs {
				r.habit = habit{} // so much it had said that it may be off by
			}
			r.habit.held = r.habit.known
		}
	}
	e.synced = s
}

// kernel reports whether the kernel's clock is what fixes are placed by.
func (e *Estimator) kernel() bool {
	return e.state.Source == gps.ClockSystem && e.state.ErrorNs <= maxErrorNs
}

// word returns what is known of a report without those of its receiver.
func (e *Estimator) word(r *receiver, timeNs, receivedNs int64) word {
	a, h := &r.arrivals, &r.habit
	lead := timeNs - receivedNs
	lateNs := e.state.OffsetNs - lead
	kernel := e.kernel()
	w := word{vouched: kernel && h.known && !h.held}
	if w.vouched {
		w.truer = behind(lead, e.state.OffsetNs, e.state.ErrorNs)
	} else if kernel && !h.held {
		w.truer = fits(lead, e.state.OffsetNs, e.state.ErrorNs)
	}
	if !a.alone(receivedNs) {
		return w
	}
	switch {
	case w.vouched:
		_, worst, _ := a.latency()
		more := restlessNs
		if a.slept {
			more = leastStepNs // the kernel's clock may have gone wrong
		}
		w.credible = lateNs <= min(worst+more, latestNs)
	case a.count == 0:
		w.credible = !kernel || lateNs <= latestNs
	default:
		w.credible = lead >= a.lead-aheadNs-(receivedNs-a.receivedNs)/quartz
	}
	return w
}

// settle tells a receiver's habit of a report that was used. alone means that
// there was none lately to compare it with.
func (e *Estimator) settle(r *receiver, v verdict, alone bool, lead int64) {
	h := &r.habit
	switch {
	case v == moved:
		h.held = h.known
	case alone && h.known:
		h.held = !e.kernel() || e.state.OffsetNs-lead < h.leastNs-leastStepNs
	}
	if !e.kernel() {
		return
	}
	best, utc, errorNs := r.arrivals.lead, e.state.OffsetNs, e.state.ErrorNs
	if h.held || fits(best, utc, errorNs) {
		h.learn(utc-best, e.nowNs, r.arrivals.count >= newUntil)
	}
}
