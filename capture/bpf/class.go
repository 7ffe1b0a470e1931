package bpf

import (
	"fmt"

	xbpf "golang.org/x/net/bpf"
)

// A class is a form of 802.11 header.
type class struct {
	count uint32    // addresses from the first on that are RA, TA, SA or DA
	size  uint32    // bytes up to the last address
	at    [7]uint32 // their offsets, as memRA to memBSSID
}

var (
	classManagement = class{count: 2, size: 24, at: [7]uint32{4, 10, 10, 4, 0, 0, 16}}
	classDirect     = classManagement // data within the cell
	classToDS       = class{count: 3, size: 24, at: [7]uint32{4, 10, 10, 16, 16, 0, 4}}
	classFromDS     = class{count: 3, size: 24, at: [7]uint32{4, 10, 16, 4, 16, 0, 10}}
	classFour       = class{count: 4, size: 30, at: [7]uint32{4, 10, 24, 16, 16, 24, 0}}
	classRA         = class{count: 1, size: 10, at: [7]uint32{4}}
	classRATA       = class{count: 2, size: 16, at: [7]uint32{4, 10}}
)

// Subtypes of control frames by their addresses. Those in neither, reserved
// ones and envelopes of other frames, are left to user space.
const (
	subtypesRA   = 1<<12 | 1<<13 // CTS, ACK
	subtypesRATA = 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<14 | 1<<15
)

// What counts of the first three bytes of TA: in control frames the group bit
// does not, it announces the transmitter's bandwidth.
const (
	maskTA        = 0xffffff
	maskControlTA = 0xfeffff
)

// classify reads the frame control field, stores memFC, memSub and what the
// class says, and passes on frames that end inside their header.
func (g *generator) classify(next target) target {
	management := g.class(next, classManagement, maskTA)

	four := g.class(next, classFour, maskTA)
	to := g.class(next, classToDS, maskTA)
	from := g.class(next, classFromDS, maskTA)
	direct := g.class(next, classDirect, maskTA)
	data := g.anyBit(fcToDS, g.anyBit(fcFromDS, four, to), g.anyBit(fcFromDS, from, direct))
	data = g.anyBit(fcControl, g.keep, data) // the extension type

	control := g.anyBit(subtypesRA, g.class(next, classRA, maskControlTA), g.keep)
	control = g.anyBit(subtypesRATA, g.class(next, classRATA, maskControlTA), control)
	control = g.then(control, mem(memSub))

	begin := g.anyBit(fcData, data, g.anyBit(fcControl, control, management))
	begin = g.anyBit(fcVersion, g.keep, begin)
	return g.then(begin,
		memX(memHead), atX(0, 4), store(memFC),
		op(xbpf.ALUOpShiftRight, 28), xbpf.TAX{}, load(1), opX(xbpf.ALUOpShiftLeft), store(memSub),
		mem(memFC))
}

// class stores what is needed of a class. Classes that differ in nothing else
// share the piece.
func (g *generator) class(next target, c class, mask uint32) target {
	var code []xbpf.Instruction
	put := func(n uint32, place int) { code = append(code, load(n), store(place)) }
	if g.share.addresses > 0 {
		put(c.count, memCount)
	}
	if g.needsMask() {
		put(mask, memMask)
	}
	for i, off := range c.at {
		if g.places>>i&1 != 0 {
			put(off, memRA+i)
		}
	}
	name := fmt.Sprint(c.size, code)
	if begin, ok := g.classes[name]; ok {
		return begin
	}
	begin := g.then(next, code...)
	if c.size > shortest { // less was measured before
		begin = g.atLeast(c.size, begin, g.keep)
		begin = g.then(begin, mem(memLeft))
	}
	g.classes[name] = begin
	return begin
}

// needsMask reports whether any TA is compared.
func (g *generator) needsMask() bool {
	return g.share.addresses > 0 || g.places>>(memTA-memRA)&1 != 0
}
