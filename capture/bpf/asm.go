package bpf

import (
	"slices"

	xbpf "golang.org/x/net/bpf"
)

// A target is a place in a program to jump to, counted from its end.
type target int

// A builder writes a program from its end to its beginning, so that whatever
// is jumped to, which is always further on, is there already and its distance
// known. It knows nothing of filters.
type builder struct {
	code  []xbpf.Instruction // the last one first
	steps map[target]target  // places too far away, and the nearest jump to each
}

// reach is how far a conditional jump may go: 255, less what may still come
// between while one is written.
const reach = 255 - 4

func newBuilder() *builder { return &builder{steps: make(map[target]target)} }

func (b *builder) top() target { return target(len(b.code) - 1) }

func (b *builder) push(ins xbpf.Instruction) target {
	b.code = append(b.code, ins)
	return b.top()
}

// skip returns how many instructions lie between the next one written and t.
func (b *builder) skip(t target) int { return len(b.code) - int(t) - 1 }

// ret writes the end: how many bytes are kept.
func (b *builder) ret(n uint32) target { return b.push(xbpf.RetConstant{Val: n}) }

// then writes instructions that do not jump; after the last one goes on at next.
func (b *builder) then(next target, code ...xbpf.Instruction) target {
	b.hop(next)
	for _, ins := range slices.Backward(code) {
		b.push(ins)
	}
	return b.top()
}

// hop writes a jump to t, unless t is next anyway. It does not repeat an end
// that stands there: the kernel's verifier takes what follows an end for
// reachable from it, and would miss stores that its other ways have.
func (b *builder) hop(t target) target {
	if far := b.skip(t); far > 0 {
		return b.push(xbpf.Jump{Skip: uint32(far)})
	}
	return b.top()
}

// near returns a place within reach that leads to t.
func (b *builder) near(t target) target {
	if b.skip(t) <= reach {
		return t
	}
	if step, ok := b.steps[t]; ok && b.skip(step) <= reach {
		return step
	}
	step := b.hop(t)
	b.steps[t] = step
	return step
}

// jump writes a comparison of A with a constant.
func (b *builder) jump(test xbpf.JumpTest, k uint32, yes, no target) target {
	yes, no = b.near(yes), b.near(no)
	return b.push(xbpf.JumpIf{Cond: test, Val: k, SkipTrue: uint8(b.skip(yes)), SkipFalse: uint8(b.skip(no))})
}

// jumpX writes a comparison of A with X.
func (b *builder) jumpX(test xbpf.JumpTest, yes, no target) target {
	yes, no = b.near(yes), b.near(no)
	return b.push(xbpf.JumpIfX{Cond: test, SkipTrue: uint8(b.skip(yes)), SkipFalse: uint8(b.skip(no))})
}

func (b *builder) equal(k uint32, yes, no target) target { return b.jump(xbpf.JumpEqual, k, yes, no) }

func (b *builder) atLeast(k uint32, yes, no target) target {
	return b.jump(xbpf.JumpGreaterOrEqual, k, yes, no)
}

func (b *builder) anyBit(k uint32, yes, no target) target {
	return b.jump(xbpf.JumpBitsSet, k, yes, no)
}

// program returns what was written, first instruction first.
func (b *builder) program() ([]xbpf.RawInstruction, error) {
	code := make([]xbpf.Instruction, 0, len(b.code))
	for _, ins := range slices.Backward(b.code) {
		code = append(code, ins)
	}
	return xbpf.Assemble(code)
}
