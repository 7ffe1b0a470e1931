package fusion_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// It makes no difference where on earth a drive takes place, also where it
// passes the antimeridian, or the pole.
func TestNoPlaceIsSpecial(t *testing.T) {
	w := straight(25, 30)
	drive := func(place gps.LLA, wrap float64) (*run, []arrival) {
		plane := gps.NewPlane(place)
		through := func(t float64) (x, y, vx, vy float64) { return w(t - 200) } // over the origin
		rng := rand.New(rand.NewPCG(4, 4))
		all := hear(rng, through, &plane, 400, good("a"))
		for i := range all {
			all[i].fix.Lon = math.Mod(all[i].fix.Lon+wrap, 360)
		}
		return play(t, fusion.Options{}, through, &plane, all), all
	}
	want, _ := drive(gps.LLA{Lat: 0, Lon: 9}, 0)
	for name, p := range map[string]gps.LLA{
		"antimeridian":             {Lat: 47, Lon: 180},
		"other side of it":         {Lat: -47, Lon: -180},
		"10 m from the pole":       {Lat: 89.9999, Lon: 33},
		"north pole":               {Lat: 90, Lon: 0},
		"south pole":               {Lat: -90, Lon: 120},
		"antimeridian on the line": {Lat: 0, Lon: 180},
	} {
		for _, wrap := range []float64{0, 360} {
			got, _ := drive(p, wrap)
			var n int
			for at := 10.0; at < 398; at += 0.7 {
				a, _, ok1 := want.off(at)
				b, _, ok2 := got.off(at)
				most := 0.6
				if math.Abs(at-200) < 3 {
					most = 2 // a course is as uncertain there as the place
				}
				if !ok1 || !ok2 || math.Abs(a-b) > most {
					n++
				}
			}
			if n > 0 {
				t.Errorf("%s: %d positions are worse than elsewhere", name, n)
			}
			if got.breaks > 0 {
				t.Errorf("%s: %d breaks", name, got.breaks)
			}
		}
	}
}

// Longitudes come out between -180 and 180, and the velocity is that of the
// place, as the course is.
func TestPointsOfAnywhere(t *testing.T) {
	plane := gps.NewPlane(gps.LLA{Lat: 89.9995, Lon: 179.9999})
	w := straight(20, 350)
	p := play(t, fusion.Options{}, w, &plane, hear(rand.New(rand.NewPCG(4, 4)), w, &plane, 60, good("a")))
	for _, q := range p.points[5:] {
		e := plane.ToENU(gps.LLA{Lat: q.Lat, Lon: q.Lon})
		if math.Hypot(e.E, e.N) < 20 || math.Hypot(e.E, e.N-56) < 20 {
			continue // the pole is 56 m away
		}
		v := plane.VelToENU(q.Lat, q.Lon, q.VelEast, q.VelNorth)
		_, _, vx, vy := w(0)
		if math.Hypot(v.E-vx, v.N-vy) > 1 {
			t.Errorf("velocity %v instead of %.1f, %.1f at %+v", v, vx, vy, q)
		}
		if c := math.Atan2(q.VelEast, q.VelNorth) * 180 / math.Pi; math.Abs(math.Remainder(c-q.CourseDeg, 360)) > 1e-9 {
			t.Errorf("course %g instead of %g", q.CourseDeg, c)
		}
	}
}

// The plane moves along; nothing else does.
func TestFarAway(t *testing.T) {
	w := straight(40, 60)
	far := func(t float64) (x, y, vx, vy float64) { return w(t) }
	p := play(t, fusion.Options{}, far, &home, hear(rand.New(rand.NewPCG(4, 4)), far, &home, 1200, good("a"))) // 48 km
	for at := 10.0; at < 1198; at += 3 {
		if d, claimed, ok := p.off(at); !ok || d > 8 || claimed > 5 {
			t.Errorf("%.0f s: %.1f m off, claims %.1f m, %v", at, d, claimed, ok)
		}
	}
	if r := p.status(t, "a", 1199); r.Rejected != 0 {
		t.Errorf("%+v", r)
	}
}
