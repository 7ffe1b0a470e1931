package fusion_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// A way is where something is after some seconds: metres east and north of
// where the test is, and the velocity.
type way func(t float64) (x, y, vx, vy float64)

// straight goes on at a speed and course.
func straight(speed, course float64) way {
	s, c := math.Sincos(course * math.Pi / 180)
	return func(t float64) (x, y, vx, vy float64) { return speed * s * t, speed * c * t, speed * s, speed * c }
}

// winding is one bend after the other: the course swings by 80 degrees either
// way, which at 15 m/s and 40 s is 3.3 m/s² sideways.
func winding(speed, period float64) way {
	const step = 0.01
	course := func(t float64) float64 { return 1.4 * math.Sin(2*math.Pi*t/period) }
	xs, ys := []float64{0}, []float64{0}
	return func(t float64) (x, y, vx, vy float64) {
		for float64(len(xs)-2)*step < t {
			i := len(xs)
			s, c := math.Sincos(course((float64(i) - 0.5) * step))
			xs, ys = append(xs, xs[i-1]+speed*s*step), append(ys, ys[i-1]+speed*c*step)
		}
		i := int(t / step)
		s, c := math.Sincos(course(t))
		d := t - float64(i)*step
		return xs[i] + speed*s*d, ys[i] + speed*c*d, speed * s, speed * c
	}
}

// halting drives north with a stop of 20 s in each minute.
func halting() way {
	return func(t float64) (x, y, vx, vy float64) {
		const ramp, cruise = 8.0, 24.0 // seconds: 15 m/s at most
		n, r := math.Floor(t/60), math.Mod(t, 60)
		leg := 15 * (ramp + cruise)
		at := func(u float64) float64 { return 15 * ramp * (u*u/2 + (1-math.Cos(2*math.Pi*u))/(4*math.Pi*math.Pi)*-1) }
		speed := func(u float64) float64 { return 15 * (u - math.Sin(2*math.Pi*u)/(2*math.Pi)) }
		switch {
		case r < ramp:
			u := r / ramp
			return 0, n*leg + at(u), 0, speed(u)
		case r < ramp+cruise:
			return 0, n*leg + at(1) + 15*(r-ramp), 0, 15
		case r < 2*ramp+cruise:
			u := (r - ramp - cruise) / ramp
			return 0, n*leg + at(1) + 15*cruise + 15*ramp*u - at(u), 0, 15 - speed(u)
		}
		return 0, (n + 1) * leg, 0, 0
	}
}

func parked(float64) (x, y, vx, vy float64) { return 0, 0, 0, 0 }

// An ear is a receiver of the tests: what its errors are, per axis.
type ear struct {
	name            string
	every, shift    float64 // seconds between fixes, and when the first one is
	latency         float64 // seconds
	white, coloured float64 // metres
	tau             float64 // seconds
	offset          [2]float64
	doppler         float64 // m/s; NaN: says no speed
	claim           float64 // factor
	jump            func(t float64) (x, y float64, gone bool)
}

func good(name string) ear {
	return ear{name: name, every: 1, latency: 0.1, white: 0.8, coloured: 1.2, tau: 60, doppler: 0.1, claim: 1}
}

type arrival struct {
	at  float64
	t   float64
	fix gps.Fix
}

// home is where the tests take place.
var home = gps.NewPlane(gps.LLA{Lat: 47.5, Lon: 8.7})

