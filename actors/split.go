package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

// splitter parts one list of channels among the rig's radios that asked for it.
type splitter struct {
	members []HopJoin // in the order of the configuration, so that shares are stable
}

func (s *splitter) join(m HopJoin) {
	s.leave(m.Source)
	s.members = append(s.members, m)
	slices.SortFunc(s.members, func(a, b HopJoin) int { return a.Source.index - b.Source.index })
}

func (s *splitter) leave(source *sourceState) {
	s.members = slices.DeleteFunc(s.members, func(m HopJoin) bool { return m.Source == source })
}

// share tells every member its part of the union of all their lists.
func (s *splitter) share(send func(*actor.PID, any)) {
	var all []capture.Channel
	radios := make([]hop.SplitRadio, len(s.members))
	for i, m := range s.members {
		radios[i] = hop.SplitRadio{Channels: m.Channels, Period: m.Period, Switch: m.Switch}
		all = append(all, m.Channels...) // Split counts each once
	}
	shares, _ := hop.Split(all, radios) // of the union nothing is left over
	for i, share := range shares {
		send(s.members[i].Hopper, HopShare{Share: share})
	}
}
