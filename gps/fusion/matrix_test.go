package fusion

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A matrix is the textbook's: slow, and plain to see.
type matrix [][]float64

func zeros(n, m int) matrix {
	a := make(matrix, n)
	for i := range a {
		a[i] = make([]float64, m)
	}
	return a
}

func identity(n int) matrix {
	a := zeros(n, n)
	for i := range n {
		a[i][i] = 1
	}
	return a
}

func (a matrix) times(b matrix) matrix {
	c := zeros(len(a), len(b[0]))
	for i := range a {
		for j := range b[0] {
			for k := range b {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c
}

func (a matrix) plus(b matrix, k float64) matrix {
	c := zeros(len(a), len(a[0]))
	for i := range a {
		for j := range a[i] {
			c[i][j] = a[i][j] + k*b[i][j]
		}
	}
	return c
}

func (a matrix) t() matrix {
	c := zeros(len(a[0]), len(a))
	for i := range a {
		for j := range a[i] {
			c[j][i] = a[i][j]
		}
	}
	return c
}

// inverse is by Gauss and Jordan, with pivots.
func (a matrix) inverse() matrix {
	n := len(a)
	m, inv := a.plus(zeros(n, n), 0), identity(n)
	for c := range n {
		p := c
		for r := c; r < n; r++ {
			if math.Abs(m[r][c]) > math.Abs(m[p][c]) {
				p = r
			}
		}
		m[c], m[p], inv[c], inv[p] = m[p], m[c], inv[p], inv[c]
		d := m[c][c]
		for j := range n {
			m[c][j] /= d
			inv[c][j] /= d
		}
		for r := range n {
			if k := m[r][c]; r != c {
				for j := range n {
					m[r][j] -= k * m[c][j]
					inv[r][j] -= k * inv[c][j]
				}
			}
		}
	}
	return inv
}

// worst is the largest element.
func (a matrix) worst() float64 {
	var w float64
	for _, r := range a {
		for _, x := range r {
			w = math.Max(w, math.Abs(x))
		}
	}
	return w
}

// positive reports whether Cholesky's decomposition of a exists.
func (a matrix) positive() bool {
	n := len(a)
	l := zeros(n, n)
	for i := range n {
		for j := range i + 1 {
			s := a[i][j]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			switch {
			case i != j:
				l[i][j] = s / l[j][j]
			case s <= 0:
				return false
			default:
				l[i][i] = math.Sqrt(s)
			}
		}
	}
	return true
}

func (e *estimate) matrices() (x, p matrix) {
	x, p = zeros(e.n, 2), zeros(e.n, e.n)
	for i := range e.n {
		x[i][0], x[i][1] = e.x[0][i], e.x[1][i]
		copy(p[i], e.p[i][:e.n])
	}
	return x, p
}

// noiseOf integrates the process noise of white jerk in small steps.
func noiseOf(dt, tau float64) matrix {
	const steps = 20000
	q := zeros(3, 3)
	h := dt / steps
	for i := range steps {
		t := transit((float64(i)+0.5)*h, tau, 1)
		g := []float64{t.accPos, t.accVel, t.accKept}
		for r := range 3 {
			for c := range 3 {
				q[r][c] += g[r] * g[c] * h
			}
		}
	}
	return q
}

func TestProcessNoiseIsTheIntegral(t *testing.T) {
	for _, dt := range []float64{1e-3, 0.01, 0.029, 0.031, 0.2, 1, 5, 30, 120} {
		const tau = 3
		want, got := noiseOf(dt, tau), singer(dt, tau)
		for i := range 3 {
			for j := range 3 {
				if d := got[i][j]/want[i][j] - 1; math.Abs(d) > 0.012 {
					t.Errorf("%g s: [%d][%d] is %g instead of %g", dt, i, j, got[i][j], want[i][j])
				}
			}
		}
		q := matrix{got[0][:], got[1][:], got[2][:]}
		if dt > 0.01 && !q.positive() {
			t.Errorf("%g s: not positive: %v", dt, q)
		}
	}
}

// begun is an estimate with two receivers.
func begun() estimate {
	e := begin([2]float64{3, -7}, 0, 1, 4, 100, 1)
	e.rebias(1, 9)
	return e
}

func TestPredictIsTheTextbooks(t *testing.T) {
	e := begun()
	o := e.expect(rowVel, none, [2]float64{5, 6}, 0.2)
	e.learn(&o, false)
	for _, dt := range []float64{0, 0.01, 0.7, 12} {
		x, p := e.matrices()
		tr := transit(dt, 3, 60)
		f := identity(e.n)
		f[0][1], f[0][2], f[1][2], f[2][2] = dt, tr.accPos, tr.accVel, tr.accKept
		f[3][3], f[4][4] = tr.offKept, tr.offKept
		want := f.times(p).times(f.t())
		q := singer(dt, 3)
		for i := range 3 {
			for j := range 3 {
				want[i][j] += 2 * 1.5 / 3 * q[i][j]
			}
		}
		keep := math.Exp(-2 * dt / 60)
		want[3][3] += (1 - keep) * 4
		want[4][4] += (1 - keep) * 9
		wantX := f.times(x)

		e.predict(tr, 1.5, 3)
		gotX, got := e.matrices()
		if d := got.plus(want, -1).worst() / want.worst(); d > 1e-12 {
			t.Errorf("%g s: covariance is off by %g", dt, d)
		}
		if d := gotX.plus(wantX, -1).worst(); d > 1e-9 {
			t.Errorf("%g s: state is off by %g", dt, d)
		}
	}
}

// learnt is the textbook's update of one observation.
func learnt(x, p matrix, o *observation, z [2]float64, r float64) (matrix, matrix) {
	h := zeros(1, len(p))
	h[0][o.a]++
	if o.b != none {
		h[0][o.b]++
	}
	s := h.times(p).times(h.t())[0][0] + r
	k := p.times(h.t())
	for i := range k {
		k[i][0] /= s
	}
	nu := matrix{{z[0], z[1]}}.plus(h.times(x), -1)
	i := identity(len(p)).plus(k.times(h), -1)
	return x.plus(k.times(nu), 1), i.times(p)
}

func TestLearnIsTheTextbooks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	e := begun()
	for k := range 300 {
		e.predict(transit(rng.Float64(), 3, 60), 1.5, 3)
		a, b := rowPos, rowBias+k%2
		if k%3 == 0 {
			a, b = rowVel, none
		}
		z, r := [2]float64{rng.NormFloat64(), rng.NormFloat64()}, 0.01+rng.Float64()
		o := e.expect(a, b, z, r)
		x, p := e.matrices()
		wantX, want := learnt(x, p, &o, z, r)
		e.learn(&o, false)
		gotX, got := e.matrices()
		if d := math.Max(got.plus(want, -1).worst(), gotX.plus(wantX, -1).worst()); d > 1e-9 {
			t.Fatalf("step %d: off by %g", k, d)
		}
		if !got.positive() {
			t.Fatalf("step %d: not positive: %v", k, got)
		}
	}
}

// A receiver that stands by learns how far it is off, and nothing else changes.
func TestWhoStandsByChangesNothingElse(t *testing.T) {
	e := begun()
	e.predict(transit(1, 3, 60), 1.5, 3)
	before := e
	o := e.expect(rowPos, rowBias+1, [2]float64{20, 30}, 1)
	e.learn(&o, true)
	for i := range rowBias + 1 {
		if e.x[0][i] != before.x[0][i] || e.x[1][i] != before.x[1][i] {
			t.Errorf("row %d moved", i)
		}
		for j := range rowBias + 1 {
			if e.p[i][j] != before.p[i][j] {
				t.Errorf("covariance of %d and %d changed", i, j)
			}
		}
	}
	if math.Abs(e.x[0][rowBias+1]-before.x[0][rowBias+1]) < 1 {
		t.Error("it did not learn how far the receiver is off")
	}
	if _, p := e.matrices(); !p.positive() {
		t.Error("covariance is not positive")
	}
}
