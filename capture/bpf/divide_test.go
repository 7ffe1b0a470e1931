package bpf_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
)

func rules(t *testing.T, texts ...string) []bpf.Rule {
	t.Helper()
	var rs []bpf.Rule
	for _, text := range texts {
		r, err := bpf.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

func TestTwoHundredAddressesFitWithAllElse(t *testing.T) {
	s := bpf.Spec{
		Addresses: manyMACs(200), Mgmt: true, TruncateData: true,
		Rules: rules(t, "keep subtype=rts,cts", "drop ta=02:00:00:00:00:01", "cut type=data len>400", "drop any=02:00:00:00:00:02"),
	}
	for _, lt := range []capture.LinkType{capture.LinkTypeRadiotap, capture.LinkTypeIEEE80211} {
		c := compile(t, s, lt, bpf.Budget(131072)).Counts()
		want := bpf.Counts{
			Addresses: 200, KernelAddresses: 200, Rules: 4, KernelRules: 4, Tail: true, KernelTail: true,
			Instructions: c.Instructions, ChargedInstructions: c.ChargedInstructions,
		}
		if diff := cmp.Diff(want, c); diff != "" || c.Instructions > bpf.MaxInstructions {
			t.Errorf("%d instructions (-want +got):\n%s", c.Instructions, diff)
		}
	}
}

// A rule that keeps shields frames from what comes behind it, wherever it is.
func TestWhatAMissingKeepShieldsIsNotInTheKernel(t *testing.T) {
	frame := append(unhex(t, tapHead), unhex(t, "8801 0000"+three+"0000"+llcIP)...)
	s := bpf.Spec{Mgmt: true, Rules: rules(t, "keep any=02:00:00:00:00:03", "drop subtype=qos-data")}
	sawNone, sawAll := false, false
	for most := range 700 {
		p := compile(t, s, capture.LinkTypeRadiotap, most)
		c := p.Counts()
		if vm(t, p)(frame) != len(frame) {
			t.Fatalf("%d instructions, %+v: the kernel drops what a rule keeps", most, c)
		}
		if c.KernelRules == 0 && c.KernelTail {
			t.Fatalf("%d instructions, %+v: the options are in the kernel, the rules in front are not", most, c)
		}
		sawNone, sawAll = sawNone || c.KernelRules == 0, sawAll || c.KernelRules == 2 && c.KernelTail
	}
	if !sawNone || !sawAll {
		t.Errorf("nothing in the kernel: %v, all: %v", sawNone, sawAll)
	}
}

// A drop can be left out without harm to what comes behind it.
func TestAMissingDropShieldsNothing(t *testing.T) {
	p := compile(t, bpf.Spec{Mgmt: true, Rules: rules(t, "drop signal<-80", "drop type=ctrl")}, capture.LinkTypeRadiotap, 4096)
	if c := p.Counts(); c.KernelRules != 1 || !c.KernelTail {
		t.Errorf("%+v", c)
	}
}

// More room never means less in the kernel.
func TestAddressesFillTheRoom(t *testing.T) {
	s := bpf.Spec{Addresses: manyMACs(300), TruncateData: true}
	last := 0
	for most := 0; most < 5000; most += 50 {
		c := compile(t, s, capture.LinkTypeRadiotap, most).Counts()
		if c.KernelAddresses < last || c.Instructions > 1 && c.ChargedInstructions > most {
			t.Fatalf("%d instructions: %+v, before %d", most, c, last)
		}
		last = c.KernelAddresses
	}
	if last != 300 {
		t.Errorf("%d addresses at the end", last)
	}
}

func TestRepeatedAddressesCountOnce(t *testing.T) {
	macs := append(manyMACs(5), manyMACs(3)...)
	if c := compile(t, bpf.Spec{Addresses: macs}, capture.LinkTypeRadiotap, 4096).Counts(); c.Addresses != 5 || c.KernelAddresses != 5 {
		t.Errorf("%+v", c)
	}
}

func TestBudget(t *testing.T) {
	for optmem, want := range map[int]int{-1: 0, 0: 0, 100: 0, 20480: 1264, 131072: 8176} {
		if got := bpf.Budget(optmem); got != want {
			t.Errorf("%d bytes: %d instructions, want %d", optmem, got, want)
		}
	}
}

func TestSplitSaysWhoDoesWhat(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec bpf.Spec
		most int
		want string
	}{
		{"nothing", bpf.Spec{KeepBadFCS: true}, 1000, "nothing to filter"},
		{"checksums", bpf.Spec{}, 1000, "bad checksums in the kernel (N instructions)"},
		{"all", bpf.Spec{Addresses: manyMACs(3), Mgmt: true}, 1000, "3 of 3 addresses, filter_mgmt in the kernel (N instructions)"},
		{"part", bpf.Spec{Addresses: manyMACs(200), TruncateData: true}, 1000, "49 of 200 addresses, truncate_data in the kernel (N instructions), the rest in user space"},
		{"signal", bpf.Spec{Rules: rules(t, "drop signal<-80", "drop type=ctrl")}, 1000, "1 of 2 rules in the kernel (N instructions), the rest in user space"},
		{"none", bpf.Spec{Addresses: manyMACs(3)}, 0, "all in user space"},
	} {
		got := compile(t, tt.spec, capture.LinkTypeRadiotap, tt.most).Split()
		if i, j := strings.Index(got, "("), strings.Index(got, " instructions"); i > 0 && j > i {
			got = got[:i+1] + "N" + got[j:]
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Programs of one Spec are the same, however often it is compiled.
func TestCompilingIsDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, spec, lt := drawWish(t)
		var programs [2]*bpf.Program
		for i := range programs {
			var err error
			if programs[i], err = bpf.Compile(spec, lt, w.allowKernel); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(programs[0].Kernel(), programs[1].Kernel()); diff != "" {
			t.Fatal(diff)
		}
	})
}
