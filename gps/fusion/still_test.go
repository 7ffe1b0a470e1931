package fusion_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// A parked car does not wander with its receiver, whose positions do by metres
// and whose speed is never quite 0; it has no course.
func TestParkedCarStays(t *testing.T) {
	for _, tt := range []struct {
		name    string
		doppler float64
		most    float64 // of the movement of the receiver's positions
	}{{"module", 0.05, 0.15}, {"phone", 0.2, 0.3}} {
		a := good("a")
		a.doppler = tt.doppler
		rng := rand.New(rand.NewPCG(3, 3))
		all := hear(rng, parked, &home, 660, a)
		p := play(t, fusion.Options{}, parked, &home, all)
		var raw, way float64
		for i := 61; i < len(all); i++ {
			raw += metresBetween(all[i-1].fix.Lat, all[i-1].fix.Lon, all[i].fix.Lat, all[i].fix.Lon)
			q, ok1 := p.b.Track().At(ns(all[i-1].t))
			r, ok2 := p.b.Track().At(ns(all[i].t))
			if !ok1 || !ok2 || !math.IsNaN(q.Heading) || q.SpeedMPS > 0.5 {
				t.Fatalf("%s: %.0f s: %+v", tt.name, all[i].t, q)
			}
			if tt.name == "module" && q.SpeedMPS > 0.05 {
				t.Errorf("%.0f s: %.2f m/s", all[i].t, q.SpeedMPS)
			}
			way += metresBetween(q.Lat, q.Lon, r.Lat, r.Lon)
			if d, claimed, _ := p.off(all[i].t); d > 1.5*claimed {
				t.Errorf("%s: %.0f s: %.1f m off, claims %.1f m", tt.name, all[i].t, d, claimed)
			}
		}
		if way > tt.most*raw {
			t.Errorf("%s: it wanders %.0f m, the receiver %.0f m", tt.name, way, raw)
		}
	}
}

// metresBetween is how far two places near home are from each other, in metres.
func metresBetween(lat1, lon1, lat2, lon2 float64) float64 {
	a, b := home.ToENU(gps.LLA{Lat: lat1, Lon: lon1}), home.ToENU(gps.LLA{Lat: lat2, Lon: lon2})
	return math.Hypot(a.E-b.E, a.N-b.N)
}

// A ferry that leaves its quay by 5 cm/s² moves by metres before its speed is
// out of a parked car's noise.
func TestCreepingIsNotStanding(t *testing.T) {
	ferry := func(t float64) (x, y, vx, vy float64) {
		if t < 60 {
			return 0, 0, 0, 0
		}
		s := math.Min(t-60, 100)
		return 0, 0.025*s*s + 5*(t-60-s), 0, 0.05 * s
	}
	a := good("a")
	a.white, a.coloured = 0.3, 0.3
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 3))
		p := play(t, fusion.Options{}, ferry, &home, hear(rng, ferry, &home, 120, a))
		for at := 60.0; at < 118; at++ {
			if d, claimed, ok := p.off(at); !ok || d > 1.5+claimed {
				t.Errorf("%.0f s: %.2f m off, claims %.2f m, %v", at, d, claimed, ok)
			}
		}
	}
}

// Somebody who strolls to and fro, and stops on the way.
func TestOnFoot(t *testing.T) {
	speed := func(t float64) float64 { return 1.3 * math.Tanh(4*math.Sin(2*math.Pi*t/50)) }
	ys := []float64{0}
	walk := func(t float64) (x, y, vx, vy float64) {
		for float64(len(ys))*0.01 < t+0.02 {
			ys = append(ys, ys[len(ys)-1]+0.01*speed((float64(len(ys))-0.5)*0.01))
		}
		return 0, ys[int(t/0.01)], 0, speed(t)
	}
	g := rides(fusion.Options{Motion: fusion.Foot}, func() way { return walk }, 20, 400, good("a"))
	if g.rmse() > 2 || g.share() < 0.93 || g.absent > 0 {
		t.Errorf("%v", g)
	}
}

// Clients that know no speed post 0: that is found out, and nothing is rejected
// for long.
func TestSpeedThatIsNone(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	w := straight(15, 80)
	all := hear(rng, w, &home, 200, good("a"))
	for i := range all {
		all[i].fix.SpeedMPS, all[i].fix.CourseDeg = 0, math.NaN()
	}
	p := play(t, fusion.Options{}, w, &home, all)
	if r := p.status(t, "a", 199); r.Rejected > 20 || r.State != fusion.StateUsed {
		t.Errorf("%+v", r)
	}
	for at := 60.0; at < 198; at++ {
		if d, claimed, ok := p.off(at); !ok || d > 12 || claimed > 12 {
			t.Errorf("%.0f s: %.1f m off, claims %.1f m, %v", at, d, claimed, ok)
		}
	}
}

// A speed without a course, as Kismet's own clients post, bounds the velocity.
func TestSpeedWithoutCourse(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	w := winding(15, 60)
	all := hear(rng, w, &home, 300, good("a"))
	bare := hear(rand.New(rand.NewPCG(3, 3)), w, &home, 300, good("a"))
	for i := range all {
		all[i].fix.CourseDeg = math.NaN()
		bare[i].fix.CourseDeg, bare[i].fix.SpeedMPS = math.NaN(), math.NaN()
	}
	var with, without score
	frames(rand.New(rand.NewPCG(1, 1)), &with, fusion.New(fusion.Options{}), w, &home, all, 20, 1.2)
	frames(rand.New(rand.NewPCG(1, 1)), &without, fusion.New(fusion.Options{}), w, &home, bare, 20, 1.2)
	if with.rmse() > 1.05*without.rmse() || with.share() < 0.9 {
		t.Errorf("with speed: %v, without: %v", &with, &without)
	}
}
