package fusion_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// gone is an ear that has no fix between two times.
func gone(from, until float64) func(float64) (float64, float64, bool) {
	return func(t float64) (float64, float64, bool) { return 0, 0, t >= from && t < until }
}

// step is the largest difference between where the track goes on to from one
// point and where the next one is, in metres.
func (p *run) step(from, until float64) float64 {
	var worst float64
	for at := from; at < until; at += 0.1 {
		a, ok1 := p.b.Track().At(ns(at))
		b, ok2 := p.b.Track().At(ns(at + 0.1))
		if !ok1 || !ok2 {
			return math.Inf(1)
		}
		ea := p.plane.ToENU(gps.LLA{Lat: a.Lat, Lon: a.Lon})
		eb := p.plane.ToENU(gps.LLA{Lat: b.Lat, Lon: b.Lon})
		x0, y0, _, _ := p.w(at)
		x1, y1, _, _ := p.w(at + 0.1)
		worst = math.Max(worst, math.Hypot(eb.E-ea.E-(x1-x0), eb.N-ea.N-(y1-y0)))
	}
	return worst
}

// Receivers that are 12 m apart take over from each other, and the track goes
// on: no point is told, then or later, that is half a metre from where the ones
// before go to.
func TestTakingOverWithoutAStep(t *testing.T) {
	for _, mode := range []fusion.Mode{fusion.Priority, fusion.Fusion} {
		a, b := good("a"), good("b")
		a.white, b.white = 0.1, 0.1
		a.jump = gone(60, 120)
		b.offset, b.shift, b.latency = [2]float64{9, -8}, 0.45, 0.6
		rng := rand.New(rand.NewPCG(2, 2))
		w := straight(20, 45)
		all := hear(rng, w, &home, 200, a, b)
		p := play(t, fusion.Options{Mode: mode, Order: []string{"a", "b"}}, w, &home, all)
		if s := p.step(40, 190); s > 0.5 {
			t.Errorf("%s: a step of %.2f m", mode, s)
		}
		who := map[float64]string{30: "a", 70: "b", 115: "b", 122: "b", 135: "a"}
		for at, want := range who {
			if mode == fusion.Fusion && (at == 30 || at > 120) {
				want = gps.FusedName
			}
			if q, ok := p.b.Track().At(ns(at)); !ok || q.Receiver != want {
				t.Errorf("%s: %.0f s: %q instead of %q", mode, at, q.Receiver, want)
			}
		}
	}
}

func TestPriorityUsesTheFirst(t *testing.T) {
	a, b := good("a"), good("b")
	b.shift, b.white, b.coloured = 0.4, 0.1, 0.1 // better, and still not asked
	rng := rand.New(rand.NewPCG(2, 2))
	w := winding(15, 40)
	o := fusion.Options{Mode: fusion.Priority, Order: []string{"a", "b"}}
	both := play(t, o, w, &home, hear(rng, w, &home, 100, a, b))
	if s := both.status(t, "a", 99); s.State != fusion.StateUsed {
		t.Errorf("%+v", s)
	}
	s := both.status(t, "b", 99)
	if s.State != fusion.StateStandby || s.Accepted < 90 || !(s.OffsetM > 0.1 && s.OffsetM < 6) {
		t.Errorf("%+v", s)
	}
	if got := both.f.Status(ns(99)).Active; got != "a" {
		t.Errorf("active is %q", got)
	}
	rng = rand.New(rand.NewPCG(2, 2))
	alone := play(t, o, w, &home, hear(rng, w, &home, 100, a))
	for at := 10.0; at < 98; at++ {
		d, _, _ := both.off(at)
		e, _, _ := alone.off(at)
		if math.Abs(d-e) > 0.3 {
			t.Errorf("%.0f s: %.2f m off with both, %.2f m alone", at, d, e)
		}
	}
}

// A better receiver that has a fix now and then is not preferred each time; one
// that always reports late is, however late.
func TestPriorityIsNotFickle(t *testing.T) {
	a, b := good("a"), good("b")
	a.jump = func(t float64) (float64, float64, bool) { return 0, 0, math.Mod(t, 10) > 3 }
	b.shift = 0.4
	rng := rand.New(rand.NewPCG(2, 2))
	w := straight(20, 45)
	o := fusion.Options{Mode: fusion.Priority, Order: []string{"a", "b"}}
	p := play(t, o, w, &home, hear(rng, w, &home, 100, a, b))
	for at := 20.0; at < 98; at++ {
		if q, ok := p.b.Track().At(ns(at)); !ok || q.Receiver != "b" {
			t.Errorf("%.0f s: %q, %v", at, q.Receiver, ok)
		}
	}

	slow := good("a")
	slow.latency = 2.2
	p = play(t, o, w, &home, hear(rng, w, &home, 100, slow, b))
	for at := 40.0; at < 95; at++ {
		if q, ok := p.b.Track().At(ns(at)); !ok || q.Receiver != "a" {
			t.Errorf("late: %.0f s: %q, %v", at, q.Receiver, ok)
		}
	}
}

// All devices behind a receiver have its place in the list: the second one goes
// before another receiver's, and neither goes before the other.
func TestPriorityOfDevicesIsThatOfTheirReceiver(t *testing.T) {
	first, second, phone := good("puck"), good("puck /dev/b"), good("phone")
	first.jump, second.jump = gone(60, 120), gone(0, 30)
	second.shift, phone.shift = 0.3, 0.6
	rng := rand.New(rand.NewPCG(2, 2))
	w := straight(20, 45)
	for name, ears := range map[string][]ear{"both": {first, second, phone}, "not the first": {second, phone}} {
		all := hear(rng, w, &home, 180, ears...)
		for i := range all {
			if f := &all[i].fix; f.Receiver == second.name {
				f.Of = first.name
			}
		}
		o := fusion.Options{Mode: fusion.Priority, Order: []string{"puck", "phone"}}
		p := play(t, o, w, &home, all)
		for at := 45.0; at < 178; at++ {
			want := second.name
			if name == "both" && at < 61 {
				want = first.name
			}
			if at > 58 && at < 65 {
				continue // it is being noticed
			}
			if q, ok := p.b.Track().At(ns(at)); !ok || q.Receiver != want {
				t.Fatalf("%s: %.0f s: %q, %v instead of %q", name, at, q.Receiver, ok, want)
			}
		}
		if s := p.status(t, second.name, 179); s.Of != first.name || s.State != fusion.StateUsed {
			t.Errorf("%s: %+v", name, s)
		}
	}
}
