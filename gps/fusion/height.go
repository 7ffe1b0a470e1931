package fusion

import (
	"math"
	"time"
)

// An upRole is what a measured height is good for.
type upRole uint8

const (
	upNone  upRole = iota // nothing, or there is none
	upUsed                // as its node
	upBegin               // the heights before it are forgotten
)

// stepUp does for the height what step does for the place.
func (f *Filter) stepUp(prev, n *node) {
	m, r := &n.m, f.receivers[n.m.slot]
	n.altNs, n.up = prev.altNs, prev.up
	if n.up.n > 0 {
		tau := offTau
		if n.e.calm {
			tau = offTauCalm
		}
		n.up.predict(transit(n.t.dt, heightAccTau, tau), heightAccVar, heightAccTau)
	}
	if math.IsNaN(m.alt) || n.role == roleMoves || n.role == roleNone {
		return
	}
	z := [2]float64{m.alt}
	var o observation
	if n.up.n > 0 {
		n.up.rebias(m.slot, m.altOff)
		o = n.up.expect(rowPos, rowBias+m.slot, z, m.altWhite)
	}
	if !n.judged {
		n.upRole = r.judgeHeight(n, &o, f.o.BelieveAfter)
	}
	switch n.upRole {
	case upBegin:
		n.up = begin(z, m.slot, m.altWhite, m.altOff, heightVelVar, heightAccVar)
	case upUsed:
		n.up.learn(&o, n.role == roleApart)
	case upNone:
		return
	}
	n.altNs = m.atNs
	if !math.IsInf(m.climbVar, 1) && n.role == roleUsed {
		c := n.up.expect(rowVel, none, [2]float64{m.climb}, m.climbVar)
		n.up.learn(&c, false)
	}
}

// judgeHeight decides what a measured height is good for. Heights that jump are
// believed after a while, as places are.
func (r *receiver) judgeHeight(n *node, o *observation, after time.Duration) upRole {
	m := &n.m
	if n.up.n == 0 || m.atNs-n.altNs > int64(heightSilent) {
		r.altBad = false
		return upBegin
	}
	if o.nu[0]*o.nu[0] <= heightNIS*(n.up.p[rowPos][rowPos]+m.altWhite+m.altOff) {
		r.altBad = false
		return upUsed
	}
	if !r.altBad {
		r.altBad, r.altSince = true, m.atNs
	}
	if m.atNs-r.altSince < int64(after) || n.role == roleApart {
		return upNone
	}
	r.altBad = false
	return upBegin
}
