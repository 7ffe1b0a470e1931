// Package clock finds out what time it is: what UTC is at a moment of
// CLOCK_BOOTTIME, and when on that clock a receiver's fix was measured.
//
// CLOCK_BOOTTIME never steps, so it is what tracks run on. UTC is had from it by
// adding an offset, for which there are three witnesses, and each may be wrong:
// the kernel (a machine without a battery boots in 1970, and is set years later),
// pulses, and the times in receivers' reports, which arrive late, are 1024 weeks
// old in an old receiver and whole seconds off in one that has not heard of the
// leap seconds yet. These are the rules; Estimator.State says what they come to.
//
// The kernel, while it says that its clock is synchronised, is the judge of
// receivers: one whose least latency would be below zero, or above 2 s, lies, and
// is not asked for the time until it jumps or fits again. Its own error, Maxerror
// of adjtimex(2), grows by 0.5 ms per second while nothing sets it, up to 16 s,
// where the kernel itself gives up. Up to 1 s, which is half an hour, nothing
// overrules it. Beyond, a pulse or a receiver within Maxerror does that knows
// better: whose own error is smaller, and who says that the clock is off by more
// than that; until it is off by less than half of that.
//
// It happens that something sets the kernel's clock wrong, and says that it is
// right: a bad server, or a clock that counts seconds, read when the machine wakes
// up. Then fixes would be placed too early, or too late. So the least latency of
// each receiver is kept. When the kernel's clock is set by more than 100 ms, and
// by more than Maxerror was before, and the receiver's times do not go with it,
// the receiver's fixes are placed by that latency, until the clock agrees with it
// again; and so they are when the receiver's clock is set and the kernel's is not,
// and when the kernel's is no longer synchronised. A clock that was wrong from the
// start, by less than 2 s, cannot be told from a slow receiver: then fixes are
// placed wrongly by as much. When it is set right that shows, if the receiver took
// more than 500 ms before and does not any more; less of an error stays.
//
// Without the kernel, receivers vote: the largest group that agrees is believed,
// one alone is, too. Where two groups are as large, the one is believed that
// agrees with the system clock to 2 s, as the battery of a clock keeps it; else
// the earlier, if they are up to 20 s apart (who has not heard of leap seconds is
// ahead), or the later (who counts weeks wrongly is behind). Times before the
// earliest that can be, or 1024 weeks after it, have no vote.
//
// The ErrorNs of a state is, by its source:
//
//	system  Maxerror of the kernel, without further ado
//	pulse   the error that the pulses are said to have, and half of what they scatter by
//	gps     350 ms: the report with the least latency of the last minute is taken to be
//	        150 ms late, and may be 0 to 500 ms. 1 s before 10 reports came; 100 ms if
//	        the receiver's latency is configured
//
// Without a new report it grows by 100 µs per second, what a bad quartz is off
// by. Where two groups of receivers are as large, and the system clock does not
// decide, it is the distance between them.
package clock

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// MaxLate is the most that a fix may be late to be placed. What a line or a
// program that stood still kept for longer is of no use any more.
const MaxLate = 20 * time.Second

const (
	// leastNs is how late the report with the least latency is taken to be, and
	// leastErrorNs how much that may be wrong, if nothing says more. Receivers
	// begin with an epoch's first sentence 30 to 500 ms behind its time.
	leastNs      = int64(150 * time.Millisecond)
	leastErrorNs = int64(350 * time.Millisecond)
	// newErrorNs is for receivers that were only heard a few times: all of their
	// reports may have come late.
	newErrorNs   = int64(time.Second)
	newUntil     = 10 // reports
	configuredNs = int64(100 * time.Millisecond)

	rolloverNs = 1024 * 7 * 24 * int64(time.Hour)
	// Times from 0 to these can be, and their differences do not overflow.
	maxUTC      = int64(1) << 62 // the year 2116
	maxBoottime = int64(1) << 61 // 73 years

	maxReceivers = 64
)

// An Estimator knows the machine's clocks and the receivers' latencies. It
// belongs to one goroutine. The package says by which rules it goes.
type Estimator struct {
	earliest  int64 // UTC
	nowNs     int64 // the newest time on CLOCK_BOOTTIME that it was told
	system    System
	hasSystem bool
	synced    System      // what the kernel said last when it was synchronised
	receivers []*receiver // in the order in which they were first heard

	told  estimate // what receivers say
	state gps.ClockState
}

// Earliest is a time that lies behind every run of this program: a clock that
// shows an earlier one was never set.
func Earliest() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// NewEstimator returns an Estimator that takes receivers' times before earliest
// as nonsense, as they are after a week rollover. Zero is Earliest.
func NewEstimator(earliest time.Time) *Estimator {
	if earliest.IsZero() {
		earliest = Earliest()
	}
	return &Estimator{earliest: earliest.UnixNano()}
}

// SetSystem says what the system clock is worth. It is to be read again every
// second or so, and it costs nothing to do so with every fix.
func (e *Estimator) SetSystem(s System) {
	e.step(s)
	e.system, e.hasSystem = s, true
	e.nowNs = max(e.nowNs, s.AtNs)
	e.update()
}

// Pulse tells of a receiver's pulse.
func (e *Estimator) Pulse(name string, p gps.Pulse) {
	if p.UTCNs <= 0 || p.UTCNs > maxUTC || p.BoottimeNs <= 0 || p.BoottimeNs > maxBoottime {
		return
	}
	r := e.receiver(name, p.Device, p.BoottimeNs)
	r.pulses.add(p, e.sane(p.UTCNs))
	e.update()
}

