package bpf_test

import (
	"testing"

	xbpf "golang.org/x/net/bpf"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture/bpf"
)

// vm returns the kernel's part as x/net's machine runs it: a function from a
// frame to the number of its bytes that are left.
func vm(tb interface{ Fatal(...any) }, p *bpf.Program) func([]byte) int {
	code, ok := xbpf.Disassemble(p.Kernel())
	if !ok {
		tb.Fatal("an instruction is not known")
	}
	machine, err := xbpf.NewVM(code)
	if err != nil {
		tb.Fatal(err)
	}
	return func(frame []byte) int {
		n, err := machine.Run(frame)
		if err != nil {
			tb.Fatal(err)
		}
		return min(n, len(frame))
	}
}

// Whatever the kernel takes on itself, a frame ends as the Spec says.
func TestKernelAndUserSpaceTogetherDoTheSpec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, spec, lt := drawWish(t)
		p, err := bpf.Compile(spec, lt, w.allowKernel)
		if err != nil {
			t.Fatal(err)
		}
		if c := p.Counts(); c.Instructions > bpf.MaxInstructions || c.Instructions > 1 && c.ChargedInstructions > w.allowKernel {
			t.Fatalf("%d instructions are allowed: %+v", w.allowKernel, c)
		}
		run := vm(t, p)
		for range 20 {
			frame := drawFrame(t, w.plain80211)
			want := w.want(frame)
			if got := p.Keep(frame, len(frame)); got != want {
				t.Fatalf("user space keeps %d of %d bytes, want %d\nframe %x\n%q", got, len(frame), want, frame, w.ruleTexts)
			}
			got := run(frame)
			if got > 0 {
				got = p.Keep(frame[:got], len(frame))
			}
			if got != want && len(frame) > 0 {
				t.Fatalf("kernel (%d) and user space keep %d of %d bytes, want %d\nframe %x\n%q", run(frame), got, len(frame), want, frame, w.ruleTexts)
			}
		}
	})
}
