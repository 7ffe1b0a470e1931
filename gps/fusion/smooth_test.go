package fusion

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The smoother says what that of Rauch, Tung and Striebel says, which inverts
// each covariance.
func TestSmootherIsTheTextbooks(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	type step struct {
		t     transition
		obs   []observation
		e     estimate // behind it
		prior matrix   // predicted covariance and state
		x     matrix
	}
	steps := []step{{e: begun()}}
	for k := range 40 {
		s := step{t: transit(0.05+rng.Float64(), 3, 60), e: steps[k].e}
		s.e.predict(s.t, 1.5, 3)
		s.x, s.prior = s.e.matrices()
		for i := range 1 + k%2 {
			a, b := rowPos, rowBias+k%2
			if i == 1 {
				a, b = rowVel, none
			}
			o := s.e.expect(a, b, [2]float64{rng.NormFloat64(), 2 * rng.NormFloat64()}, 0.5)
			s.e.learn(&o, false)
			s.obs = append(s.obs, o)
		}
		steps = append(steps, s)
	}

	last := len(steps) - 1
	x, p := steps[last].e.matrices()
	a := adjoint{n: steps[last].e.n}
	for k := last; ; k-- {
		got := a.smooth(&steps[k].e)
		for axis := range 2 {
			if d := math.Max(math.Abs(got.pos[axis]-x[rowPos][axis]), math.Abs(got.vel[axis]-x[rowVel][axis])); d > 1e-8 {
				t.Fatalf("step %d: off by %g", k, d)
			}
		}
		if d := math.Max(math.Abs(got.posVar-p[rowPos][rowPos]), math.Abs(got.velVar-p[rowVel][rowVel])); d > 1e-8 {
			t.Fatalf("step %d: variance is off by %g", k, d)
		}
		if k == 0 {
			return
		}
		s := &steps[k]
		for i := len(s.obs) - 1; i >= 0; i-- {
			a.unlearn(&s.obs[i])
		}
		a.unpredict(&s.t)

		f := identity(s.e.n)
		f[0][1], f[0][2], f[1][2], f[2][2] = s.t.dt, s.t.accPos, s.t.accVel, s.t.accKept
		f[3][3], f[4][4] = s.t.offKept, s.t.offKept
		px, pp := steps[k-1].e.matrices()
		g := pp.times(f.t()).times(s.prior.inverse())
		x = px.plus(g.times(x.plus(s.x, -1)), 1)
		p = pp.plus(g.times(p.plus(s.prior, -1)).times(g.t()), 1)
	}
}

// What was multiplied on the way forwards is multiplied on the way back.
func TestSmootherGoesBackOverScales(t *testing.T) {
	first := begun()
	e := first
	kept := e.rebias(1, 1)
	if want := 1.0 / 3; math.Abs(kept-want) > 1e-15 {
		t.Fatalf("kept %g instead of %g", kept, want)
	}
	o := e.expect(rowPos, rowBias+1, [2]float64{1, 2}, 0.5)
	e.learn(&o, false)
	a := adjoint{n: e.n}
	a.unlearn(&o)
	a.scale(rowBias+1, kept)
	got := a.smooth(&first)
	now := (&adjoint{n: e.n}).smooth(&e)
	for axis := range 2 {
		if d := math.Abs(got.pos[axis] - now.pos[axis]); d > 1e-12 {
			t.Errorf("nothing moved in between, and the position is off by %g", d)
		}
	}
	if d := math.Abs(got.posVar - now.posVar); d > 1e-12 {
		t.Errorf("variance is off by %g", d)
	}
}
