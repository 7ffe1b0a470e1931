package bpf

import (
	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
)

// shortest is how long an 802.11 frame must be for the program to look at it:
// an ACK without its checksum.
const shortest = 10

// lengths measures the frame and its radiotap header, stores memHead and
// memLeft, and passes on what radiotap.Length does not believe.
func (g *generator) lengths(next target) target {
	next = g.atLeast(shortest, next, g.keep)
	next = g.then(next, store(memLeft))
	if g.link != capture.LinkTypeRadiotap {
		return g.then(next, load(0), store(memHead), xbpf.LoadExtension{Num: xbpf.ExtLen})
	}
	next = g.then(next, opX(xbpf.ALUOpSub))
	next = g.jumpX(xbpf.JumpGreaterOrEqual, next, g.keep)
	next = g.then(next, store(memHead), xbpf.TAX{}, xbpf.LoadExtension{Num: xbpf.ExtLen})
	next = g.atLeast(radiotap.MinLength, next, g.keep)
	next = g.then(next, // little-endian
		at(3, 1), op(xbpf.ALUOpShiftLeft, 8), xbpf.TAX{}, at(2, 1), opX(xbpf.ALUOpOr))
	next = g.equal(0, next, g.keep)
	next = g.then(next, at(0, 1)) // version
	next = g.atLeast(radiotap.MinLength, next, g.keep)
	return g.then(next, xbpf.LoadExtension{Num: xbpf.ExtLen})
}

// Bits of the first presence word, in its first and last byte, and of flags.
const (
	presentTSFT   = 0x01
	presentFlags  = 0x02
	presentMore   = 0x80
	presentTLV    = 0x10
	flagPadded    = 0x20
	flagBadFCS    = 0x40
	presenceWords = 5 // as mac80211 writes with four chains
)

// flags reads the flags field of radiotap: it drops bad checksums, and passes
// on frames with a padded header where it matters, and headers of a form that
// drivers do not make.
func (g *generator) flags(next target) target {
	padding := g.share.tail
	for i, in := range g.share.rules {
		padding = padding || in && g.spec.Rules[i].action == Cut
	}
	if g.link != capture.LinkTypeRadiotap || !padding && !g.share.checksum {
		return next
	}
	found := next
	if padding {
		found = g.anyBit(flagPadded, g.keep, found)
	}
	if g.share.checksum {
		found = g.anyBit(flagBadFCS, g.drop, found)
	}
	found = g.then(found, xbpf.TAX{}, atX(0, 1))
	found = g.jumpX(xbpf.JumpGreaterOrEqual, next, found) // lies beyond the header: not there
	found = g.then(found, memX(memHead))

	// With TSFT, the flags are behind its 8 aligned bytes.
	const offset = memHeader // free until there is a data frame's header to measure
	plain := g.then(found, mem(offset))
	behind := g.then(found, mem(offset), op(xbpf.ALUOpAdd, 7), op(xbpf.ALUOpAnd, ^uint32(7)), op(xbpf.ALUOpAdd, 8))
	found = g.anyBit(presentTSFT, behind, plain)
	found = g.then(found, at(4, 1))
	found = g.then(found, store(offset))

	// The fields begin behind the last presence word.
	words := g.keep
	for n := presenceWords; n >= 1; n-- {
		end := uint32(4 + 4*n)
		last := g.then(found, load(end))
		if n == 1 {
			// The other words are within the header if it is that long.
			words = g.atLeast(4+4*presenceWords, words, g.keep)
			words = g.then(words, mem(memHead))
		}
		words = g.anyBit(presentMore, words, last)
		words = g.then(words, at(end-1, 1))
	}
	// Without flags in the first word, they may be in another or in a TLV.
	without := g.anyBit(presentMore|presentTLV, g.keep, next)
	without = g.then(without, at(7, 1))
	begin := g.anyBit(presentFlags, words, without)
	return g.then(begin, at(4, 1))
}
