package fusion

import "math"

// maxReceivers bounds the state: a rig has one to three receivers.
const maxReceivers = 8

// Rows of a state: where it is, how it moves, and by how much each receiver is
// off in a way that lasts.
const (
	rowPos = iota
	rowVel
	rowAcc
	rowBias
	rows = rowBias + maxReceivers
)

type vector [rows]float64

// An estimate is what is known at one instant. East and north have different
// values and the same covariance: they are measured together, with errors that
// know no direction. The height has an estimate of its own, with one value.
type estimate struct {
	n int // rows in use
	x [2]vector
	p [rows]vector

	bias  [maxReceivers]float64 // variance that each receiver's lasting error has in the long run; 0 if never heard
	used  [maxReceivers]int64   // when each last had a say, or never
	seen  [maxReceivers]int64   // when a position of each was last believed, or never
	found [maxReceivers]int64   // since when that is so without a gap
	calm  bool                  // it stands
}

// never is before every time.
const never = math.MinInt64 / 2

// see notes that a position of a receiver was believed, and whether that had a
// say.
func (e *estimate) see(m *measurement, say bool) {
	if e.gap(m) {
		e.found[m.slot] = m.atNs
	}
	e.seen[m.slot] = m.atNs
	if say {
		e.used[m.slot] = m.atNs
	}
}

// gap reports whether a receiver was silent, or not believed, for long.
func (e *estimate) gap(m *measurement) bool { return m.atNs-e.seen[m.slot] > m.patience }

// recent reports whether a receiver had a say lately.
func (e *estimate) recent(slot int, atNs int64) bool { return atNs-e.used[slot] <= int64(lately) }

// settled reports whether another receiver had a say lately, and is there for
// long enough to be trusted.
func (e *estimate) settled(slot int, atNs int64) bool {
	for i := range e.used {
		if i != slot && e.recent(i, atNs) && atNs-e.found[i] >= int64(settledAfter) {
			return true
		}
	}
	return false
}

// remove forgets a receiver.
func (e *estimate) remove(slot int) {
	if rowBias+slot < e.n {
		e.scale(rowBias+slot, 0)
	}
	e.bias[slot], e.used[slot], e.seen[slot] = 0, never, never
}

// A transition is how an estimate gets from one instant to a later one.
type transition struct {
	dt               float64 // seconds
	accPos, accVel   float64 // what an acceleration does to position and velocity
	accKept, offKept float64 // what is left of it, and of a lasting error
}

func transit(dt, accTau, biasTau float64) transition {
	x := dt / accTau
	t := transition{dt: dt, accKept: math.Exp(-x), offKept: math.Exp(-dt / biasTau)}
	t.accVel = -math.Expm1(-x) * accTau
	t.accPos = (dt - t.accVel) * accTau
	if x < small {
		t.accPos = dt * dt / 2
	}
	return t
}

// small is the share of the time constant below which the exact terms of the
// process noise cancel to nothing, and the first of each series is right
// within a hundredth.
const small = 0.01

// predict moves the estimate on. The acceleration has the variance accVar and
// forgets itself within accTau seconds: R. A. Singer, Estimating optimal
// tracking filter performance for manned maneuvering targets, IEEE Transactions
// on Aerospace and Electronic Systems 6 (1970), equations 5 to 7.
func (e *estimate) predict(t transition, accVar, accTau float64) {
	for i := range e.x {
		t.apply(&e.x[i], e.n)
	}
	for i := range e.n { // P F'
		t.apply(&e.p[i], e.n)
	}
	for j := range e.n { // F (P F')
		acc := e.p[rowAcc][j]
		e.p[rowPos][j] += t.dt*e.p[rowVel][j] + t.accPos*acc
		e.p[rowVel][j] += t.accVel * acc
		e.p[rowAcc][j] = t.accKept * acc
		for i := rowBias; i < e.n; i++ {
			e.p[i][j] *= t.offKept
		}
	}
	q := singer(t.dt, accTau)
	k := 2 * accVar / accTau
	for i := range 3 {
		for j := range 3 {
			e.p[i][j] += k * q[i][j]
		}
	}
	for i := rowBias; i < e.n; i++ {
		e.p[i][i] += (1 - t.offKept*t.offKept) * e.bias[i-rowBias]
	}
}

func (t *transition) apply(v *vector, n int) {
	v[rowPos] += t.dt*v[rowVel] + t.accPos*v[rowAcc]
	v[rowVel] += t.accVel * v[rowAcc]
	v[rowAcc] *= t.accKept
	for i := rowBias; i < n; i++ {
		v[i] *= t.offKept
	}
}

