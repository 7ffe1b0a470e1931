package gps

import "math"

// An Instant is a position and the time at which it was right, on the clock of
// the track that it is from: CLOCK_BOOTTIME, or UTC. The zero Instant knows
// nothing.
type Instant struct {
	TimeNs   int64
	Position Position
	Known    bool
}

// Around returns the track's points before and after a time on CLOCK_BOOTTIME:
// the last that is not after it, and the first that is. They are as old as they
// are: unlike At, it has no limits. A fixed position is no point of the track.
func (t *Track) Around(boottimeNs int64) (before, after Instant) {
	if t == nil {
		return before, after
	}
	a, b := t.around(boottimeNs)
	return a.instant(), b.instant()
}

// AroundUTC is Around for what was not captured on this machine's clock: it
// asks the track of a replayed log, by nanoseconds since 1970.
func (t *Track) AroundUTC(utcNs int64) (before, after Instant) {
	if t == nil {
		return before, after
	}
	a, b := around(t.log, utcNs, nil)
	return a.instant(), b.instant()
}

// Ends returns the time of the newest point on CLOCK_BOOTTIME: what At says of a
// later one is only foreseen. It reports false where there is no point.
func (t *Track) Ends() (boottimeNs int64, ok bool) {
	if t == nil {
		return 0, false
	}
	return t.newest()
}

// EndsUTC is Ends for the track of a replayed log and AtUTC.
func (t *Track) EndsUTC() (utcNs int64, ok bool) {
	if t == nil || len(t.log) == 0 {
		return 0, false
	}
	return t.log[len(t.log)-1].timeNs, true
}

// instant returns what k says of its own time.
func (k *knot) instant() Instant {
	if k == nil {
		return Instant{}
	}
	i := Instant{TimeNs: k.timeNs}
	i.Known = i.Position.after(k, k.timeNs, math.Inf(1))
	return i
}

// reachMPS is the speed up to which a zone protects who is on the way to it or
// from it where positions are missing: faster than cars are, slower than
// airliners.
const reachMPS = 60

// Clears reports whether i proves that the sensor was in none of the zones at
// another time, before or after: whether at 60 m/s (216 km/h), or at twice its
// speed if that is more, it could not have come from there or got there.
func (i Instant) Clears(zones []Zone, ns int64) bool {
	if !i.Known {
		return false
	}
	speed := float64(reachMPS)
	if s := 2 * i.Position.SpeedMPS; s > speed {
		speed = s
	}
	way := speed * math.Abs(float64(ns)-float64(i.TimeNs)) * 1e-9
	for _, z := range zones {
		if !(z.ClearanceM(i.Position) > way) {
			return false
		}
	}
	return true
}
