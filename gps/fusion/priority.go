package fusion

import "time"

// takeBack is how long a better receiver must have been good before it is
// preferred again: a fix now and then is no reason to change.
const takeBack = 5 * time.Second

// standsBy reports whether a receiver only says how far it is off.
func (f *Filter) standsBy(slot int) bool { return f.o.Mode == Priority && slot != f.active }

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
		f.active = slot
		return
	case now.fresh(atNs):
		return
	}
	for i, o := range f.receivers { // a better one may be about to report
		if i != f.active && o.rank < r.rank && o.fresh(atNs) {
			return
		}
	}
	f.active = slot
	for i, n := range f.nodes {
		if i > 0 && n.role == roleApart && n.m.slot == slot && n.m.atNs > now.goodNs {
			n.role = roleUsed
			f.replay(i)
		}
	}
}
