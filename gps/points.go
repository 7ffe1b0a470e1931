package gps

import (
	"math"
	"time"
)

// Points appends to dst the points of the track from the last one at or before
// fromNs up to the last one at or before toNs, on CLOCK_BOOTTIME, and returns
// the longer slice. A Builder with the track's Options and all of its points
// makes the same track again, within the precision that a track has.
func (t *Track) Points(dst []Point, fromNs, toNs int64) []Point {
	if t == nil {
		return dst
	}
	lists := [...][]knot{t.old, t.recent, t.tip}
	first, from := 0, 0 // the last knot that is not after fromNs
	for i, l := range lists {
		if len(l) > 0 && l[0].timeNs <= fromNs {
			first, from = i, find(l, fromNs)
		}
	}
	for i := first; i < len(lists); i++ {
		for ; from < len(lists[i]); from++ {
			if lists[i][from].timeNs > toNs {
				return dst
			}
			dst = append(dst, lists[i][from].point())
		}
		from = 0
	}
	return dst
}

// Begins returns the time of the oldest point, on CLOCK_BOOTTIME in
// nanoseconds, and false if there is none.
func (t *Track) Begins() (ns int64, ok bool) {
	if t == nil {
		return 0, false
	}
	for _, l := range [...][]knot{t.old, t.recent, t.tip} {
		if len(l) > 0 {
			return l[0].timeNs, true
		}
	}
	return 0, false
}

// Fixed returns the position that is used where the track has none, and false
// if there is none.
func (t *Track) Fixed() (p Position, ok bool) {
	if t == nil || t.fixed == nil {
		return p, false
	}
	return *t.fixed, true
}

// Options returns how far the track may be trusted. How much is kept of it is
// not known to a track, and left out.
func (t *Track) Options() TrackOptions {
	if t == nil {
		return TrackOptions{}
	}
	return TrackOptions{Predict: time.Duration(t.predictNs), LimitM: t.limit}
}

// point is what newKnot made k from.
func (k *knot) point() Point {
	p := Point{
		TimeNs: k.timeNs, AltMSL: float64(k.alt), Receiver: k.receiver,
		Lat:     math.Atan2(k.up.z, math.Sqrt(k.up.x*k.up.x+k.up.y*k.up.y)) * radian,
		Lon:     math.Atan2(k.up.y, k.up.x) * radian,
		VelEast: math.NaN(), VelNorth: math.NaN(), CourseDeg: math.NaN(),
		AccuracyM: float64(k.accuracy), VelAccuracyMPS: math.NaN(), AccelMPS2: float64(k.accel),
	}
	if k.drifts {
		return p
	}
	a, v := axesAt(p.Lat, p.Lon), k.velocity()
	east, north := curvatures(k.up.z)
	p.VelEast, p.VelNorth = v.dot(a.east)*east, v.dot(a.north)*north
	p.VelAccuracyMPS = float64(k.velAccuracy)
	if !k.stands {
		p.CourseDeg = math.Mod(math.Atan2(p.VelEast, p.VelNorth)*radian+360, 360)
	}
	return p
}
