package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/internal/fault"
)

// rivalAgain is how often it is looked whether the other rig is gone.
const rivalAgain = time.Second

// giveWay waits instead of dialling: the server would take this source in the
// place of another rig's, which had the UUID first. What is captured is kept.
func (k *uplinkActor) giveWay(ctx actor.Context, why error) {
	if fault.CodeOf(k.state.link.Load().Err) != fault.CodeOf(why) {
		k.log.Warn("not linked while another rig has this source", "err", why, "code", fault.CodeOf(why), "remedy", fault.RemedyOf(why))
	}
	k.update(func(s *LinkStatus) { s.Err = why })
	k.again(ctx, rivalAgain)
}

// lookAtRival ends the link when another rig turns out to have had the source
// before: the bus may be joined later than the server.
func (k *uplinkActor) lookAtRival() {
	if !k.planned && k.rig.rival(k.state.uuid(), k.state.cfg.Name) != nil {
		k.reconnect(rivalAgain)
	}
}
