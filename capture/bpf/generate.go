package bpf

import (
	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
)

// The scratch memory of a program. The verifier of the kernel wants each place
// written before it is read, on every way there.
const (
	memLeft   = iota // bytes from the 802.11 header on
	memHead          // length of the radiotap header
	memFC            // frame control, duration; big-endian
	memHeader        // length of a data frame's 802.11 header; an offset before that
	memOUI           // first three bytes of the address that is looked up
	memCount         // how many addresses are looked up, from the first
	memSub           // 1 << subtype
	memMask          // what counts of the first three bytes of TA

	// Offsets of addresses in the 802.11 header, 0 if there is none, for rules.
	memRA
	memTA
	memSA
	memDA
	memThird  // address 3, if it is SA or DA
	memFourth // address 4
	memBSSID
)

// Bits of memFC.
const (
	fcVersion   = 0x03000000
	fcType      = 0x0c000000
	fcControl   = 0x04000000 // of type: control, extension
	fcData      = 0x08000000 // of type: data, extension
	fcKind      = 0xfc000000
	fcNoData    = 0x40000000 // of a data frame's subtype
	fcQoS       = 0x80000000 // of a data frame's subtype
	fcToDS      = 0x00010000
	fcFromDS    = 0x00020000
	fcProtected = 0x00400000
	fcOrder     = 0x00800000
)

// keepAll is longer than any frame.
const keepAll = 1 << 18

// A generator writes one program. Each of its methods writes a piece in front
// of what is there and returns where it begins; what a piece goes on to are
// its arguments.
//
// No piece loads from beyond the end of the frame, which would drop it: frames
// are measured first, and the odd ones passed on. Pieces expect nothing in A
// and X.
type generator struct {
	*builder
	spec       *Spec
	share      share
	link       capture.LinkType
	keep, drop target
	cut        target // cuts a frame behind its header, or keeps EAPOL; once it is needed
	places     uint32 // which of memRA to memBSSID rules look at
	classes    map[string]target
}

// generate writes the program for a share of the Spec.
func generate(s *Spec, lt capture.LinkType, sh share) ([]xbpf.RawInstruction, error) {
	g := &generator{builder: newBuilder(), spec: s, share: sh, link: lt, cut: -1, classes: make(map[string]target)}
	g.keep = g.ret(keepAll)
	switch {
	case sh.addresses > 0 || sh.tail || sh.ruleCount() > 0:
		g.drop = g.ret(0)
		begin := g.rules() // first: it says what classify has to store
		begin = g.lookUps(begin)
		begin = g.classify(begin)
		g.then(g.lengths(g.flags(begin)))
	case sh.checksum && lt == capture.LinkTypeRadiotap:
		g.drop = g.ret(0)
		g.then(g.lengths(g.flags(g.keep)))
	}
	return g.program()
}

func mem(n int) xbpf.Instruction {
	return xbpf.LoadScratch{Dst: xbpf.RegA, N: n}
}

func memX(n int) xbpf.Instruction {
	return xbpf.LoadScratch{Dst: xbpf.RegX, N: n}
}

func store(n int) xbpf.Instruction {
	return xbpf.StoreScratch{Src: xbpf.RegA, N: n}
}

func load(n uint32) xbpf.Instruction {
	return xbpf.LoadConstant{Dst: xbpf.RegA, Val: n}
}

func at(off uint32, size int) xbpf.Instruction {
	return xbpf.LoadAbsolute{Off: off, Size: size}
}

func atX(off uint32, size int) xbpf.Instruction {
	return xbpf.LoadIndirect{Off: off, Size: size}
}

func op(o xbpf.ALUOp, n uint32) xbpf.Instruction {
	return xbpf.ALUOpConstant{Op: o, Val: n}
}

func opX(o xbpf.ALUOp) xbpf.Instruction {
	return xbpf.ALUOpX{Op: o}
}
