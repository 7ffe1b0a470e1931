package actors

import (
	"time"

	"github.com/sensord/sensord/capture"
)

// replanEvery is how often a link may be ended because the clock changed.
const replanEvery = 10 * time.Minute

// clockRules reports whether it is for us to say whose times the server keeps.
// What the user wrote counts, and a file's times are its own.
func (k *uplinkActor) clockRules() bool {
	_, theirs := k.state.cfg.Definition.Get("timestamp")
	return k.state.cfg.Type == capture.TypeLinuxWifi && !theirs
}

// lookAtClock ends the link when the server should keep the sensor's times and
// does not, or the other way round: it is told with the announcement only.
func (k *uplinkActor) lookAtClock(now time.Time) {
	known := k.rig.tracker.Track().Clock().Known()
	if !k.clockRules() || known == k.timed.Load() || k.planned || k.state.log.Closed() {
		return
	}
	if !k.changed.IsZero() && now.Sub(k.changed) < replanEvery {
		return
	}
	k.changed, k.planned = now, true
	if known {
		k.log.Info("the time is known now: connecting again, so that the server keeps the sensor's times")
	} else {
		k.log.Warn("the time is not known any more: connecting again, so that the server stamps frames on arrival")
	}
	k.task.cancel()
}

// copy is the server's copy of the position for this source, nil if it has none.
func (k *uplinkActor) copy() *copyState {
	name, _ := k.state.cfg.Definition.Get("metagps")
	return k.rig.copyOf(name)
}

// lookAtCopy ends a link on which the server was not told of its copy of the
// position, because there was no position: a 2023 server takes a copy that was
// never updated for a place on the equator.
func (k *uplinkActor) lookAtCopy() {
	if k.copied.Load() || k.planned || k.state.log.Closed() || !k.copy().isFresh() {
		return
	}
	k.planned = true
	k.log.Info("there is a position now: connecting again, so that the server uses its copy of it")
	k.task.cancel()
}
