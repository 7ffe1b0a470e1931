package fusion_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// heights changes what is said of height.
func heights(all []arrival, f func(a *arrival)) []arrival {
	for i := range all {
		f(&all[i])
	}
	return all
}

func TestHeightIsAboveTheSea(t *testing.T) {
	w := straight(15, 80)
	all := hear(rand.New(rand.NewPCG(6, 6)), w, &home, 100, good("a"))
	for i := range all {
		all[i].fix.AltHAE = all[i].fix.AltMSL + 48
	}
	p := play(t, fusion.Options{}, w, &home, all)
	for _, q := range p.points {
		if math.Abs(q.AltMSL-400) > 6 {
			t.Fatalf("%+v", q)
		}
	}

	// A receiver that only knows the ellipsoid gives none.
	p = play(t, fusion.Options{}, w, &home, heights(all, func(a *arrival) { a.fix.AltMSL = math.NaN() }))
	for _, q := range p.points {
		if !math.IsNaN(q.AltMSL) {
			t.Fatalf("%+v", q)
		}
	}
}

// A height is told for a minute after it was heard; one of a receiver without
// enough satellites is none.
func TestHeightThatIsOld(t *testing.T) {
	w := straight(15, 80)
	all := heights(hear(rand.New(rand.NewPCG(6, 6)), w, &home, 200, good("a")), func(a *arrival) {
		switch {
		case a.t > 90:
			a.fix.AltMSL = math.NaN()
		case a.t > 60:
			a.fix.Mode = gps.Mode2D
			a.fix.AltMSL = 1234
		}
	})
	p := play(t, fusion.Options{}, w, &home, all)
	for _, q := range p.points {
		at := float64(q.TimeNs-ns(0)) / 1e9
		if old := at > 120; old != math.IsNaN(q.AltMSL) || !old && math.Abs(q.AltMSL-400) > 30 {
			t.Fatalf("%.0f s: %.1f m", at, q.AltMSL)
		}
	}
}

// Two receivers whose heights are 30 m apart, as two geoids are, take over from
// each other without a step.
func TestHeightTakesOverWithoutAStep(t *testing.T) {
	a, b := good("a"), good("b")
	a.jump = gone(60, 100)
	a.white, b.white, b.shift = 0.1, 0.1, 0.4
	w := straight(15, 80)
	all := heights(hear(rand.New(rand.NewPCG(6, 6)), w, &home, 160, a, b), func(a *arrival) {
		a.fix.AltAccuracyM = 20
		if a.fix.Receiver == "b" {
			a.fix.AltMSL += 30
		}
	})
	for _, mode := range []fusion.Mode{fusion.Fusion, fusion.Priority} {
		p := play(t, fusion.Options{Mode: mode, Order: []string{"a", "b"}}, w, &home, all)
		last := math.NaN()
		for _, q := range p.points[20:] {
			// In Fusion the better one that is back is believed at once.
			at := float64(q.TimeNs-ns(0)) / 1e9
			if math.Abs(q.AltMSL-last) > 2 && (mode == fusion.Priority || at < 100) {
				t.Errorf("%s: %.0f s: from %.1f m to %.1f m", mode, at, last, q.AltMSL)
			}
			last = q.AltMSL
		}
	}
}

// A height that jumps is not believed, until it has stayed there.
func TestHeightJumps(t *testing.T) {
	w := straight(15, 80)
	all := heights(hear(rand.New(rand.NewPCG(6, 6)), w, &home, 100, good("a")), func(a *arrival) {
		if a.t >= 50 {
			a.fix.AltMSL += 500
		}
	})
	p := play(t, fusion.Options{}, w, &home, all)
	for _, q := range p.points {
		at := float64(q.TimeNs-ns(0)) / 1e9
		want := 400.0
		if at >= 60 {
			want = 900
		}
		if math.Abs(q.AltMSL-want) > 20 {
			t.Fatalf("%.0f s: %.1f m", at, q.AltMSL)
		}
	}
}
