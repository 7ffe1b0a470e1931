package actors

import (
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames"
)

// replanEvery is how often a link may be ended because the clock changed.
const replanEvery = 10 * time.Minute

// clockRules reports whether it is for us to say whose times the server keeps.
// What the user wrote counts, and a file's times are its own.
func (k *uplinkActor) clockRules() bool {
	_, theirs := k.state.cfg.Definition.Get("timestamp")
	return k.state.cfg.Type == capture.TypeLinuxWifi && !theirs
}

// ownTimes reports whether the server should keep the sensor's times: they are
// known, or, backlog, frames wait that it would stamp with a time that is wrong
// by all of their wait, and this machine's clock is nearer to the truth.
func (k *uplinkActor) ownTimes() (own, backlog bool) {
	if k.rig.tracker.Track().Clock().Known() {
		return true, false
	}
	b := k.state.log.Backlog()
	backlog = (b.Spilled || b.Age > frames.LateAfter) && k.rig.plausible()
	return backlog, backlog
}

// lookAtClock ends the link when the server should keep the sensor's times and
// does not, or the other way round: it is told with the announcement only.
func (k *uplinkActor) lookAtClock(now time.Time) {
	own, backlog := k.ownTimes()
	switch {
	case !k.clockRules(), own == k.timed.Load(), k.planned, k.state.log.Closed():
		return
	case !own && k.lent.Load() && k.rig.plausible():
		return // for frames that waited, which have left; the next link will see
	case !backlog && !k.changed.IsZero() && now.Sub(k.changed) < replanEvery:
		return // but what waits has waited long enough, and the next link will take it
	}
	k.changed = now
	switch {
	case backlog:
		k.log.Warn("kept frames wait, and the time is not known: connecting again, so that the server takes them with the times of this machine's clock",
			"code", fault.SpoolClock, "remedy", fault.SpoolClock.Remedy())
	case own:
		k.log.Info("the time is known now: connecting again, so that the server keeps the sensor's times")
	default:
		k.log.Warn("the time is not known any more: connecting again, so that the server stamps frames on arrival")
	}
	k.reconnect(uplink.Settle())
}

// reconnect ends the link, or the attempt at one, to make another after a wait.
func (k *uplinkActor) reconnect(after time.Duration) {
	k.planned, k.next = true, after
	k.task.cancel()
}

// copy is the server's copy of the position for this source, nil if it has none.
func (k *uplinkActor) copy() *copyState {
	if k.server != 0 {
		return nil // there frames carry their position
	}
	return k.rig.copyOf(metaName(k.state.cfg))
}

// metaName is the meta GPS that the server is to locate a source by, "" for none.
func metaName(cfg configs.Source) string {
	name, _ := cfg.Definition.Get("metagps")
	return name
}

// lookAtCopy ends a link on which the server was not told of its copy of the
// position, because there was no position: a 2023 server takes a copy that was
// never updated for a place on the equator.
func (k *uplinkActor) lookAtCopy() {
	if k.copied.Load() || k.planned || k.state.log.Closed() || !k.copy().isFresh() {
		return
	}
	k.log.Info("there is a position now: connecting again, so that the server uses its copy of it")
	k.assured = true // a line on which that takes longer than an announcement waits would go on for ever
	k.reconnect(uplink.Settle())
}
