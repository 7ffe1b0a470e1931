package bus

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// patience is how long a rig may say nothing: three reports, and half the time
// to the next.
func (r *rigHeard) patience() time.Duration { return fleetMissed*r.every + r.every/2 }

// presence says whether a rig is heard.
func (f *Fleet) presence(r *rigHeard, at time.Time) Presence {
	silent := at.Sub(r.heard)
	switch {
	case r.left:
		return PresenceLeft
	case silent > fleetGone:
		return PresenceGone
	case f.joined.IsZero():
		return PresenceExpected
	case r.live && !r.heard.Before(f.joined) && silent <= r.patience():
		return PresenceHeard
	}
	// Nothing is said against a rig before it had the time to report to us. One
	// that the bus has not heard of for long has it once, others three times: the
	// bus may have been away for all.
	waited := at.Sub(f.joined)
	if waited <= r.every+r.every/2 || waited <= r.patience() && (r.live || silent <= r.patience()) {
		return PresenceExpected
	}
	return PresenceSilent
}

// Settled reports whether every rig that the bus remembers was heard or had the
// time to be, and where it remembers none, whether all that there are had.
func (f *Fleet) Settled(at time.Time) bool {
	if f.joined.IsZero() {
		return false
	}
	for _, r := range f.rigs {
		p := f.presence(r, at)
		old := p == PresenceHeard && !r.reported.IsZero() && r.reported.Before(f.joined) // how it was, and not how it is
		if p == PresenceExpected || old && at.Sub(f.joined) <= r.every+r.every/2 {
			return false
		}
	}
	return f.remembered && len(f.rigs) > 0 || at.Sub(f.joined) > f.every+f.every/2
}

// alarms are what is wrong with a rig, the worst first: what it says itself, as
// long as it is heard, and what only who listens can tell.
func (f *Fleet) alarms(r *rigHeard, p Presence, skew time.Duration, at time.Time) []FleetAlarm {
	list := []FleetAlarm{}
	switch p {
	case PresenceLeft, PresenceGone:
		return list
	case PresenceSilent:
		if r.reported.IsZero() {
			return list // it never said that it would go on
		}
		return append(list, FleetAlarm{
			Error:  "silent since " + r.heard.UTC().Format("2006-01-02 15:04:05") + " UTC",
			Remedy: "see whether it runs, and reaches the bus: sensord status there", Bad: true,
		})
	}
	list = append(list, r.status.Alarms...)
	if p != PresenceHeard {
		return list
	}
	silent := at.Sub(r.heard) // what is silent altogether is soon told as that
	if !r.reported.IsZero() && at.Sub(r.reported) > r.patience() && at.Sub(f.joined) > r.patience() && silent <= r.every {
		list = append(list, FleetAlarm{
			Error:  "it is heard, and has not said how it is since " + r.reported.UTC().Format("15:04:05") + " UTC",
			Remedy: "see how it is: sensord status there",
		})
	}
	if r.turns > 1 && at.Sub(r.turned) <= r.patience() {
		list = add(list, fault.BusReplaced, "rig "+r.name, "two processes speak under this name, of rigs "+
			cmp.Or(r.before.rigID, "unknown")+" and "+cmp.Or(r.self.rigID, "unknown"), false)
	}
	if offset, known := r.clock.offset(); known && (offset-skew).Abs() > fleetUntimely {
		text := spanWords(offset-skew) + " ahead of the others'"
		if offset < skew {
			text = spanWords(skew-offset) + " behind the others', or what it says comes so late"
		}
		if skew == 0 {
			text = strings.Replace(text, "the others'", "this machine's", 1)
		}
		list = add(list, fault.BusUntimely, "clock", "it is "+text, true)
	}
	return list
}

