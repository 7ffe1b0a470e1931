package bpf_test

import (
	"testing"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
)

var benched = []struct {
	name string
	spec func(testing.TB) bpf.Spec
}{
	{"nothing", func(testing.TB) bpf.Spec { return bpf.Spec{} }},
	{"addresses=8", func(testing.TB) bpf.Spec { return bpf.Spec{Addresses: manyMACs(8)} }},
	{"addresses=200", func(testing.TB) bpf.Spec { return bpf.Spec{Addresses: manyMACs(200)} }},
	{"truncate", func(testing.TB) bpf.Spec { return bpf.Spec{TruncateData: true} }},
	{"rules=3", func(tb testing.TB) bpf.Spec {
		var s bpf.Spec
		for _, text := range []string{"drop subtype=beacon", "drop signal<-90", "drop any=02:00:00:00:00:09"} {
			r, err := bpf.ParseRule(text)
			if err != nil {
				tb.Fatal(err)
			}
			s.Rules = append(s.Rules, r)
		}
		return s
	}},
}

func BenchmarkKeep(b *testing.B) {
	frame := append(unhex(b, tapHead), unhex(b, "8801 0000"+three+"0000"+llcIP)...)
	for _, bb := range benched {
		b.Run(bb.name, func(b *testing.B) {
			p := compile(b, bb.spec(b), capture.LinkTypeRadiotap, 4096)
			b.ReportAllocs()
			for b.Loop() {
				if p.Keep(frame, len(frame)) == 0 {
					b.Fatal("dropped")
				}
			}
		})
	}
}

// The virtual machine is no measure of the kernel's time, but of the number of
// instructions that a frame takes.
func BenchmarkVirtualMachine(b *testing.B) {
	frame := append(unhex(b, tapHead), unhex(b, "8801 0000"+three+"0000"+llcIP)...)
	for _, bb := range benched {
		b.Run(bb.name, func(b *testing.B) {
			code, _ := xbpf.Disassemble(compile(b, bb.spec(b), capture.LinkTypeRadiotap, 4096).Kernel())
			machine, err := xbpf.NewVM(code)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if n, err := machine.Run(frame); err != nil || n == 0 {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	s := bpf.Spec{Addresses: manyMACs(200), Mgmt: true}
	for b.Loop() {
		if _, err := bpf.Compile(s, capture.LinkTypeRadiotap, bpf.Budget(20480)); err != nil {
			b.Fatal(err)
		}
	}
}
