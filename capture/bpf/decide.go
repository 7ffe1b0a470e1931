package bpf

import (
	"encoding/binary"
	"math"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture/radiotap"
)

// rules writes the rules, and what happens to frames that match none.
func (g *generator) rules() target {
	next := g.keep
	if g.share.tail {
		next = g.tail()
	}
	for i := len(g.share.rules) - 1; i >= 0; i-- {
		if g.share.rules[i] {
			next = g.rule(&g.spec.Rules[i], next)
		}
	}
	return next
}

// tail does Mgmt and TruncateData.
func (g *generator) tail() target {
	if !g.spec.Mgmt {
		cut := g.cutTarget()
		return g.then(g.anyBit(fcData, cut, g.keep), mem(memFC))
	}
	// What is left of data frames is EAPOL, so nothing is truncated.
	data := g.readable(g.measure(g.eapol(g.drop)), g.drop)
	return g.then(g.anyBit(fcData, data, g.anyBit(fcControl, g.drop, g.keep)), mem(memFC))
}

// cutTarget returns where a frame is cut behind its header, unless it is EAPOL.
func (g *generator) cutTarget() target {
	if g.cut >= 0 {
		return g.cut
	}
	cut := g.push(xbpf.RetA{})
	behind := func(n uint32) target { return g.then(cut, mem(memHead), op(xbpf.ALUOpAdd, n)) }
	management := g.anyBit(fcOrder, behind(28), behind(24))
	control := g.then(g.anyBit(subtypesRA, behind(10), behind(16)), mem(memSub))

	data := g.then(cut, mem(memHead), memX(memHeader), opX(xbpf.ALUOpAdd))
	data = g.readable(g.eapol(data), data)
	data = g.then(data, mem(memFC))
	data = g.measure(data)
	data = g.anyBit(fcData, data, g.anyBit(fcControl, control, management))
	g.cut = g.then(data, mem(memFC))
	return g.cut
}

// readable goes on to yes if a data frame has a body that is not encrypted.
// It expects memFC in A, and leaves it there.
func (g *generator) readable(yes, no target) target {
	return g.anyBit(fcNoData|fcProtected, no, yes)
}

// measure stores a data frame's header length in memHeader. It expects memFC
// in A.
func (g *generator) measure(next target) target {
	next = g.then(next, store(memHeader))
	length := func(n uint32) target { return g.then(next, load(n)) }
	from := func(base uint32) target {
		qos := g.anyBit(fcOrder, length(base+6), length(base+2))
		return g.anyBit(fcQoS, qos, length(base))
	}
	three := from(24)
	return g.anyBit(fcToDS, g.anyBit(fcFromDS, from(30), three), three)
}

// eapol keeps the frame if its body begins as EAPOL does.
func (g *generator) eapol(no target) target {
	begin := []byte(eapol)
	next := g.equal(binary.BigEndian.Uint32(begin[4:]), g.keep, no)
	next = g.then(next, atX(4, 4))
	next = g.equal(binary.BigEndian.Uint32(begin), next, no)
	next = g.then(next, mem(memHead), memX(memHeader), opX(xbpf.ALUOpAdd), xbpf.TAX{}, atX(0, 4))
	next = g.jumpX(xbpf.JumpGreaterOrEqual, next, no) // is there so much of it?
	return g.then(next, mem(memHeader), op(xbpf.ALUOpAdd, uint32(len(begin))), xbpf.TAX{}, mem(memLeft))
}

// rule writes one rule.
func (g *generator) rule(r *Rule, next target) target {
	yes := g.keep
	switch {
	case r.action == Drop:
		yes = g.drop
	case r.action == Cut && !r.knownSignal: // else it is only passed on
		yes = g.cutTarget()
	}
	for role := len(roleNames) - 1; role >= 0; role-- {
		if r.roles>>role&1 != 0 {
			yes = g.role(role, r.addresses[role], yes, next)
		}
	}
	yes = g.length(r.length, yes, next)
	return g.kind(r.kinds, yes, next)
}

// role compares the address of one role.
func (g *generator) role(role int, m radiotap.MAC, yes, no target) target {
	switch role {
	case roleRA:
		return g.address(memRA, m, yes, no)
	case roleTA:
		return g.address(memTA, m, yes, no)
	case roleSA:
		return g.address(memSA, m, yes, no)
	case roleDA:
		return g.address(memDA, m, yes, no)
	case roleBSSID:
		return g.address(memBSSID, m, yes, no)
	default: // any
		no = g.address(memFourth, m, yes, no)
		no = g.address(memThird, m, yes, no)
		no = g.address(memTA, m, yes, no)
		return g.address(memRA, m, yes, no)
	}
}

// address compares the address whose offset is stored in a place.
func (g *generator) address(place int, m radiotap.MAC, yes, no target) target {
	g.places |= 1 << (place - memRA)
	next := g.equal(oui(m), yes, no)
	if place == memTA {
		next = g.then(next, memX(memMask), opX(xbpf.ALUOpAnd))
	}
	next = g.then(next, atX(0, 4), op(xbpf.ALUOpShiftRight, 8))
	next = g.equal(binary.BigEndian.Uint32(m[2:]), next, no)
	next = g.then(next, memX(memHead), opX(xbpf.ALUOpAdd), xbpf.TAX{}, atX(2, 4))
	next = g.equal(0, no, next)
	return g.then(next, mem(place))
}

// length compares the length on the air.
func (g *generator) length(s span, yes, no target) target {
	if s.most == math.MaxInt32 && s.least == 0 {
		return yes
	}
	if s.most != math.MaxInt32 {
		yes = g.jump(xbpf.JumpGreaterThan, uint32(s.most), no, yes)
	}
	if s.least > 0 {
		yes = g.atLeast(uint32(s.least), yes, no)
	}
	return g.then(yes, mem(memLeft))
}

// kind compares type and subtype. Frames of the extension type have been
// passed on before.
func (g *generator) kind(ks kinds, yes, no target) target {
	of := func(subtypes uint16) target {
		switch subtypes {
		case 0:
			return no
		case everySubtype:
			return yes
		default:
			return g.then(g.anyBit(uint32(subtypes), yes, no), mem(memSub))
		}
	}
	management, control, data := of(ks[radiotap.TypeManagement]), of(ks[radiotap.TypeControl]), of(ks[radiotap.TypeData])
	begin := management
	if control != management {
		begin = g.anyBit(fcControl, control, management)
	}
	if data != begin {
		begin = g.anyBit(fcData, data, begin)
	}
	if begin == yes || begin == no {
		return begin
	}
	return g.then(begin, mem(memFC))
}