// singer is the covariance that white jerk of density 1 leaves after dt seconds.
func singer(dt, tau float64) [3][3]float64 {
	x := dt / tau
	if x < small {
		d2, d3 := dt*dt, dt*dt*dt
		return [3][3]float64{
			{d2 * d3 / 20, d2 * d2 / 8, d3 / 6},
			{d2 * d2 / 8, d3 / 3, d2 / 2},
			{d3 / 6, d2 / 2, dt},
		}
	}
	e1 := math.Exp(-x)
	e2 := e1 * e1
	half := tau / 2
	pp := half * tau * tau * tau * tau * (1 - e2 + 2*x + 2*x*x*x/3 - 2*x*x - 4*x*e1)
	pv := half * tau * tau * tau * (e2 + 1 - 2*e1 + 2*x*e1 - 2*x + x*x)
	pa := half * tau * tau * (1 - e2 - 2*x*e1)
	vv := half * tau * tau * (4*e1 - 3 - e2 + 2*x)
	va := half * tau * (e2 + 1 - 2*e1)
	return [3][3]float64{{pp, pv, pa}, {pv, vv, va}, {pa, va, half * (1 - e2)}}
}

// rebias says what variance a receiver's lasting error has from now on. What
// grew is new and unknown; what shrank takes the known part along. It returns
// what the known part was multiplied by.
func (e *estimate) rebias(slot int, variance float64) (kept float64) {
	i, old := rowBias+slot, e.bias[slot]
	e.bias[slot] = variance
	switch {
	case old == 0:
		e.n = max(e.n, i+1)
		e.p[i][i] = variance
		return 1
	case variance >= old:
		e.p[i][i] += variance - old
		return 1
	}
	kept = math.Sqrt(variance / old)
	e.scale(i, kept)
	return kept
}

// forget makes a receiver's lasting error unknown.
func (e *estimate) forget(slot int) {
	i := rowBias + slot
	e.scale(i, 0)
	e.p[i][i] = e.bias[slot]
}

func (e *estimate) scale(i int, by float64) {
	for k := range e.x {
		e.x[k][i] *= by
	}
	for j := range e.n {
		e.p[i][j] *= by
	}
	for j := range e.n {
		e.p[j][i] *= by
	}
}

// An observation is one value of a state, or the sum of two, as it was measured
// along each axis. It is kept for the smoother.
type observation struct {
	a, b  int        // rows; b is none if there is no second one
	s     float64    // variance of the surprise
	gain  vector     //
	nu    [2]float64 // the surprise: measured less expected
	apart bool       // it only moved row b: the smoother passes it over
}

const none = -1

// expect prepares an observation of row a, or of a plus b, with the variance r.
func (e *estimate) expect(a, b int, z [2]float64, r float64) observation {
	o := observation{a: a, b: b}
	o.gain = e.p[a]
	for i := range o.nu {
		o.nu[i] = z[i] - e.x[i][a]
	}
	if b != none {
		for i := range e.n {
			o.gain[i] += e.p[b][i]
		}
		for i := range o.nu {
			o.nu[i] -= e.x[i][b]
		}
	}
	o.s = o.of(&o.gain) + r
	return o
}

// of is the observed value of a vector.
func (o *observation) of(v *vector) float64 {
	if o.b == none {
		return v[o.a]
	}
	return v[o.a] + v[o.b]
}

// nis is the normalised innovation squared of both axes: 2 on average.
func (o *observation) nis() float64 { return (o.nu[0]*o.nu[0] + o.nu[1]*o.nu[1]) / o.s }

// learn takes the observation in. With apart it only tells about row b, and all
// else stays as it is (Schmidt, 1966: a filter that considers what it does not
// estimate).
func (e *estimate) learn(o *observation, apart bool) {
	cross := o.gain // covariance of the state with what was observed
	for i := range e.n {
		o.gain[i] = cross[i] / o.s
		if apart && i != o.b {
			o.gain[i] = 0
		}
	}
	o.apart = apart
	for i := range e.n {
		k := o.gain[i]
		e.x[0][i] += k * o.nu[0]
		e.x[1][i] += k * o.nu[1]
	}
	// Right for every gain, not for the best one alone, and symmetric.
	for i := range e.n {
		for j := range i + 1 {
			d := o.gain[i]*(o.s*o.gain[j]-cross[j]) - cross[i]*o.gain[j]
			e.p[i][j] += d
			if i != j {
				e.p[j][i] = e.p[i][j]
			}
		}
	}
}
