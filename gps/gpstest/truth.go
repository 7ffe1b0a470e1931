package gpstest

import (
	"math"
	"time"
)

// A Truth is where something was, as a smooth function of time: position, speed
// and course have no steps.
type Truth struct {
	nodes []node
	geoid float64 // height of the mean sea level above the ellipsoid, metres
	views []view
	right vec // the direction that is east where it begins
}

// nodeS is how many seconds lie between nodes: between them the cubic through
// places and velocities is off by micrometres.
const nodeS = every * tick

// every is how many ticks a node stands for.
const every = 5

// A node is the truth at one instant.
type node struct {
	at, velocity, ahead vec // metres, m/s, a direction
	turn                float64
}

// A view is how the sky is seen from some time on.
type view struct {
	from          time.Duration
	factor, creep float64
}

// drive follows the road from a place for at most some seconds.
func (r *road) drive(lat, lon, courseDeg, seconds float64) *Truth {
	base, geoid := r.between(20, 200), 40.0
	const l1, l2 = 1900 / (2 * math.Pi), 730 / (2 * math.Pi) // of two rows of hills
	slope := func(s float64) float64 { return r.hilly * (math.Cos(s/l1)/l1 + 0.4*math.Cos(s/l2)/l2) }
	v := r.speeds(seconds)
	c := curve{r: r}
	t := &Truth{geoid: geoid}

	p := fromLLA(lat, lon, base+geoid)
	east, north, up := axes(lat, lon)
	t.right = east
	sin, cos := math.Sincos(radians(courseDeg))
	ahead := east.times(sin).plus(north.times(cos))
	var s, k float64
	seen := 0
	for i := range v {
		for seen < len(r.skies) && s >= r.skies[seen].at {
			from := time.Duration(float64(i) * tick * float64(time.Second))
			t.views = append(t.views, view{from, r.skies[seen].factor, r.skies[seen].creep})
			seen++
		}
		if i%every == 0 {
			k, _ = (&curve{r: r, piece: c.piece, start: c.start}).at(s)
			t.nodes = append(t.nodes, node{p, ahead.times(v[i]).plus(up.times(slope(s) * v[i])), ahead, k * v[i]})
		}
		if i+1 == len(v) {
			break
		}
		if v[i]+v[i+1] == 0 {
			continue
		}
		step := (v[i] + v[i+1]) / 2 * tick
		k, _ = c.at(s + step/2)
		half := k * step / 2
		ahead = bend(ahead, up, half)
		p = p.plus(ahead.times(step)).plus(up.times(slope(s+step/2) * step))
		up = upAt(p)
		ahead = bend(ahead, up, half)
		s += step
	}
	return t
}

// bend turns a direction clockwise as seen from above, and keeps it level.
func bend(ahead, up vec, angle float64) vec {
	sin, cos := math.Sincos(angle)
	d := ahead.times(cos).plus(ahead.cross(up).times(sin))
	return d.minus(up.times(d.dot(up))).unit()
}

// level are two level directions at a place, and up: east and north where the
// truth begins, and carried along from there. Errors of receivers lie in them: at
// a pole they do not turn around as east and north do.
func (t *Truth) level(p vec) (right, far, up vec) {
	up = upAt(p)
	right = t.right.minus(up.times(t.right.dot(up))).unit()
	return right, up.cross(right), up
}

// Duration is how long it goes on.
func (t *Truth) Duration() time.Duration {
	return time.Duration(len(t.nodes)-1) * time.Duration(nodeS*float64(time.Second))
}

// At returns the truth some time after its begin. Before the begin it stands
// where it begins, behind the end where it ends.
func (t *Truth) At(since time.Duration) State {
	p, v, ahead, turn := t.at(since)
	lat, lon, height := toLLA(p)
	east, north, up := axes(lat, lon)
	s := State{
		Lat: lat, Lon: lon, AltHAE: height, AltMSL: height - t.geoid,
		VelEast: v.dot(east), VelNorth: v.dot(north), VelUp: v.dot(up),
		CourseDeg: compass(ahead.dot(east), ahead.dot(north)), TurnDPS: degrees(turn),
	}
	s.SpeedMPS = math.Hypot(s.VelEast, s.VelNorth)
	return s
}

func (t *Truth) at(since time.Duration) (p, v, ahead vec, turn float64) {
	at := since.Seconds() / nodeS
	if at < 0 {
		n := t.nodes[0]
		return n.at, vec{}, n.ahead, 0
	}
	i := int(at)
	if i >= len(t.nodes)-1 {
		n := t.nodes[len(t.nodes)-1]
		if at > float64(len(t.nodes)-1) {
			n.velocity, n.turn = vec{}, 0
		}
		return n.at, n.velocity, n.ahead, n.turn
	}
	a, b, x := t.nodes[i], t.nodes[i+1], at-float64(i)
	// The cubic that has both places and both velocities (Hermite), and its
	// derivative.
	x2, x3 := x*x, x*x*x
	p = a.at.plus(b.at.minus(a.at).times(3*x2 - 2*x3)).
		plus(a.velocity.times((x3 - 2*x2 + x) * nodeS)).plus(b.velocity.times((x3 - x2) * nodeS))
	v = b.at.minus(a.at).times((6*x - 6*x2) / nodeS).
		plus(a.velocity.times(3*x2 - 4*x + 1)).plus(b.velocity.times(3*x2 - 2*x))
	return p, v, mix(a.ahead, b.ahead, x).unit(), a.turn + (b.turn-a.turn)*x
}

// look is how the sky is seen at a time, and how many seconds are left until a
// roof hides it, with how long receivers creep before that; +Inf if none does.
func (t *Truth) look(since time.Duration) (factor, roofIn, creep float64) {
	factor, roofIn = 1, math.Inf(1)
	for _, v := range t.views {
		if v.from <= since {
			factor = v.factor
		} else if math.IsInf(v.factor, 1) {
			return factor, (v.from - since).Seconds(), v.creep
		}
	}
	return factor, roofIn, 0
}
