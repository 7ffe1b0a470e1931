package hop

import (
	"time"
)

// adopt takes over what was asked for since the last time.
func (r *run) adopt() {
	r.h.mu.Lock()
	w := r.h.wish
	r.h.wish.retry = false
	r.h.mu.Unlock()

	if w.plans != r.plans {
		r.plans = w.plans
		r.replan(w.plan)
	}
	switch {
	case w.lock.IsZero() && !r.lock.IsZero():
		r.lock = w.lock
		r.forget()
		r.restart()
	case !w.lock.IsZero() && w.locks != r.locks:
		r.lock, r.locks = w.lock, w.locks
		r.forget()
		r.settled, r.again = false, time.Time{}
		if r.radio.busy() {
			r.h.answer(r.locks, r.radio.hang())
		}
	}
	if w.retry {
		r.retryRefused()
		r.forced, r.settled, r.again = time.Now(), false, time.Time{}
		r.restart()
	}
}

// replan begins a new walk, or goes on with the old one at another pace.
func (r *run) replan(p Plan) {
	same, old := r.walk != nil && p.sameWalk(r.plan), r.period
	r.plan, r.period = p, p.Period()
	if same && r.period == old {
		return
	}
	r.h.note(func(p *progress) { p.kept, p.lost = 0, 0 })
	if same && old > 0 && r.period > 0 && !r.idle {
		now := time.Now()
		r.start, r.slot = r.began, 1
		if now.Sub(r.start) > r.period {
			r.start = now.Add(-r.period)
		}
		return
	}
	if !same {
		r.walk = nil
		for _, i := range p.Order() {
			r.walk = append(r.walk, p.Channels[i])
		}
		r.next, r.tries, r.allRefused = 0, 0, false
		r.bonus = bonus{}
		r.forget()
	}
	r.restart()
}

// restart begins the schedule anew, now.
func (r *run) restart() {
	now := time.Now()
	r.start, r.slot, r.ready, r.idle = now, 0, now, false
}
