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
