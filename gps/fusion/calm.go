package fusion

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// A calm watches whether a receiver says that it stands.
type calm struct {
	since int64 // it said nothing else since then
	at    gps.ECEF
	on    bool
	mute  bool // its zero is no speed: it moved meanwhile

	last        int64
	speed       float64 // averaged, m/s
	east, north float64 // the same of the velocity, where that has a course
}

// A pose is what a fix says of moving.
type pose uint8

const (
	poseUnknown pose = iota // nothing, or it creeps, or is too noisy to tell
	poseStands
	poseMoves
)

// watch takes what a receiver says of its speed, and where; noise is the
// variance of that speed along an axis. It averages out of a velocity that has a
// course; creeping along does not.
func (c *calm) watch(m *measurement, noise float64) pose {
	switch {
	case m.speed >= courseSure:
		*c = calm{}
		return poseMoves
	case math.IsNaN(m.speed):
		return poseUnknown
	case !c.on:
		*c = calm{on: true, mute: c.mute, since: m.atNs, at: m.ecef, last: m.atNs, speed: m.speed, east: m.east, north: m.north}
	}
	share := -math.Expm1(-math.Abs(seconds(m.atNs-c.last)) / calmSeconds)
	c.last = m.atNs
	c.speed += share * (m.speed - c.speed)
	c.east += share * (m.east - c.east)
	c.north += share * (m.north - c.north)
	drift := c.speed
	if m.course {
		drift = math.Hypot(c.east, c.north)
	}
	switch {
	case c.mute:
		return poseUnknown
	case m.speed*m.speed > 9*noise:
		return poseMoves
	case drift > creeping || m.atNs-c.since < int64(calmAfter):
		return poseUnknown
	}
	return poseStands
}

// move compares that with a position that is believed. Many clients post a
// speed of 0 because they know none.
func (c *calm) move(at gps.ECEF, atNs int64, accuracy float64) {
	if !c.on {
		return
	}
	d := apart(at, c.at)
	if d <= strayM+strayShare*accuracy {
		return
	}
	if d > 2*courseSure*seconds(atNs-c.since) {
		c.mute = true
	}
	c.since, c.at = atNs, at
}
