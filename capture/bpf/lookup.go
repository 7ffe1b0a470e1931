package bpf

import (
	"encoding/binary"
	"slices"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture/radiotap"
)

// An address is compared in two overlapping numbers: the last four bytes less
// their topmost bit (the kernel spends a second instruction on constants with
// that bit), and the first three.
const lowBits = 1<<31 - 1

func low(m radiotap.MAC) uint32 { return binary.BigEndian.Uint32(m[2:]) & lowBits }
func oui(m radiotap.MAC) uint32 { return binary.BigEndian.Uint32(m[:]) >> 8 }

// lookUps drops frames with an excluded address.
//
// Each of the up to four addresses of a frame is searched for by its low
// number, in a tree of comparisons of its own, since a program cannot jump
// back. What is found in any of them goes to one more tree, which compares the
// rest: if that differs, user space gets the frame and does the whole.
func (g *generator) lookUps(next target) target {
	if g.share.addresses == 0 {
		return next
	}
	ouis := make(map[uint32][]uint32)
	for _, m := range g.spec.Addresses[:g.share.addresses] {
		ouis[low(m)] = append(ouis[low(m)], oui(m))
	}
	lows := make([]uint32, 0, len(ouis))
	for l := range ouis {
		lows = append(lows, l)
		slices.Sort(ouis[l])
	}
	slices.Sort(lows)

	// A block for each set of first bytes, shared by neighbours: devices of
	// one maker have the same.
	blocks := make(map[string]target)
	found := g.tree(lows, g.keep, func(l uint32) target {
		var name []byte
		for _, o := range ouis[l] {
			name = binary.BigEndian.AppendUint32(name, o)
		}
		block, ok := blocks[string(name)]
		if !ok || g.skip(block) > reach {
			block = g.keep
			for _, o := range ouis[l] {
				block = g.equal(o, g.drop, block)
			}
			block = g.then(block, mem(memOUI))
			blocks[string(name)] = block
		}
		return block
	})

	done := next
	for i, off := range slices.Backward([]uint32{4, 10, 16, 24}) {
		next = g.tree(lows, next, func(uint32) target { return found })
		next = g.then(next, store(memOUI), memX(memHead), atX(off+2, 4), op(xbpf.ALUOpAnd, lowBits))
		if i == 1 { // TA
			next = g.then(next, memX(memMask), opX(xbpf.ALUOpAnd))
		}
		next = g.then(next, memX(memHead), atX(off, 4), op(xbpf.ALUOpShiftRight, 8))
		if i > 0 {
			next = g.then(g.equal(uint32(i), done, next), mem(memCount))
		}
	}
	return next
}

// leaf is how many numbers are compared one after the other. More would make
// the program shorter and slower.
const leaf = 4

// tree goes to hit(A) if A is one of the sorted numbers, else to miss.
func (g *generator) tree(sorted []uint32, miss target, hit func(uint32) target) target {
	if len(sorted) > leaf {
		middle := len(sorted) / 2
		right := g.tree(sorted[middle:], miss, hit)
		left := g.tree(sorted[:middle], miss, hit)
		return g.atLeast(sorted[middle], right, left)
	}
	hits := make([]target, len(sorted))
	for i, n := range sorted {
		hits[i] = hit(n)
	}
	for i, n := range slices.Backward(sorted) {
		miss = g.equal(n, hits[i], miss)
	}
	return miss
}
