package clock

import (
	"time"

	"github.com/sensord/sensord/gps"
)

const (
	// Up to this error, nothing overrules a synchronised kernel.
	maxErrorNs = int64(time.Second)
	// A clock with a battery is right to this.
	batteryNs = int64(2 * time.Second)
	// Who has not heard of leap seconds is ahead by up to this.
	leapNs = int64(20 * time.Second)
	// A quartz is off by less than one part in this.
	quartz = 10_000
)

// An estimate is what UTC is said to be. The zero estimate knows nothing.
type estimate struct {
	source   gps.ClockSource
	offsetNs int64 // UTC minus CLOCK_BOOTTIME
	errorNs  int64
	atNs     int64 // when it was made, CLOCK_BOOTTIME

	contestedNs int64 // how far off others are who may be as right
}

// error returns how far off the estimate may be now.
func (e *estimate) error(nowNs int64) int64 {
	return e.errorNs + max(0, nowNs-e.atNs)/quartz
}

func (e *estimate) agrees(f *estimate) bool {
	return abs(e.offsetNs-f.offsetNs) <= e.errorNs+f.errorNs
}

// better reports whether e counts more than f, with which it agrees. What is as
// good had less latency if it says more.
func (e *estimate) better(f *estimate) bool {
	if e.errorNs != f.errorNs {
		return e.errorNs < f.errorNs
	}
	return e.offsetNs > f.offsetNs
}

// update works out the state anew.
func (e *Estimator) update() {
	kernel := e.hasSystem && e.system.Synchronised
	witnesses := make([]estimate, 0, 8)
	for _, r := range e.receivers {
		if w, ok := e.witness(r, kernel); ok {
			witnesses = append(witnesses, w)
		}
	}
	e.hear(witnesses, kernel)
	e.decide(kernel)
}

// witness returns what a receiver says of UTC, and false if it is not asked.
func (e *Estimator) witness(r *receiver, kernel bool) (estimate, bool) {
	w, sane, fit := e.byPulse(r)
	if w.source == gps.ClockUnknown {
		w, sane, fit = e.byReports(r)
	}
	if w.source == gps.ClockUnknown {
		return w, false
	}
	if kernel {
		r.lies = !fit
		return w, fit
	}
	return w, sane && !r.lies
}

// byPulse returns what a receiver's pulses say, whether their times can be, and
// whether they fit with the system clock.
func (e *Estimator) byPulse(r *receiver) (w estimate, sane, fit bool) {
	offset, errorNs, ok := r.pulses.estimate(e.nowNs)
	if !ok {
		return estimate{}, false, false
	}
	fit = abs(offset-e.system.OffsetNs) <= errorNs+e.system.ErrorNs+pulseErrorNs
	return estimate{source: gps.ClockPulse, offsetNs: offset, errorNs: errorNs, atNs: e.nowNs}, r.pulses.sane, fit
}

// byReports is byPulse for the times in a receiver's reports.
func (e *Estimator) byReports(r *receiver) (w estimate, sane, fit bool) {
	if !r.arrivals.fresh(e.nowNs) {
		return estimate{}, false, false
	}
	best := r.arrivals.lead
	w = estimate{source: gps.ClockGPS, offsetNs: best + leastNs, errorNs: leastErrorNs, atNs: e.nowNs}
	switch {
	case r.configured > 0:
		w.offsetNs, w.errorNs = r.arrivals.median()+r.configured, configuredNs
	case r.arrivals.count < newUntil:
		w.errorNs = newErrorNs
	}
	return w, r.sane, fits(best, e.system.OffsetNs, e.system.ErrorNs)
}

// hear makes of what the receivers say one estimate.
func (e *Estimator) hear(witnesses []estimate, kernel bool) {
	if len(witnesses) == 0 {
		// What was said last holds, but not against a kernel that knows.
		if kernel && abs(e.told.offsetNs-e.system.OffsetNs) > e.told.error(e.nowNs)+e.system.ErrorNs {
			e.told = estimate{}
		}
		return
	}
	won, votes, rival := -1, 0, int64(0)
	for i := range witnesses {
		n := 0
		for k := range witnesses {
			if witnesses[i].agrees(&witnesses[k]) {
				n++
			}
		}
		switch {
		case n > votes:
			won, votes, rival = i, n, 0
		case n == votes && !witnesses[i].agrees(&witnesses[won]):
			first, decided := e.rather(&witnesses[i], &witnesses[won])
			if !decided {
				rival = max(rival, abs(witnesses[i].offsetNs-witnesses[won].offsetNs))
			}
			if first {
				won = i
			}
		}
	}
	best := witnesses[won]
	for i := range witnesses {
		if witnesses[i].agrees(&witnesses[won]) && witnesses[i].better(&best) {
			best = witnesses[i]
		}
	}
	// What would move by little does not: every move moves frames.
	if t := &e.told; t.source == best.source && abs(t.offsetNs-best.offsetNs) <= best.errorNs/8 {
		best.offsetNs = t.offsetNs
	}
	best.contestedNs = rival
	e.told = best
}

// rather reports whether w is to be believed rather than v, who has as many
// votes, and whether the system clock decided that.
func (e *Estimator) rather(w, v *estimate) (yes, decided bool) {
	if e.hasSystem {
		near, nearV := abs(w.offsetNs-e.system.OffsetNs) <= batteryNs, abs(v.offsetNs-e.system.OffsetNs) <= batteryNs
		if near != nearV {
			return near, true
		}
	}
	if d := w.offsetNs - v.offsetNs; abs(d) <= leapNs {
		return d < 0, false
	}
	return w.offsetNs > v.offsetNs, false
}

// decide makes the state of what the kernel and the receivers say.
func (e *Estimator) decide(kernel bool) {
	s := gps.ClockState{}
	told, known := e.told, e.told.source != gps.ClockUnknown
	toldError := told.error(e.nowNs)
	if known && e.hasSystem {
		s.HasSystemOffset = true
		s.SystemOffsetNs, s.SystemErrorNs = e.system.OffsetNs-told.offsetNs, max(toldError, told.contestedNs)
	}
	// Who has overruled the kernel does so until it is clearly right again: to and
	// fro would move frames.
	from := toldError
	if e.state.Known() && e.state.Source != gps.ClockSystem {
		from /= 2
	}
	overruled := known && e.system.ErrorNs > maxErrorNs &&
		max(toldError, told.contestedNs) < e.system.ErrorNs && abs(s.SystemOffsetNs) > from
	switch {
	case kernel && !overruled:
		s.Source, s.OffsetNs, s.ErrorNs = gps.ClockSystem, e.system.OffsetNs, e.system.ErrorNs
	case known:
		s.Source, s.OffsetNs, s.ErrorNs = told.source, told.offsetNs, max(toldError, told.contestedNs)
	}
	e.state = s
}
