package bpf_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	xbpf "golang.org/x/net/bpf"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/radiotap"
)

// recorded returns a program that libpcap's compiler wrote, as a function.
func recorded(t *testing.T, name string) func([]byte) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "libpcap", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var raw []xbpf.RawInstruction
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[2:] { // command, length
		var n [4]uint64
		for i, field := range strings.Fields(line) {
			if n[i], err = strconv.ParseUint(field, 10, 32); err != nil {
				t.Fatal(err)
			}
		}
		raw = append(raw, xbpf.RawInstruction{Op: uint16(n[0]), Jt: uint8(n[1]), Jf: uint8(n[2]), K: uint32(n[3])})
	}
	code, ok := xbpf.Disassemble(raw)
	if !ok {
		t.Fatalf("%s: an instruction is not known", name)
	}
	machine, err := xbpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	return func(frame []byte) bool {
		n, err := machine.Run(frame)
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	}
}

// wholeFrame draws a frame that libpcap and we understand alike: not cut, in a
// header that is read, of a type that is not reserved.
func wholeFrame(t *rapid.T) []byte {
	frame := []byte{0, 0, 8, 0, 0, 0, 0, 0}
	b := drawDot11(t)
	b[0] &^= 3
	if b[0]&0x0c == 0x0c {
		b[0] &^= 0x0c
		b = append(b, make([]byte, 36)...)
	}
	return append(frame, append(b, make([]byte, 8)...)...)
}

func TestRulesAgreeWithLibpcap(t *testing.T) {
	const mac = "02:00:00:00:00:01"
	never := func(*radiotap.Dot11) bool { return false }
	for _, tt := range []struct {
		name, rule string
		differ     func(d *radiotap.Dot11) bool // libpcap looks at less
	}{
		{"ra", "drop ra=" + mac, func(d *radiotap.Dot11) bool { return d.Type != radiotap.TypeData }},
		{"ta", "drop ta=" + mac, func(d *radiotap.Dot11) bool { return d.Type != radiotap.TypeData }},
		{"sa", "drop sa=" + mac, never},
		{"da", "drop da=" + mac, never},
		{"beacons", "drop subtype=beacon", never},
		{"qos", "drop subtype=qos-data,rts", never},
	} {
		t.Run(tt.name, func(t *testing.T) {
			theirs := recorded(t, tt.name)
			rule, err := bpf.ParseRule(tt.rule)
			if err != nil {
				t.Fatal(err)
			}
			ours := vm(t, compile(t, bpf.Spec{Rules: []bpf.Rule{rule}}, capture.LinkTypeRadiotap, 1<<20))
			rapid.Check(t, func(t *rapid.T) {
				frame := wholeFrame(t)
				d, _ := radiotap.ParseDot11(frame[8:])
				if got, want := ours(frame) > 0, theirs(frame); got != want && !tt.differ(&d) {
					t.Fatalf("%x (%+v): kept %v, by libpcap %v", frame, d, got, want)
				}
			})
		})
	}
}

// What Kismet's filter drops is dropped. What it lets through and we drop is
// sent or received by an excluded device on the air.
func TestExclusionDropsAllThatKismetsDoes(t *testing.T) {
	excluded := []radiotap.MAC{{2, 0, 0, 0, 0, 1}, {0x10, 0x11, 0x12, 0x13, 0x14, 0x15}}
	theirs := recorded(t, "hosts")
	ours := compile(t, bpf.Spec{Addresses: excluded}, capture.LinkTypeRadiotap, 1<<20)
	more := 0
	rapid.Check(t, func(t *rapid.T) {
		frame := wholeFrame(t)
		d, _ := radiotap.ParseDot11(frame[8:])
		kept, keptByThem := ours.Keep(frame, len(frame)) > 0, theirs(frame)
		onAir := false
		for _, m := range excluded {
			onAir = onAir || d.Has&radiotap.RA != 0 && d.RA == m || d.Has&radiotap.TA != 0 && d.TA == m
		}
		switch {
		case kept && !keptByThem:
			t.Fatalf("%x is kept: %+v", frame, d)
		case !kept && keptByThem && !onAir:
			t.Fatalf("%x is dropped: %+v", frame, d)
		case !kept && keptByThem:
			more++
		}
	})
	if more == 0 {
		t.Error("nothing is dropped that Kismet's filter lets through")
	}
}
