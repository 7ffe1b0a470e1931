package nmea

import (
	"slices"

	"github.com/sensord/sensord/gps"
)

// epochs puts sentences together to epochs, one at a time.
type epochs struct {
	open  bool
	epoch epoch
	dates dates
	ender ender

	waiting []*report // additions that came before the epoch they belong to
	order   order
	done    [8]int64 // times of day of the epochs told last
	next    int      // in done
	used    []satelliteID
	gsa     gps.Mode // what GSA said last,
	gsaAt   int64    // and when
}

// maxWaiting is how many additions are kept for an epoch that has not begun.
const maxWaiting = 32

// same is how far times of one epoch may be apart: some receivers round them
// in one sentence and not in the next.
const same = int64(10e6)

func (s *epochs) start() {
	for i := range s.done {
		s.done[i] = noTime
	}
}

// whose says which epoch a sentence belongs to.
type whose uint8

const (
	here  whose = iota // the open one
	next               // to one that begins with it
	early              // to one that has not begun
	late               // to one that was told
)

func (s *epochs) place(r *report) whose {
	w := s.belongs(r)
	s.order.saw(r, w)
	return w
}

func (s *epochs) belongs(r *report) whose {
	joins := s.open && s.epoch.joins(r)
	switch {
	case joins && (r.at == noTime || s.epoch.at != noTime):
		return here
	case s.wasTold(r):
		s.ender.saw(r)
		return late
	case joins:
		return here
	case r.kind.opens():
		return next
	}
	return early
}

// wasTold reports whether the epoch of r is one of the last that were told. A
// position without a time is of the last one, unless that had its like; so is
// an addition that does not come first in its epoch.
func (s *epochs) wasTold(r *report) bool {
	switch {
	case r.at != noTime:
	case s.open || !s.epoch.begun:
		return false
	case r.kind.opens():
		return !s.ender.has(r.name)
	default:
		return !s.order.first(r.name)
	}
	for _, at := range s.done {
		if at != noTime && near(at, r.at) {
			return true
		}
	}
	return false
}

// keep holds on to an addition until its epoch begins.
func (s *epochs) keep(r *report) {
	if len(s.waiting) == maxWaiting {
		s.waiting = slices.Delete(s.waiting, 0, 1)
	}
	s.waiting = append(s.waiting, r)
	s.learn(r)
}

// missed takes from a sentence whose epoch was told what is still true in the
// next one: the date, and what GSA says.
func (s *epochs) missed(r *report) {
	if r.kind == kindGSA {
		s.keep(r)
		return
	}
	s.learn(r)
}

// quiet says that the line fell silent. What stands alone between two silences
// is of the epoch before, too late.
func (s *epochs) quiet() {
	if s.epoch.begun {
		s.waiting = slices.DeleteFunc(s.waiting, func(r *report) bool { return r.at == noTime && r.kind != kindGSA })
	}
	s.order.turned = true
}

// learn takes the date from what does not belong to the open epoch.
func (s *epochs) learn(r *report) {
	if r.date == noDate || r.claim == denied || !s.epoch.counted {
		return
	}
	if t, ok := s.dates.resolve(r.at, r.date); ok {
		s.dates.believe(t)
	}
}

// begin opens the epoch that r is the first sentence of.
func (s *epochs) begin(r *report, receivedNs int64) {
	s.ender.next()
	s.open = true
	s.order.led(s.waiting)
	s.epoch.begin(r.at, receivedNs, s.waiting)
	s.waiting = s.waiting[:0]
}

// merge takes r into the open epoch, and reports whether that is its last
// sentence, as far as one can know.
func (s *epochs) merge(r *report) bool {
	return s.epoch.merge(r) && s.ender.ends(r)
}

// finish ends the open epoch and returns its fix; nil if none is open.
func (s *epochs) finish() (gps.Fix, *epoch) {
	if !s.open {
		return gps.Fix{}, nil
	}
	s.open = false
	e := &s.epoch
	e.close()
	s.done[s.next] = e.at
	s.next = (s.next + 1) % len(s.done)
	f := e.fix(s.recent(e))
	if t, ok := s.dates.resolve(e.at, e.date); ok {
		f.TimeNs = t
		if f.HasPosition() {
			s.dates.believe(t)
		}
	}
	return f, e
}

// gsaLasts is how long a receiver may be silent about its mode.
const gsaLasts = int64(15e9)

// recent returns the mode that GSA said last, if that was not long before e.
func (s *epochs) recent(e *epoch) gps.Mode {
	switch {
	case e.had[kindGSA]:
		s.gsa, s.gsaAt = e.gsa, e.at
		s.used = append(s.used[:0], e.used...)
	case !e.counted || e.at == noTime || s.gsaAt == noTime || (e.at-s.gsaAt+day)%day > gsaLasts:
		s.gsa = gps.ModeUnknown
	}
	return s.gsa
}

func near(a, b int64) bool { return a-b < same && b-a < same }
