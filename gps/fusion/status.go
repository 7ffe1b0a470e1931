package fusion

import (
	"math"
	"time"
)

// State says what a receiver does for the track.
type State string

// States of a receiver.
const (
	StateSearching State = "searching" // it says that it has no fix
	StateUsed      State = "used"      // its fixes make the track
	StateStandby   State = "standby"   // its fixes are good, and another one has priority
	StateRejected  State = "rejected"  // its last position was not believed
	StateStale     State = "stale"     // nothing came lately
)

// Status is a view of a Filter at one time.
type Status struct {
	Active    string // the receiver that makes the track, gps.FusedName if several do, "" if none
	Receivers []Receiver
}

// A Receiver is what the Filter knows of one receiver. Numbers that are not
// known are NaN.
type Receiver struct {
	Name  string
	Of    string // the configured receiver that it is a device of, else Name
	State State
	Why   string // the last reason for a fix that was not believed or used
	WhyNs int64  // when that fix was true, on the clock of the track

	Accepted uint64 // positions that were believed
	Rejected uint64 // positions that were not
	Unused   uint64 // fixes of no use: too late, too many, in doubt, out of this world

	LastNs    int64   // when its newest report was true, on the clock of the track
	OffsetM   float64 // horizontal distance of its positions from the track, as it is estimated
	AccuracyM float64 // 95 % radius as the receiver claims it
	Scale     float64 // by what that is multiplied, because others contradicted it
}

// Status returns what the Filter knows at nowNs, on the clock of the track.
func (f *Filter) Status(nowNs int64) Status {
	var s Status
	var newest *node
	if k := len(f.nodes); k > 0 {
		newest = f.nodes[k-1]
		if nowNs-newest.m.atNs <= int64(lately) {
			s.Active = f.name(newest)
		}
	}
	for i, r := range f.receivers {
		v := Receiver{
			Name: r.name, Of: r.of, State: f.state(i, nowNs), Why: r.why, WhyNs: r.whyNs,
			Accepted: r.accepted, Rejected: r.rejected, Unused: r.unused,
			LastNs: r.heardNs, OffsetM: math.NaN(), AccuracyM: r.claimed, Scale: math.Sqrt(r.scale),
		}
		if b := rowBias + i; newest != nil && r.isGood && b < newest.e.n {
			v.OffsetM = math.Hypot(newest.e.x[0][b], newest.e.x[1][b])
		}
		s.Receivers = append(s.Receivers, v)
	}
	return s
}

func (f *Filter) state(slot int, nowNs int64) State {
	r := f.receivers[slot]
	switch {
	case nowNs-r.heardNs > int64(max(lately, time.Duration(2*r.interval*float64(time.Second)))):
		return StateStale
	case r.searching:
		return StateSearching
	case r.jump.count > 0 || r.refused:
		return StateRejected
	case f.standsBy(slot):
		return StateStandby
	}
	return StateUsed
}
