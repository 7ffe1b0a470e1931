package fusion

import "math"

// A role is what a measurement is good for.
type role uint8

const (
	roleUsed  role = iota // all of it
	roleMoves             // its position is not believed, its velocity may be
	roleApart             // its receiver stands by: only how far it is off is learned
	roleNone              // nothing
)

// A node is one measurement, and what was known with it and all before.
type node struct {
	m      measurement
	role   role
	judged bool // the role is settled, for good

	t      transition
	moves  [3]observation // of velocity and acceleration, the first n of them
	n      int
	kept   float64     // by what the lasting error of its receiver was multiplied then
	fix    observation // of the position, unless roleMoves
	jumped bool        // it is where it cannot be
	shift  bool        // the receiver is off in another way from here on

	e, up  estimate // of the place and of the height
	upRole upRole
	calmNs int64 // when it was last said to stand
	lent   bool  // it stands because the one before did
	barred bool  // it must not: the next one moves
	altNs  int64 // when there was a height

	doubt float64 // metres, on top of the accuracy
	said  said
}

// said is what was told of a node.
type said struct {
	pos      [2]float64
	accuracy float64
	ok       bool
}

// begin makes an estimate of a first measurement: where it is off is the other
// side of where the sensor is.
func begin(z [2]float64, slot int, white, off, velVar, accVar float64) estimate {
	b := rowBias + slot
	e := estimate{n: b + 1}
	e.x[0][rowPos], e.x[1][rowPos] = z[0], z[1]
	e.p[rowPos][rowPos] = white + off
	e.p[rowVel][rowVel] = velVar
	e.p[rowAcc][rowAcc] = accVar
	e.p[b][b] = off
	e.p[rowPos][b], e.p[b][rowPos] = -off, -off
	e.bias[slot] = off
	for i := range e.used {
		e.used[i], e.seen[i] = never, never
	}
	return e
}

// start makes the first node.
func (f *Filter) start(n *node) {
	m := &n.m
	n.role = roleUsed
	n.t, n.kept = transition{accKept: 1, offKept: 1}, 1
	n.e = begin(m.pos, m.slot, m.white, m.off, f.body.velVar, f.body.accVar)
	n.e.see(m, true)
	f.observeMoves(n)
	f.stepUp(&node{}, n)
	n.judged = true
}

// step makes n what prev becomes with its measurement.
func (f *Filter) step(prev, n *node) {
	m := &n.m
	n.e = prev.e
	n.calmNs = prev.calmNs
	if m.pose == poseStands {
		n.calmNs = m.atNs
	}
	n.lent = m.pose == poseUnknown && prev.e.calm && m.atNs-n.calmNs < int64(calmAfter) && !n.barred
	n.e.calm = m.pose == poseStands || n.lent
	accVar, tau := f.body.accVar, offTau
	if n.e.calm {
		accVar, tau = calmVar, offTauCalm
	}
	n.t = transit(seconds(m.atNs-prev.m.atNs), f.body.accTau, tau)
	n.e.predict(n.t, accVar, f.body.accTau)
	n.n = 0
	if !n.judged && f.standsBy(m.slot) {
		n.role = roleApart
	}
	if n.role <= roleMoves {
		f.observeMoves(n)
	}
	n.kept = n.e.rebias(m.slot, m.off)
	if n.e.seen[m.slot] != never && n.e.gap(m) {
		// A receiver that finds itself again is off in another way.
		n.e.forget(m.slot)
		n.kept = 0
	}
	o := n.e.expect(rowPos, rowBias+m.slot, m.pos, m.white)
	if !n.judged {
		f.judge(n, &o)
	}
	f.observePosition(n, &o)
	f.stepUp(prev, n)
	n.judged = true
}

// observeMoves takes in what is said of velocity.
func (f *Filter) observeMoves(n *node) {
	if vel, variance, ok := n.m.velocity(&n.e); ok {
		o := n.e.expect(rowVel, none, vel, variance)
		nis := o.nis()
		if nis > velNIS {
			o.s *= nis / velNIS
		}
		if nis < velNIS*velMost {
			n.move(o)
		}
	}
	if n.e.calm && n.m.pose == poseStands {
		n.move(n.e.expect(rowVel, none, [2]float64{}, calmVelVar))
		n.move(n.e.expect(rowAcc, none, [2]float64{}, calmAccVar))
	}
}

// velocity is what is said of it, and its variance. A speed without a course has
// the direction in which it moves anyway, if that is known at all; it is never
// taken for none, for what creeps would seem to stand.
func (m *measurement) velocity(e *estimate) (vel [2]float64, variance float64, ok bool) {
	switch {
	case math.IsNaN(m.speed) || m.mute:
		return vel, 0, false
	case m.course:
		return m.vel, m.velVar, true
	}
	variance = m.velVar + vague*m.speed*m.speed
	x, y := e.x[0][rowVel], e.x[1][rowVel]
	v := math.Hypot(x, y)
	switch {
	case m.speed <= creeping:
	case v > m.speed/2:
		vel = [2]float64{x * m.speed / v, y * m.speed / v}
	default:
		return vel, 0, false
	}
	return vel, variance, true
}

func (n *node) move(o observation) {
	n.e.learn(&o, false)
	n.moves[n.n] = o
	n.n++
}

// observePosition takes the position in.
func (f *Filter) observePosition(n *node, o *observation) {
	m := &n.m
	if n.role != roleUsed && n.role != roleApart {
		return
	}
	if n.shift {
		n.kept = 0
		n.e.forget(m.slot)
		n.widen()
		*o = n.e.expect(rowPos, rowBias+m.slot, m.pos, m.white)
	}
	n.e.learn(o, n.role == roleApart)
	n.fix = *o
	n.e.see(m, n.role == roleUsed)
}

// widen makes room for a position that is a surprise although its receiver's
// lasting error is unknown again: where others know the place, that error takes
// all of it; else nobody knows who was wrong, now or before, and the place is
// as uncertain.
func (n *node) widen() {
	m, e := &n.m, &n.e
	b := rowBias + m.slot
	o := e.expect(rowPos, b, m.pos, m.white)
	extra := (o.nis()/2 - 1) * o.s
	if extra <= 0 {
		return
	}
	if e.settled(m.slot, m.atNs) {
		e.p[b][b] += extra
		return
	}
	share := e.p[rowPos][rowPos] / (e.p[rowPos][rowPos] + e.p[b][b])
	e.p[rowPos][rowPos] += share * extra
	e.p[b][b] += (1 - share) * extra
}

// judge decides once and for all what a measured position is good for.
func (f *Filter) judge(n *node, o *observation) {
	m, r := &n.m, f.receivers[n.m.slot]
	d2 := o.nu[0]*o.nu[0] + o.nu[1]*o.nu[1]
	nis := o.nis()
	allowed := gateNIS * (n.e.p[rowPos][rowPos] + m.white + m.off)
	switch {
	case m.far || d2 > max(allowed, gateLeast*gateLeast):
		n.jumped = true
		n.role = roleMoves
		if f.standsBy(m.slot) {
			n.role = roleNone
		}
		return
	case n.role == roleApart:
	case nis > doubtNIS && !r.doubted:
		n.role = roleMoves
		r.doubted = true
		r.learnWhite(nis, m.white, o.s)
		return
	default:
		n.shift = nis > doubtNIS
		r.learnWhite(nis, m.white, o.s)
	}
	r.doubted = false
}
