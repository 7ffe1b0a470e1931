package fusion_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sensord/sensord/gps/fusion"
)

// rides runs many drives of some minutes, and grades all of them together.
func rides(o fusion.Options, w func() way, n int, seconds float64, ears ...ear) *score {
	var g score
	for seed := range uint64(n) {
		rng := rand.New(rand.NewPCG(seed, 7))
		ww := w()
		frames(rng, &g, fusion.New(o), ww, &home, hear(rng, ww, &home, seconds, ears...), 5, 1.2)
	}
	return &g
}

// A fix each second and 108 km/h: what is left is the receiver's noise, less
// than half of which is new in each fix.
func TestFramesBetweenFixes(t *testing.T) {
	quiet := good("a")
	quiet.white, quiet.coloured = 0.5, 0
	for _, tt := range []struct {
		name string
		w    func() way
		most float64 // RMSE, metres
	}{
		{"straight, 108 km/h", func() way { return straight(30, 70) }, 1},
		{"bends of 3.3 m/s²", func() way { return winding(15, 40) }, 2},
		{"stop and go", halting, 1},
	} {
		g := rides(fusion.Options{}, tt.w, 6, 300, quiet)
		t.Logf("%s: %v", tt.name, g)
		if g.rmse() > tt.most || g.absent > 0 || g.share() < 0.95 {
			t.Errorf("%s: %v", tt.name, g)
		}
	}
}

// The radius that is claimed holds, whatever the share of noise that is new in
// each fix, and whether one receiver is heard or two.
func TestAccuracyHolds(t *testing.T) {
	coloured, white := good("a"), good("a")
	coloured.white, coloured.coloured = 0.3, 1.4
	white.white, white.coloured = 1.2, 0.6
	mute := good("a")
	mute.doppler = math.NaN()
	late := good("b")
	late.white, late.coloured, late.tau, late.shift, late.latency, late.doppler = 0.8, 2.6, 45, 0.37, 0.8, 0.2
	for _, tt := range []struct {
		name string
		w    func() way
		ears []ear
	}{
		{"straight", func() way { return straight(30, 70) }, []ear{good("a")}},
		{"bends", func() way { return winding(15, 40) }, []ear{good("a")}},
		{"stop and go", halting, []ear{good("a")}},
		{"noise that lasts", func() way { return winding(15, 40) }, []ear{coloured}},
		{"noise that does not", func() way { return winding(15, 40) }, []ear{white}},
		{"no speed", func() way { return winding(15, 40) }, []ear{mute}},
		{"two", func() way { return winding(15, 40) }, []ear{good("a"), late}},
		{"two, stop and go", halting, []ear{good("a"), late}},
	} {
		// 25 drives of 300 s have some 60 errors that know nothing of each other: three
		// points are within chance.
		g := rides(fusion.Options{}, tt.w, 25, 300, tt.ears...)
		t.Logf("%s: %v", tt.name, g)
		if in := g.share(); in < 0.92 || in > 0.99 {
			t.Errorf("%s: %v", tt.name, g)
		}
	}
}

func TestTwoAreBetterThanTheBetterOne(t *testing.T) {
	a, b := good("a"), good("b")
	b.white, b.coloured, b.tau, b.shift, b.latency, b.doppler = 1, 1.6, 45, 0.37, 0.8, 0.2
	one := rides(fusion.Options{}, func() way { return winding(15, 40) }, 20, 400, a)
	two := rides(fusion.Options{}, func() way { return winding(15, 40) }, 20, 400, a, b)
	if two.p95() > 0.95*one.p95() {
		t.Errorf("one: %v, two: %v", one, two)
	}
}

// A receiver that claims half of what it errs by is found out, if others are
// better; nobody else suffers.
func TestClaimsAreCorrected(t *testing.T) {
	a, b, liar := good("a"), good("b"), good("liar")
	b.shift = 0.3
	liar.shift, liar.white, liar.coloured, liar.claim = 0.6, 2, 6, 0.3
	rng := rand.New(rand.NewPCG(5, 5))
	w := winding(15, 40)
	f := fusion.New(fusion.Options{})
	var g score
	frames(rng, &g, f, w, &home, hear(rng, w, &home, 1200, a, b, liar), 600, 1.2)
	for _, r := range f.Status(ns(1200)).Receivers {
		if r.Name == "liar" && r.Scale < 1.5 || r.Name != "liar" && r.Scale > 1.5 {
			t.Errorf("%s: scale %.2f", r.Name, r.Scale)
		}
	}
	if g.share() < 0.85 {
		t.Errorf("%v", &g)
	}
}