// add adds what the rig has not said itself.
func add(list []FleetAlarm, code fault.Code, object, what string, harmless bool) []FleetAlarm {
	if slices.ContainsFunc(list, func(a FleetAlarm) bool { return a.Code == string(code) && (a.Object == object || object == "") }) {
		return list
	}
	return append(list, FleetAlarm{Code: string(code), Object: object, Error: what, Remedy: code.Remedy(), Harmless: harmless})
}

// skew is how far this machine's clock is off, as most of the rigs see it; 0 if
// they do not agree that it is, or are too few to say so.
func (f *Fleet) skew() time.Duration {
	var offsets []time.Duration
	for _, r := range f.rigs {
		if offset, known := r.clock.offset(); known {
			offsets = append(offsets, offset)
		}
	}
	const enough = 3
	if len(offsets) < enough {
		return 0
	}
	slices.Sort(offsets)
	middle := offsets[len(offsets)/2]
	agree := 0
	for _, o := range offsets {
		if (o - middle).Abs() <= fleetUntimely/2 {
			agree++
		}
	}
	if middle.Abs() <= fleetUntimely || 2*agree <= len(offsets) {
		return 0
	}
	return middle
}

// claims adds an alarm to both rigs where two that are heard have a source of
// one UUID.
func claims(rigs []FleetRig) {
	type owner struct{ rig, source int }
	owners := map[string][]owner{}
	for i := range rigs {
		if rigs[i].Presence != PresenceHeard {
			continue
		}
		for j := range rigs[i].Sources {
			if s := &rigs[i].Sources[j]; s.UUID != "" && s.Capture != "ended" {
				uuid := strings.ToLower(s.UUID)
				owners[uuid] = append(owners[uuid], owner{i, j})
			}
		}
	}
	for _, uuid := range slices.Sorted(maps.Keys(owners)) { // so that nothing changes where nothing does
		list := owners[uuid]
		for k, o := range list {
			other := slices.IndexFunc(list, func(p owner) bool { return p.rig != o.rig })
			if other < 0 {
				break
			}
			mine, theirs := &rigs[o.rig].Sources[o.source], &rigs[list[other].rig]
			alarms := &rigs[o.rig].Alarms
			if slices.ContainsFunc(*alarms, func(a FleetAlarm) bool {
				return a.Code == string(fault.BusClaimed) && strings.Contains(strings.ToLower(a.Object+a.Source+a.Error), strings.ToLower(mine.UUID))
			}) {
				continue // it knows
			}
			text := fmt.Sprintf("rig %s has a source of the same UUID, %s", theirs.Name, theirs.Sources[list[other].source].Name)
			if n := len(list) - 2; n > 0 && k < pb.MaxProblems {
				text += fmt.Sprintf(", and %d more", n)
			}
			*alarms = append(*alarms, FleetAlarm{
				Code: string(fault.BusClaimed), Source: mine.Name, Object: "uuid " + mine.UUID, Error: text, Remedy: fault.BusClaimed.Remedy(),
			})
		}
	}
}

// clockHeard is how far a sender's clock is off: the least that its messages
// were late within the last half to whole minute, so that delays do not count.
type clockHeard struct {
	now, before           int64 // nanoseconds
	nowKnown, beforeKnown bool
	since                 time.Time
}

func (c *clockHeard) heard(sentNs int64, at time.Time) {
	const half = 30 * time.Second
	if sentNs <= 0 {
		return
	}
	if at.Sub(c.since) > half {
		c.before, c.beforeKnown = c.now, c.nowKnown && at.Sub(c.since) <= 2*half
		c.nowKnown, c.since = false, at
	}
	late := at.UnixNano() - sentNs
	if !c.nowKnown || late < c.now {
		c.now, c.nowKnown = late, true
	}
}

// offset is the sender's clock minus ours, and the least delay.
func (c *clockHeard) offset() (time.Duration, bool) {
	switch {
	case c.nowKnown && c.beforeKnown:
		return -time.Duration(min(c.now, c.before)), true
	case c.nowKnown:
		return -time.Duration(c.now), true
	}
	return 0, false
}
