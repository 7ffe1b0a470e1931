package bus

import (
	"math"
	"slices"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// take makes a message a fix, and reports whether it is one.
func (f *Follower) take(m Message, tell func(gps.Event)) bool {
	h, err := read(m)
	if err != nil {
		f.bus.Refuse(m, err)
		return false
	}
	if !f.o.HandOn && f.circular(m, &h, tell) {
		return false
	}
	if !f.line.next(m, &h) {
		return false
	}
	late, errorNs := f.line.late(m, &h)
	f.clocks(m, &h, late, tell)
	age := time.Duration(h.ageNs + late)
	if age > f.o.Expire || f.now()-m.ArrivedNs+int64(age) > int64(f.o.Expire) {
		const text = "positions from the bus come too late to be followed"
		if f.news(saidLate, text, tell) {
			f.o.Log.Warn(text, "rig", m.Rig, "age", age.Round(time.Millisecond).String(), "code", fault.BusUntimely, "remedy", fault.BusUntimely.Remedy())
		}
		return false
	}
	fix, place := &h.fix, &h.place
	fix.TimeNs, fix.MeasuredNs = 0, m.ArrivedNs-int64(age)
	speed := f.line.speed(fix)
	if !(fix.AccuracyM > 0) {
		fix.AccuracyM, fix.AccuracyOrigin = AssumedAccuracyM, gps.OriginAssumed
	}
	fix.AccuracyM = math.Hypot(fix.AccuracyM, speed*float64(errorNs)/1e9)
	place.AccuracyM = fix.AccuracyM
	if !f.o.HandOn {
		f.kin.add(f.now(), m, h.follows)
	}
	f.mu.Lock()
	f.stat.count++
	f.stat.from, f.stat.position, f.stat.measuredNs, f.stat.lateNs = m.Rig, *place, fix.MeasuredNs, late
	f.mu.Unlock()
	tell(*fix)
	return true
}

// skewed is by how much a clock is off for somebody to look at it.
const skewed = 5 * time.Second

// clocks tells when the sender's clock is off, which does its positions no harm.
func (f *Follower) clocks(m Message, h *heard, late int64, tell func(gps.Event)) {
	sent := h.head.GetSentNs()
	utc, known := f.utc()
	if sent == 0 || !known {
		return
	}
	skew := time.Duration(sent + late - (utc - (f.now() - m.ArrivedNs)))
	if skew.Abs() < skewed {
		skew = 0
	}
	f.mu.Lock()
	f.stat.skew = skew
	f.mu.Unlock()
	const text = "the clock of a rig that is followed is off; its positions are placed all the same"
	if skew != 0 && f.news(saidSkew, text, tell) {
		f.o.Log.Warn(text, "rig", m.Rig, "off", skew.Round(time.Second).String(), "code", fault.BusUntimely, "remedy", fault.BusUntimely.Remedy())
	}
}

// saids are what was said, and when last: CLOCK_BOOTTIME.
type saids [saidKinds]int64

// Kinds of what a Follower says, once a minute each.
const (
	saidLate = iota
	saidSkew
	saidLoop
	saidOwn
	saidKinds

	sayEvery = time.Minute
)

// news notes something in the receiver's status, and reports whether it is to be
// logged: not if that was done lately.
func (f *Follower) news(kind int, text string, tell func(gps.Event)) bool {
	now := f.now()
	if last := f.saids[kind]; last != 0 && now-last < int64(sayEvery) {
		return false
	}
	f.saids[kind] = now
	tell(gps.Notice{Text: text})
	return true
}

// A speaker is one run of one rig's process.
type speaker struct {
	rig, id     string
	incarnation uint64
}

// A line is what is known of who speaks. Several may, of a meta GPS or where two
// rigs have one name; one at a time is listened to.
type line struct {
	from    speaker
	heardNs int64 // when it spoke last, 0 for never
	past    []speaker

	sequence uint64
	stamp    int64 // when its last position was measured, by its steady clock; 0 is unknown
	timeNs   int64 // as it said itself
	basis    basis
	clock    senderClock

	lat, lon   float64 // of the last fix
	measuredNs int64
	moves      float64 // m/s, if it does not say its speed
}

// A basis is what a sender's messages say of when they were sent.
type basis int

const (
	basisNone basis = iota
	basisBoot       // a clock that is never set
	basisSent       // the time of day
	basisTime       // the time of day of the measurement
)

const (
	// patience is for how long somebody is silent before another one's word
	// counts.
	patience = 3 * time.Second
	maxPast  = 8
	// sameNs is how close two measurements are that are one: their ages are
	// counted before they are sent.
	sameNs = int64(10 * time.Millisecond)
)

// next reports whether a message is a new one of whom we listen to.
func (l *line) next(m Message, h *heard) bool {
	from := speaker{m.Rig, h.head.GetRigId(), h.head.GetIncarnation()}
	silent := time.Duration(m.ArrivedNs-l.heardNs) > patience
	sequence := h.head.GetSequence()
	switch {
	case l.heardNs == 0:
		l.begin(from)
	case from == l.from:
		// Numbers of one run go up; what somebody makes by hand may have no run.
		if sequence != 0 && sequence <= l.sequence && (!silent || from.incarnation != 0) {
			return false
		}
	case slices.Contains(l.past, from):
		if !silent {
			return false // it was on its way when its rig was started again
		}
		l.begin(from)
	case from.rig == l.from.rig && from.id == l.from.id || silent:
		l.begin(from)
	default:
		return false
	}
	l.sequence, l.heardNs = sequence, m.ArrivedNs
	return l.measured(h)
}

// begin listens to somebody else.
func (l *line) begin(from speaker) {
	past := l.past
	if l.heardNs != 0 {
		past = append(slices.DeleteFunc(past, func(s speaker) bool { return s == from }), l.from)
		past = past[max(0, len(past)-maxPast):]
	}
	*l = line{from: from, past: past}
}

// measured reports whether it is another measurement than the last.
func (l *line) measured(h *heard) bool {
	if h.timeNs != 0 && h.timeNs == l.timeNs {
		return false
	}
	l.timeNs = h.timeNs
	if boot := h.head.GetBootNs(); boot > 0 && boot <= mostBoot {
		stamp := boot - h.ageNs
		if l.stamp != 0 && stamp <= l.stamp+sameNs && l.stamp <= boot {
			return false
		}
		l.stamp = stamp
	}
	return true
}

// late returns how late a message came, and how far off that may be.
func (l *line) late(m Message, h *heard) (ns, errorNs int64) {
	sent, by := int64(0), basisNone
	switch {
	case h.head.GetBootNs() > 0:
		sent, by = h.head.GetBootNs(), basisBoot
	case h.head.GetSentNs() > 0:
		sent, by = h.head.GetSentNs(), basisSent
	case h.timeNs > 0:
		sent, by = h.timeNs+h.ageNs, basisTime
	}
	if by != l.basis {
		l.basis, l.clock = by, senderClock{}
	}
	return l.clock.late(sent, m.ArrivedNs, by == basisBoot)
}

// speed returns how fast a fix moves, as it says or as the last two show; 0 if
// that is not known.
func (l *line) speed(fix *gps.Fix) float64 {
	seconds := float64(fix.MeasuredNs-l.measuredNs) / 1e9
	if l.measuredNs != 0 && seconds > 0 && seconds < 10 {
		plane := gps.NewPlane(gps.LLA{Lat: l.lat, Lon: l.lon})
		at := plane.ToENU(gps.LLA{Lat: fix.Lat, Lon: fix.Lon})
		l.moves += (math.Hypot(at.E, at.N)/seconds - l.moves) / 2
	}
	l.lat, l.lon, l.measuredNs = fix.Lat, fix.Lon, fix.MeasuredNs
	if fix.SpeedMPS >= 0 { // not NaN
		return fix.SpeedMPS
	}
	return min(l.moves, maxMoves)
}

// maxMoves is faster than what people move with.
const maxMoves = 300 // m/s
