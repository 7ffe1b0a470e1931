package gps

import "math"

// A knot is a point as a track holds it. The place is the unit vector that
// stands upright there, so that between two of them nothing is special at a
// pole or at the antimeridian, and nothing has to be converted but the answer.
// It carries what belongs to the stretch from the knot before it.
type knot struct {
	timeNs   int64
	up       vec
	receiver string

	turn               [3]float32 // how up changes per second
	alt                float32    // metres above mean sea level, NaN if unknown
	accuracy           float32    // 95 % radius, metres
	velAccuracy, accel float32    // how it grows with time

	apart float32 // how many metres more than they can be the two knots' words differ

	drifts   bool // the velocity is not known
	stands   bool // it has no course
	straight bool // the stretch before it is a straight line: velocities do not fit, or are not known
}

const (
	// A velocity that is not known is below this, as a car's on a motorway.
	unknownSpeedMPS = 50
	// What is faster is a mistake: receivers must not work above 515 m/s.
	maxSpeedMPS = 1000
	// An acceleration that is not known is below what tyres can do.
	unknownAccelMPS2 = 10

	maxAccuracyM = 1e9

	earthM = 6371000 // mean radius, for lengths of which only the size matters
)

// newKnot reports false for a point without a place or an accuracy, and for
// times that are no times.
func newKnot(p *Point) (knot, bool) {
	const never = 1 << 62 // 146 years
	if p.TimeNs < -never || p.TimeNs > never {
		return knot{}, false
	}
	if !(math.Abs(p.Lat) <= 90) || !(math.Abs(p.Lon) <= 360) || !(p.AccuracyM >= 0) {
		return knot{}, false
	}
	a := axesAt(p.Lat, p.Lon)
	k := knot{
		timeNs: p.TimeNs, up: a.up, receiver: p.Receiver, alt: float32(p.AltMSL),
		accuracy: float32(min(p.AccuracyM, maxAccuracyM)),
		accel:    unknownAccelMPS2,
		stands:   math.IsNaN(p.CourseDeg),
	}
	if p.AccelMPS2 >= 0 {
		k.accel = float32(min(p.AccelMPS2, maxAccuracyM))
	}
	if !(math.Hypot(p.VelEast, p.VelNorth) <= maxSpeedMPS) || !(p.VelAccuracyMPS >= 0) {
		k.drifts, k.velAccuracy = true, unknownSpeedMPS
		return k, true
	}
	k.velAccuracy = float32(min(p.VelAccuracyMPS, maxAccuracyM))
	east, north := curvatures(k.up.z)
	v := a.east.scale(p.VelEast / east).add(a.north.scale(p.VelNorth / north))
	k.turn = [3]float32{float32(v.x), float32(v.y), float32(v.z)}
	return k, true
}

// curvatures returns the radii in which the ellipsoid is bent to the east and
// to the north, in metres, where up has that z: the sine of the latitude.
func curvatures(z float64) (east, north float64) {
	w := 1 - wgs84E2*z*z
	east = wgs84A / math.Sqrt(w)
	return east, east * (1 - wgs84E2) / w
}

func (k *knot) velocity() vec {
	return vec{float64(k.turn[0]), float64(k.turn[1]), float64(k.turn[2])}
}

// follow works out what the stretch from a to k is like. How far the two places
// are apart is compared with what the velocities say: with an acceleration of
// at most x they differ by x·t²/4.
func (k *knot) follow(a *knot) {
	k.apart, k.straight = 0, a.drifts || k.drifts
	if k.straight {
		return
	}
	dt := seconds(k.timeNs - a.timeNs)
	between := a.velocity().add(k.velocity()).scale(dt / 2)
	miss := k.up.sub(a.up).sub(between).norm() * earthM
	can := float64(a.accuracy) + float64(k.accuracy) + float64(a.velAccuracy+k.velAccuracy)*dt/2 +
		float64(max(a.accel, k.accel))*dt*dt/4
	if miss > can {
		k.apart, k.straight = float32(miss-can), true
	}
}

func seconds(ns int64) float64 { return float64(ns) * 1e-9 }

// around returns the last knot of a list that is not after a time, nil if there
// is none, and the one that follows: behind the list's last that is next.
func around(l []knot, ns int64, next *knot) (a, b *knot) {
	if len(l) == 0 {
		return nil, next
	}
	if ns < l[0].timeNs {
		return nil, &l[0]
	}
	n := find(l, ns)
	if n+1 < len(l) {
		next = &l[n+1]
	}
	return &l[n], next
}

// find returns the last knot that is not after ns; the first is not. Knots come
// at a steady pace, so it looks first where the one should be if they did.
func find(l []knot, ns int64) int {
	lo, hi := 0, len(l)-1
	if ns >= l[hi].timeNs {
		return hi
	}
	// From here on l[lo] is not after ns, and l[hi] is.
	guess := int(float64(hi) * (float64(ns-l[0].timeNs) / float64(l[hi].timeNs-l[0].timeNs)))
	guess = min(max(guess, lo), hi)
	if l[guess].timeNs <= ns {
		lo = guess
		for step := 1; lo+step < hi; step *= 2 {
			if l[lo+step].timeNs > ns {
				hi = lo + step
				break
			}
			lo += step
		}
	} else {
		hi = guess
		for step := 1; hi-step > lo; step *= 2 {
			if l[hi-step].timeNs <= ns {
				lo = hi - step
				break
			}
			hi -= step
		}
	}
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) / 2); l[mid].timeNs <= ns {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
