package actors

import (
	"cmp"
	"strings"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// GPSStatus is what is known of where the rig is, and from whom.
type GPSStatus struct {
	Receivers []ReceiverStatus
	Fusion    fusion.Status
	Unplaced  error // why there is no position although a receiver has a fix
	Clock     gps.ClockState
	Copies    []CopyStatus // of positions on the server, for metagps= and of bridges
	Web       string       // where positions can be posted, "" while nowhere
	WebErr    error        // why nowhere, if they should be
}

// ReceiverStatus is one receiver at one moment.
type ReceiverStatus struct {
	Name           string
	Type           configs.ReceiverType
	Object, Detail string // for people: what it is, and more of it
	State          ReceiverState
	Err            error         // why it has no fix; nil if it has
	Fix            gps.Fix       // the last, with a position or without
	Age            time.Duration // since the last fix with a position, if there was one
	Interval       time.Duration // from one fix to the next, 0 before the second
	Latency        time.Duration // from a fix's time to its arrival, if LatencyKnown
	LatencyKnown   bool
	Fixes          uint64 // with a position
	Skipped        uint64 // that came too fast to be used
	Satellites     []gps.Satellite
	Notice         string // what it said last
}

// ReceiverState says how far a receiver is.
type ReceiverState int

// Receiver states.
const (
	ReceiverConnecting ReceiverState = iota // nothing has come yet
	ReceiverAway                            // not there, or not to be reached; tried again
	ReceiverSearching                       // it speaks, and had no fix yet
	ReceiverFix                             // it knows where it is
	ReceiverStale                           // it did
)

// String returns the state in a word.
func (s ReceiverState) String() string {
	switch s {
	case ReceiverAway:
		return "away"
	case ReceiverSearching:
		return "searching"
	case ReceiverFix:
		return "fix"
	case ReceiverStale:
		return "stale"
	}
	return "connecting"
}

// CopyStatus is the server's copy of a position: of the rig's for one metagps=
// name, or of what a bridge hears on the bus.
type CopyStatus struct {
	Name    string
	From    string // who says it on the bus, as "bus rover-1"; "" is the rig's own
	Exists  bool   // on the server
	Updates uint64 // that the server took
	Stale   bool   // there is no position to tell
	Err     error  // why the last update did not get through
}

// gpsStatus collects it.
func (s *shared) gpsStatus() GPSStatus {
	g := GPSStatus{Clock: s.tracker.Track().Clock()}
	if f := s.navigation.fusion.Load(); f != nil {
		g.Fusion = *f
	}
	for _, r := range s.receivers {
		status := r.status()
		if l := r.latency.Load(); l != nil {
			status.Latency, status.LatencyKnown = *l, true
		}
		g.Receivers = append(g.Receivers, status)
	}
	for _, c := range s.copies {
		g.Copies = append(g.Copies, c.now())
	}
	if a := s.webAddress.Load(); a != nil {
		g.Web = *a
	} else if err := s.webErr.Load(); err != nil {
		g.WebErr = *err
	}
	return g
}

// Fused is what fusion makes of a receiver, of all its devices together. What
// there is one of only, such as the state, is that of the device heard last. Why
// is the last reason of all, with the device if that is not the first. It
// reports false where fusion has heard nothing of the receiver.
func (g *GPSStatus) Fused(name string) (all fusion.Receiver, heard bool) {
	for i := range g.Fusion.Receivers {
		f := g.Fusion.Receivers[i]
		if cmp.Or(f.Of, f.Name) != name {
			continue
		}
		if f.Why != "" && f.Name != name {
			f.Why = strings.TrimPrefix(f.Name, name+" ") + ": " + f.Why
		}
		if !heard {
			all, heard = f, true
			continue
		}
		before := all
		if f.LastNs > before.LastNs {
			all = f
		}
		all.Why, all.WhyNs = before.Why, before.WhyNs
		if f.Why != "" && (before.Why == "" || f.WhyNs > before.WhyNs) {
			all.Why, all.WhyNs = f.Why, f.WhyNs
		}
		all.Accepted = before.Accepted + f.Accepted
		all.Rejected = before.Rejected + f.Rejected
		all.Unused = before.Unused + f.Unused
	}
	all.Name, all.Of = name, name
	return all, heard
}