// hear lets receivers say where something is, for some seconds.
func hear(rng *rand.Rand, w way, plane *gps.Plane, seconds float64, ears ...ear) []arrival {
	var all []arrival
	for _, e := range ears {
		bx, by := rng.NormFloat64()*e.coloured, rng.NormFloat64()*e.coloured
		keep := math.Exp(-e.every / e.tau)
		push := e.coloured * math.Sqrt(1-keep*keep)
		for t := e.shift; t < seconds; t += e.every {
			bx, by = bx*keep+rng.NormFloat64()*push, by*keep+rng.NormFloat64()*push
			x, y, vx, vy := w(t)
			f := gps.NewFix()
			f.Receiver, f.Mode = e.name, gps.Mode3D
			dx := e.offset[0] + bx + rng.NormFloat64()*e.white
			dy := e.offset[1] + by + rng.NormFloat64()*e.white
			f.AltMSL = 400 + 1.7*rng.NormFloat64()*e.white
			sigma := math.Sqrt(e.white*e.white + e.coloured*e.coloured + (e.offset[0]*e.offset[0]+e.offset[1]*e.offset[1])/2)
			f.AccuracyM = gps.Radius95(sigma, sigma) * e.claim
			if !math.IsNaN(e.doppler) {
				ve, vn := vx+rng.NormFloat64()*e.doppler, vy+rng.NormFloat64()*e.doppler
				f.SpeedMPS = math.Hypot(ve, vn)
				// Where it thinks that it is: north of there.
				lat, lon := plane.Ground(x+dx, y+dy)
				east, north := plane.VelFromENU(lat, lon, gps.ENU{E: ve, N: vn})
				f.CourseDeg = math.Mod(math.Atan2(east, north)*180/math.Pi+360, 360)
			}
			if e.jump != nil {
				jx, jy, gone := e.jump(t)
				dx, dy = dx+jx, dy+jy
				if gone {
					f = gps.NewFix()
					f.Receiver, f.Mode = e.name, gps.ModeNone
				}
			}
			if f.HasPosition() {
				f.Lat, f.Lon = plane.Ground(x+dx, y+dy)
			}
			all = append(all, arrival{t + e.latency, t, f})
		}
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	return all
}

// ns is seconds as the track counts them; it does not begin at 0.
func ns(t float64) int64 { return 1e12 + int64(math.Round(t*1e9)) }

// A score is how far positions were from the truth.
type score struct {
	errors []float64
	inside int
	radius float64
	absent int
	gross  int
}

func (g *score) add(e, r float64) {
	g.errors = append(g.errors, e)
	g.radius += r
	if e <= r {
		g.inside++
	}
	if e > 50 && r < 15 {
		g.gross++
	}
}

func (g *score) rmse() float64 {
	var s float64
	for _, e := range g.errors {
		s += e * e
	}
	return math.Sqrt(s / float64(len(g.errors)))
}

func (g *score) p95() float64 {
	slices.Sort(g.errors)
	return g.errors[len(g.errors)*95/100]
}

func (g *score) share() float64 { return float64(g.inside) / float64(len(g.errors)) }

// String is all of it.
func (g *score) String() string {
	return fmt.Sprintf("rmse %.2f p95 %.2f inside %.3f radius %.2f absent %d gross %d of %d", g.rmse(), g.p95(), g.share(), g.radius/float64(len(g.errors)), g.absent, g.gross, len(g.errors)+g.absent)
}

// frames asks for the position at random times, when all that was measured up
// to patience seconds later had arrived.
func frames(rng *rand.Rand, g *score, f *fusion.Filter, w way, plane *gps.Plane, all []arrival, from, patience float64) {
	b := gps.NewBuilder(gps.TrackOptions{})
	next := from
	ask := func(until float64) {
		for next+patience < until {
			x, y, _, _ := w(next)
			p, ok := b.Track().At(ns(next))
			if !ok {
				g.absent++
			} else {
				at := plane.ToENU(gps.LLA{Lat: p.Lat, Lon: p.Lon})
				g.add(math.Hypot(at.E-x, at.N-y), p.AccuracyM)
			}
			next += 0.02 + 0.3*rng.Float64()
		}
	}
	for _, a := range all {
		ask(a.at)
		if r := f.Add(a.fix, ns(a.t)); len(r.Points) > 0 {
			b.Add(r.Points)
		}
	}
}
