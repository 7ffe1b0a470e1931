package gpstest

import (
	"math"
	"math/rand/v2"
)

// A pace is how somebody drives: m/s and m/s².
type pace struct{ limit, accel, brake, lateral float64 }

// Paces. Accelerations are those of ordinary drivers: up to 2.5 m/s² when
// braking, 2.4 sideways in a town, less on a motorway and far less on a ship.
var (
	inTown     = pace{50 / 3.6, 1.8, 2.2, 2.4}
	inBackRoad = pace{30 / 3.6, 1.5, 2.0, 2.2}
	onMotorway = pace{120 / 3.6, 1.2, 2.0, 1.8}
	inGarage   = pace{12 / 3.6, 1.0, 1.5, 1.5}
	onShip     = pace{12.5, 0.06, 0.05, 0.15}
	onFoot     = pace{1.4, 0.8, 0.8, 0.9}
)

func (p pace) at(limit float64) pace {
	p.limit = limit
	return p
}

// A piece of road has a curvature, in 1/m, clockwise is positive, that changes
// evenly over its length: a straight, an arc, or a clothoid between two.
type piece struct {
	length   float64
	from, to float64
	pace     pace
}

// A halt is a stop for some seconds.
type halt struct{ at, seconds float64 }

// A sky is how well satellites are seen from some place on: errors that change
// slowly grow by the factor; +Inf is a roof. A receiver whose view goes away
// creeps from the truth for some seconds before it notices.
type sky struct{ at, factor, creep float64 }

// A road is what a truth follows.
type road struct {
	rng    *rand.Rand
	pace   pace
	length float64
	gridM  float64 // between places whose speed is planned, metres

	pieces []piece
	halts  []halt
	skies  []sky

	weaveM, weaveLength float64 // how far a driver sways in the lane, and how long that is
	weavePhase          float64
	hilly               float64 // height of hills, metres
}

func newRoad(rng *rand.Rand, p pace) *road {
	r := &road{rng: rng, pace: p, weaveM: 0.15, weaveLength: 8*p.limit + 20, hilly: 6, gridM: 0.5}
	r.weavePhase = r.between(0, 2*math.Pi)
	return r
}

// between is a random number in a range.
func (r *road) between(lo, hi float64) float64 { return lo + (hi-lo)*r.rng.Float64() }

func (r *road) add(length, from, to float64) {
	r.pieces = append(r.pieces, piece{length, from, to, r.pace})
	r.length += length
}

func (r *road) straight(length float64) { r.add(length, 0, 0) }

// turn is a bend by some degrees, clockwise is positive, that is entered and
// left as roads are built: over clothoids, as long as the sideways jerk of
// 1.5 m/s³ needs.
func (r *road) turn(radius, byDegrees float64) {
	angle, k := radians(math.Abs(byDegrees)), math.Copysign(1/radius, byDegrees)
	v := min(r.pace.limit, math.Sqrt(r.pace.lateral*radius))
	lead := min(v*v*v/(radius*1.5), 0.9*angle*radius)
	r.add(lead, 0, k)
	r.add(angle*radius-lead, k, k)
	r.add(lead, k, 0)
}

func (r *road) halt(seconds float64) { r.halts = append(r.halts, halt{r.length, seconds}) }

func (r *road) sky(factor, creep float64) { r.skies = append(r.skies, sky{r.length, factor, creep}) }

// roof hides the sky from here on, after it was creep seconds in doubt.
func (r *road) roof(creep float64) { r.sky(math.Inf(1), creep) }

// seconds is about how long the road takes without halts, a bound from below.
func (r *road) seconds() float64 {
	var t float64
	for _, p := range r.pieces {
		t += p.length / p.pace.limit
	}
	for _, h := range r.halts {
		t += h.seconds
	}
	return t
}

// curve is the curvature along the road, found by who goes forward on it.
type curve struct {
	r     *road
	piece int
	start float64 // of the piece
}

// at returns the curvature and the piece at a place not before the last one.
func (c *curve) at(s float64) (float64, piece) {
	for c.piece < len(c.r.pieces)-1 && s >= c.start+c.r.pieces[c.piece].length {
		c.start += c.r.pieces[c.piece].length
		c.piece++
	}
	p := c.r.pieces[c.piece]
	share := min(max((s-c.start)/p.length, 0), 1)
	k := p.from + (p.to-p.from)*share
	w := 2 * math.Pi / c.r.weaveLength
	return k + c.r.weaveM*w*w*math.Sin(w*s+c.r.weavePhase), p
}