// Place returns when a fix was measured, on CLOCK_BOOTTIME, in nanoseconds:
// never after it was received. It reports false if that is not known: a false
// place would be worse than none. So it does when the time of arrival is unknown,
// and so are UTC or the fix's own time.
//
// If the receiver's time fits with UTC, that says it. Else it is the receiver's
// own clock, by its report with the least latency: who lies by a constant does
// no harm. One without a time was measured as long before its arrival as the
// receiver's usually are.
//
// A report that is late because the line or the program stood still is placed
// where it was measured, if that is not more than MaxLate ago. One whose time
// jumps ahead is a fresh one, with a wrong time: it counts as one without. One
// that is not newer than the last, or that stays behind when the line goes on
// again, may be an old one, or the receiver's clock was set back: it is refused.
// So is the first one for 10 minutes, or after the machine slept, unless its time
// agrees with what was known of the receiver, and the first one of all if it is
// 2 s behind a synchronised clock. Such a jump is believed when it lasts, for 2 s
// and 4 reports.
//
// latency is how late the receiver's reports usually are, if it is configured:
// then it counts, whatever could be measured. 0 means that it is to be measured.
//
// A fix with MeasuredNs was measured then: a follower of another rig knows that.
func (e *Estimator) Place(f gps.Fix, latency time.Duration) (atNs int64, ok bool) {
	known := f.TimeNs > 0 && f.TimeNs <= maxUTC
	if f.ReceivedNs <= 0 || f.ReceivedNs > maxBoottime {
		return f.TimeNs - e.state.OffsetNs, known && e.state.Known()
	}
	r := e.receiver(f.Receiver, f.Device, f.ReceivedNs)
	r.configured = int64(max(latency, 0))
	if f.MeasuredNs > 0 {
		return r.measured(f)
	}
	if !known {
		return f.ReceivedNs - r.usual(), true
	}
	alone := r.arrivals.alone(f.ReceivedNs)
	v := r.arrivals.add(f.TimeNs, f.ReceivedNs, e.word(r, f.TimeNs, f.ReceivedNs))
	switch v {
	case doubtful:
		return 0, false
	case jumped:
		return f.ReceivedNs - r.usual(), true
	case late:
		return e.place(r, f)
	case moved:
		r.lies = false
	}
	r.sane = e.sane(f.TimeNs)
	e.update()
	e.settle(r, v, alone, f.TimeNs-f.ReceivedNs)
	if atNs, ok = e.place(r, f); ok {
		r.arrivals.late(f.ReceivedNs - atNs)
	}
	return atNs, ok
}

// place is Place by the time of a fix.
func (e *Estimator) place(r *receiver, f gps.Fix) (atNs int64, ok bool) {
	atNs = min(f.TimeNs-e.offset(r), f.ReceivedNs)
	return atNs, f.ReceivedNs-atNs <= max(int64(MaxLate), r.configured+maxLagNs)
}

// Latency returns how late a receiver's fixes usually are, and how late all but
// one in twenty are at worst: from the time for which they hold to their arrival,
// over the last 64. known is false before five with a time have come. Of several
// devices behind one receiver it is the one that was heard last.
func (e *Estimator) Latency(name string) (usual, worst time.Duration, known bool) {
	var last *receiver
	for _, r := range e.receivers {
		if r.name == name && (last == nil || r.heardNs > last.heardNs) {
			last = r
		}
	}
	if last == nil {
		return 0, 0, false
	}
	u, w, known := last.arrivals.latency()
	return time.Duration(u), time.Duration(w), known
}

// State returns what the clocks are worth.
func (e *Estimator) State() gps.ClockState { return e.state }

// sane reports whether it can be that time at all.
func (e *Estimator) sane(utcNs int64) bool {
	return utcNs >= e.earliest && utcNs-rolloverNs < e.earliest
}

// offset returns what has to be subtracted from the time in a report to place
// it.
func (e *Estimator) offset(r *receiver) int64 {
	if r.configured > 0 {
		return r.arrivals.median() + r.configured
	}
	best := r.arrivals.lead
	// A receiver that is further off than this is not in question: it lies.
	utc, errorNs := e.state.OffsetNs, min(e.state.ErrorNs, maxErrorNs)
	pulse := e.state.Source == gps.ClockPulse
	if e.told.source == gps.ClockPulse && e.told.error(e.nowNs) < errorNs &&
		abs(e.told.offsetNs-utc) <= errorNs+e.told.errorNs {
		utc, errorNs = e.told.offsetNs, e.told.error(e.nowNs) // a pulse within Maxerror
		pulse = true
	}
	if h := &r.habit; h.known && !pulse {
		if h.held || e.state.Source != gps.ClockSystem || !behind(best, utc, errorNs) {
			return best + h.leastNs
		}
		return max(utc, best) // however late: the line is slow
	}
	if !e.state.Known() || !fits(best, utc, errorNs) {
		return best + leastNs
	}
	return max(utc, best) // nothing arrives before it was measured
}

// fits reports whether a receiver whose least latent report says that UTC is
// best ahead of CLOCK_BOOTTIME can have the right time.
func fits(best, utcNs, errorNs int64) bool {
	return behind(best, utcNs, errorNs) && utcNs-best <= max(latestNs, errorNs+latestNs/4)
}

// behind reports whether it does not come before it was measured.
func behind(best, utcNs, errorNs int64) bool {
	const slack = int64(100 * time.Millisecond)
	return utcNs-best >= -errorNs-slack
}

func abs(ns int64) int64 { return max(ns, -ns) }
