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
	done    [8]int64  // times of day of the epochs told last
	next    int       // in done
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
	if !r.kind.opens() {
		return s.placeAddition(r)
	}
	switch {
	case s.open && s.epoch.joins(r):
		return here
	case s.wasTold(r):
		s.ender.saw(r.name)
		return late
	}
	return next
}

func (s *epochs) placeAddition(r *report) whose {
	switch {
	case s.open && (r.at == noTime || s.epoch.at == noTime || near(r.at, s.epoch.at)):
		return here
	case r.at != noTime && s.wasTold(r):
		s.ender.saw(r.name)
		return late
	}
	return early
}

// wasTold reports whether the epoch of r is one of the last that were told. A
// sentence without a time is of the last one, unless that had its like.
func (s *epochs) wasTold(r *report) bool {
	if r.at == noTime {
		return !s.open && s.epoch.begun && !s.ender.has(r.name)
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
	if r.kind == kindZDA && s.epoch.counted {
		if t, ok := s.dates.resolve(r.at, r.date); ok && r.date != noDate {
			s.dates.believe(t)
		}
	}
}

// begin opens the epoch that r is the first sentence of.
func (s *epochs) begin(r *report, receivedNs int64) {
	s.ender.next()
	s.open = true
	s.epoch.begin(r.at, receivedNs, s.waiting)
	s.waiting = s.waiting[:0]
}

// merge takes r into the open epoch, and reports whether that is its last
// sentence, as far as one can know.
func (s *epochs) merge(r *report) bool {
	s.epoch.merge(r)
	return s.ender.ends(r.name)
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

// ender knows which sentence is the last of an epoch, so that a fix need not
// wait for the next one. A sentence that comes several times counts with how
// often it came.
type ender struct {
	last  mark // the sentence that is taken for the last one
	seen  []mark
	final mark // the last of the epoch at hand, also of what came too late
	hit   bool // this epoch was ended by last
	later int  // how many epochs in a row went on after that
}

type mark struct {
	name  string
	times int
}

// next begins another epoch, and learns from the one that is over.
func (e *ender) next() {
	switch {
	case e.final.name == "":
	case e.final == e.last:
		e.later = 0
	case e.hit:
		// Told too early: what came after was left out. That is better than
		// too late, as long as it is only now and then, like GSA every 5 s.
		if e.later++; e.later >= patience {
			e.last, e.later = e.final, 0
		}
	default:
		e.last, e.later = e.final, 0
	}
	e.seen, e.final, e.hit = e.seen[:0], mark{}, false
}

// patience is after how many epochs that were told too early the sentence that
// ends them is another.
const patience = 3

// saw counts a sentence of the epoch at hand.
func (e *ender) saw(name string) {
	for i := range e.seen {
		if e.seen[i].name == name {
			e.seen[i].times++
			e.final = e.seen[i]
			return
		}
	}
	e.final = mark{name, 1}
	if len(e.seen) < maxWaiting {
		e.seen = append(e.seen, e.final)
	}
}

// ends counts a sentence, and reports whether it is the last of its epoch.
func (e *ender) ends(name string) bool {
	e.saw(name)
	if e.final == e.last {
		e.hit = true
	}
	return e.final == e.last
}

// has reports whether the epoch at hand had a sentence of that name.
func (e *ender) has(name string) bool {
	return slices.ContainsFunc(e.seen, func(m mark) bool { return m.name == name })
}
