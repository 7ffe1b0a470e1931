package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/gps"
)

// navigator owns where the rig is: it publishes the track that everybody
// reads. Today that is the one position the user gave.
type navigator struct {
	tracker *gps.Tracker
	fixed   *gps.Position
}

// Receive implements actor.Actor.
func (n *navigator) Receive(ctx actor.Context) {
	if _, ok := ctx.Message().(*actor.Started); ok {
		n.publish()
	}
}

// publish makes known what is known. The rig calls it once before any actor
// runs: the first frame has to have its position too.
func (n *navigator) publish() {
	if n.fixed != nil {
		n.tracker.Publish(gps.FixedTrack(*n.fixed))
	}
}
