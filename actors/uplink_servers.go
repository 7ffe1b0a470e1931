package actors

import (
	"context"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/uplink"
)

// lookedAt says whether the first server is alive.
type lookedAt struct {
	task  *task
	alive bool
}

// lookLimit bounds a look at the first server.
const lookLimit = 15 * time.Second

// hopeless reports whether only a person can change that no server takes us.
func (k *uplinkActor) hopeless() bool {
	return !slices.ContainsFunc(k.faults, func(err error) bool { return !uplink.Final(err) })
}

// lookAtFirst sees, while frames flow to another server, whether the first is
// back.
func (k *uplinkActor) lookAtFirst(ctx actor.Context) {
	if k.planned || !k.look.ended() || !k.servers.ReturnDue(time.Now()) {
		return
	}
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	first := k.rig.dialers[0]
	k.look = startTask(func(work context.Context, t *task) {
		work, cancel := context.WithTimeout(work, lookLimit)
		defer cancel()
		err := first.Probe(work)
		send(self, lookedAt{t, err == nil})
	})
}

func (k *uplinkActor) lookedAt(m lookedAt) {
	if m.task != k.look || !k.servers.Looked(m.alive, time.Now()) {
		return
	}
	k.log.Info("the first server is back: connecting to it again", "server", k.rig.dialers[0].Server.URL())
	if k.state.link.Load().State == LinkWaiting {
		return // the link was ended already, and the next one goes there
	}
	k.reconnect(uplink.Settle())
}

// networkChanged makes the most of another network: what waits dials now, what
// dials begins again, and a link has to show that it lives.
func (k *uplinkActor) networkChanged(ctx actor.Context, reason string) {
	if k.planned {
		return
	}
	state := k.state.link.Load().State
	if state != LinkAnnounced { // that link is Current's, and stays so
		k.servers.NetworkChanged(time.Now())
	}
	switch {
	case state == LinkWaiting:
		if k.timer.Stop() {
			k.log.Info("the network changed: connecting now", "reason", reason)
			k.dial(ctx)
		}
	case state == LinkDialling:
		k.reconnect(0)
	case k.live == nil:
	case !uplink.HasAddress(k.live.LocalAddr()):
		k.log.Warn("the address that the link went out from is gone: connecting again", "address", k.live.LocalAddr().String(), "reason", reason)
		k.reconnect(0)
	default:
		k.live.Ask()
	}
}
