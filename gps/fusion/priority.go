package fusion

import (
	"math"
	"time"
)

const (
	// apartShare is how much room an offset from the track is given, in variances
	// of the track, while a receiver stands by: it must be told from the receiver's
	// error, whatever that is.
	apartShare = 9.0
	// glideTau is within how many seconds that room, and with it the offset, goes
	// when the receiver takes over.
	glideTau = 15.0
)

// takeBack is how long a better receiver must have been good before it is
// preferred again: a fix now and then is no reason to change.
const takeBack = 5 * time.Second

// standsBy reports whether a receiver only says how far it is off.
func (f *Filter) standsBy(slot int) bool { return f.o.Mode == Priority && slot != f.active }

// room is what is added to the variance of a receiver's lasting error, and to
// that of its height, so that the track goes on where it was when the receiver
// takes over.
func (f *Filter) room(slot int, atNs int64) (place, up float64) {
	switch {
	case f.o.Mode != Priority || len(f.nodes) == 0:
		return 0, 0
	case f.standsBy(slot):
		n := f.nodes[len(f.nodes)-1]
		return apartShare * n.e.p[rowPos][rowPos], apartShare * n.up.p[rowPos][rowPos]
	}
	left := math.Exp(-math.Max(seconds(atNs-f.electedNs), 0) / glideTau)
	return f.glide[0] * left, f.glide[1] * left
}

// prefer makes a receiver the one that has priority.
func (f *Filter) prefer(slot int, atNs int64) {
	f.glide[0], f.glide[1] = f.room(slot, atNs)
	f.electedNs = atNs
	f.active = slot
}

// elect chooses the receiver that has priority at a time, when the one of slot
// reports. A receiver that takes over has been compared with the other one all
// the while, so nothing steps; and what it said since the other fell silent is
// used now.
func (f *Filter) elect(slot int, atNs int64) {
	if f.o.Mode != Priority || slot == f.active {
		return
	}
	now, r := f.receivers[f.active], f.receivers[slot]
	switch {
	case !r.fresh(atNs):
		return
	case r.rank < now.rank && atNs-r.goodSince >= int64(takeBack):
		f.prefer(slot, atNs)
		return
	case now.fresh(atNs):
		return
	}
	for i, o := range f.receivers { // a better one may be about to report
		if i != f.active && o.rank < r.rank && o.fresh(atNs) {
			return
		}
	}
	f.prefer(slot, atNs)
	for i, n := range f.nodes {
		if i > 0 && n.role == roleApart && n.m.slot == slot && n.m.atNs > now.goodNs {
			n.role = roleUsed
			f.replay(i)
		}
	}
}
