package fusion

// An adjoint carries backwards what later measurements say about an earlier
// instant. It is the smoother of Bryson and Frazier in the form of G. J.
// Bierman, Fixed interval smoothing with discrete measurements, International
// Journal of Control 18 (1973), which inverts no covariance.
type adjoint struct {
	n int
	x [2]vector
	p [rows]vector
}

// unlearn goes back over an observation.
func (a *adjoint) unlearn(o *observation) {
	if o.apart {
		return
	}
	for i := range a.x {
		var along float64
		for j := range a.n {
			along += o.gain[j] * a.x[i][j]
		}
		along += o.nu[i] / o.s
		a.x[i][o.a] -= along
		if o.b != none {
			a.x[i][o.b] -= along
		}
	}
	var u vector // P gain
	c := 1 / o.s
	for i := range a.n {
		for j := range a.n {
			u[i] += a.p[i][j] * o.gain[j]
		}
		c += u[i] * o.gain[i]
	}
	a.cross(o.a, o.b, &u, c)
	if o.b != none {
		a.cross(o.b, o.a, &u, c)
	}
}

// cross takes u off row and column i, and puts c where they meet: with each
// other, and with those of j.
func (a *adjoint) cross(i, j int, u *vector, c float64) {
	for k := range a.n {
		a.p[i][k] -= u[k]
	}
	for k := range a.n {
		a.p[k][i] -= u[k]
	}
	a.p[i][i] += c
	if j != none {
		a.p[i][j] += c
	}
}

// scale goes back over a multiplication of one row of the state.
func (a *adjoint) scale(i int, by float64) {
	if by == 1 || i >= a.n {
		return
	}
	for k := range a.x {
		a.x[k][i] *= by
	}
	for j := range a.n {
		a.p[i][j] *= by
	}
	for j := range a.n {
		a.p[j][i] *= by
	}
}

// unpredict goes back over a transition.
func (a *adjoint) unpredict(t *transition) {
	for i := range a.x {
		t.back(&a.x[i], a.n)
	}
	for i := range a.n {
		t.back(&a.p[i], a.n)
	}
	for j := range a.n {
		pos, vel := a.p[rowPos][j], a.p[rowVel][j]
		a.p[rowVel][j] += t.dt * pos
		a.p[rowAcc][j] = t.accPos*pos + t.accVel*vel + t.accKept*a.p[rowAcc][j]
		for i := rowBias; i < a.n; i++ {
			a.p[i][j] *= t.offKept
		}
	}
}

// back multiplies by the transposed transition.
func (t *transition) back(v *vector, n int) {
	pos, vel := v[rowPos], v[rowVel]
	v[rowVel] += t.dt * pos
	v[rowAcc] = t.accPos*pos + t.accVel*vel + t.accKept*v[rowAcc]
	for i := rowBias; i < n; i++ {
		v[i] *= t.offKept
	}
}

// A smoothed is what is known of an instant with everything that came later.
type smoothed struct {
	pos, vel       [2]float64
	posVar, velVar float64
}

// smooth joins an estimate with what came later.
func (a *adjoint) smooth(e *estimate) smoothed {
	s := smoothed{posVar: e.p[rowPos][rowPos], velVar: e.p[rowVel][rowVel]}
	for k := range s.pos {
		s.pos[k], s.vel[k] = e.x[k][rowPos], e.x[k][rowVel]
		for j := range e.n {
			s.pos[k] -= e.p[rowPos][j] * a.x[k][j]
			s.vel[k] -= e.p[rowVel][j] * a.x[k][j]
		}
	}
	for i := range e.n {
		var up, uv float64
		for j := range e.n {
			up += a.p[i][j] * e.p[rowPos][j]
			uv += a.p[i][j] * e.p[rowVel][j]
		}
		s.posVar -= e.p[rowPos][i] * up
		s.velVar -= e.p[rowVel][i] * uv
	}
	// What rounding leaves of a difference is never better than a millimetre.
	s.posVar, s.velVar = max(s.posVar, 1e-6), max(s.velVar, 1e-6)
	return s
}
