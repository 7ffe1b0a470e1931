package bpf_test

import (
	"testing"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/radiotap"
)

// What a frame holds makes no difference between the two ways, and never
// brings one of them down.
func FuzzPrograms(f *testing.F) {
	for _, s := range []string{
		"8000 0000" + three + "00000000", "8801 0000" + three + "0000" + llcEAPOL, "0803 0000" + three + a4 + llcIP, "b400 0000" + a1 + a2, "7400 0000" + a1 + "b400 00000000" + a2,
	} {
		frame := unhex(f, s)
		f.Add(frame, 0)
		f.Add(append(unhex(f, tapHead), frame...), 2000)
		f.Add(append(unhex(f, "0000 2600 2f4000a0 200800a0 20080000 0000000000000000 50 0c 3c14 4001 bd 00 0000 0000 bc 00 c1 01"), frame...), -1)
	}
	f.Add(unhex(f, "0000 1000 00000010 0100 0100 40000000 8000"), 16)
	f.Add([]byte{}, 0)

	var rules []bpf.Rule
	for _, text := range []string{"keep subtype=rts ta=02:00:00:00:00:02", "cut len>60 signal<-50", "drop sa=02:00:00:00:00:04", "cut type=mgmt,ctrl", "drop any=02:00:00:00:00:03"} {
		r, err := bpf.ParseRule(text)
		if err != nil {
			f.Fatal(err)
		}
		rules = append(rules, r)
	}
	specs := []bpf.Spec{
		{},
		{Addresses: append(manyMACs(40), radiotap.MAC{2, 0, 0, 0, 0, 1}), TruncateData: true},
		{Mgmt: true, KeepBadFCS: true},
		{Rules: rules, TruncateData: true},
		{Rules: rules[1:], Mgmt: true},
	}
	type pair struct {
		program *bpf.Program
		machine *xbpf.VM
	}
	var pairs []pair
	for _, lt := range []capture.LinkType{capture.LinkTypeRadiotap, capture.LinkTypeIEEE80211} {
		for _, s := range specs {
			p := compile(f, s, lt, 2000)
			code, _ := xbpf.Disassemble(p.Kernel())
			m, err := xbpf.NewVM(code)
			if err != nil {
				f.Fatal(err)
			}
			pairs = append(pairs, pair{p, m})
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, orig int) {
		for i, pair := range pairs {
			p := pair.program
			n := p.Keep(frame, orig)
			if n < 0 || n > len(frame) {
				t.Fatalf("program %d keeps %d of %d bytes", i, n, len(frame))
			}
			if n > 0 && p.Keep(frame[:n], max(orig, len(frame))) != n {
				t.Fatalf("program %d: what is kept of %x is not kept", i, frame)
			}
			if len(frame) == 0 {
				continue
			}
			left, err := pair.machine.Run(frame)
			if err != nil {
				t.Fatal(err)
			}
			if left > 0 {
				left = p.Keep(frame[:min(left, len(frame))], len(frame))
			}
			if whole := p.Keep(frame, len(frame)); left != whole {
				t.Fatalf("program %d, %x: %d bytes with the kernel, %d without", i, frame, left, whole)
			}
		}
	})
}
