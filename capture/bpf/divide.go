package bpf

import (
	"slices"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
)

// MaxInstructions is how long a classic program may be (BPF_MAXINSNS).
const MaxInstructions = 4096

// Budget returns how long a program may be, for Compile, so that it can be
// exchanged on a live socket, given the sysctl net.core.optmem_max in bytes.
//
// The kernel translates a classic program to its internal instructions, 8
// bytes each, and charges them to the socket; at an exchange the old and the
// new program are charged together. 20480, the default up to Linux 6.7, gives
// 1264; 131072, the default since, more than is ever needed.
func Budget(optmemMax int) int {
	const header = 128 // of one program, rounded up generously
	return max(0, (optmemMax/2-header)/8)
}

// charge returns the length of the program after the kernel's translation.
// Source: bpf_convert_filter in net/core/filter.c; on processors that need
// aligned loads it is a little less.
func charge(code []xbpf.RawInstruction) int {
	const (
		class, size, mode    = 0x07, 0x18, 0xe0
		load, jump, ret      = 0x00, 0x05, 0x06
		byAbs, byInd, bytes1 = 0x20, 0x40, 0x10
		always, anyBit, byX  = 0x00, 0x40, 0x08
	)
	n := 7 // clears A and X, loads the frame's pointers
	for _, in := range code {
		n++
		switch in.Op & class {
		case ret: // a move and the exit
			n++
		case load:
			switch in.Op & mode {
			case byInd: // a call with its arguments and its error
				n += 8
			case byAbs: // the same behind a direct load
				n += 13
				if in.Op&size != bytes1 { // bytes to exchange
					n++
				}
			}
		case jump:
			op := in.Op &^ (class | byX)
			if op == always {
				continue
			}
			if in.Op&byX == 0 && in.K >= 1<<31 { // constants are signed there
				n++
			}
			if in.Jf != 0 && (in.Jt != 0 || op == anyBit) { // a jump has one target there
				n++
			}
		}
	}
	return n
}

// A share is what the kernel does of a Spec.
type share struct {
	addresses int    // that many of the first
	rules     []bool // which; after a rule that keeps or cuts and is not here, none is
	tail      bool   // Mgmt and TruncateData
	checksum  bool   // frames with a bad one
}

func (s *share) ruleCount() int {
	n := 0
	for _, in := range s.rules {
		if in {
			n++
		}
	}
	return n
}

// inKernel reports whether the kernel can do something for a rule. It knows
// no signal, so it cannot drop by it; it can pass on what might be kept or cut
// by it, which lets the rules behind stay in the kernel.
func inKernel(r *Rule) bool { return !r.knownSignal || r.action != Drop }

// divide finds the largest share whose program is no longer than most.
//
// A share is right if it drops and cuts nothing that the Spec does not. To
// leave out a drop is always right. To leave out a rule that keeps or cuts
// means that nothing behind it may drop or cut: user space decides that.
func divide(s *Spec, lt capture.LinkType, most int) share {
	if lt != capture.LinkTypeRadiotap && lt != capture.LinkTypeIEEE80211 {
		return share{}
	}
	fits := func(sh share) bool {
		code, err := generate(s, lt, sh)
		return err == nil && len(code) <= MaxInstructions && charge(code) <= most
	}
	sh := share{rules: make([]bool, len(s.Rules)), tail: s.Mgmt || s.TruncateData, checksum: !s.KeepBadFCS}
	for i := range s.Rules {
		sh.rules[i] = inKernel(&s.Rules[i])
	}
	if !fits(sh) {
		sh = someRules(s, sh, fits)
	}
	if !fits(sh) {
		return share{}
	}
	// The largest number of addresses: low fits, high does not.
	low, high := 0, len(s.Addresses)+1
	for high-low > 1 {
		sh.addresses = (low + high) / 2
		if fits(sh) {
			low = sh.addresses
		} else {
			high = sh.addresses
		}
	}
	sh.addresses = low
	return sh
}

// someRules takes as many rules as fit, from the first on.
func someRules(s *Spec, sh share, fits func(share) bool) share {
	sh.rules = make([]bool, len(s.Rules))
	if !fits(sh) { // not even without rules
		sh.tail = false
	}
	for i := range s.Rules {
		r := &s.Rules[i]
		if !inKernel(r) {
			continue
		}
		with := sh
		with.rules = slices.Clone(sh.rules)
		with.rules[i] = true
		switch {
		case fits(with):
			sh = with
		case r.action != Drop:
			sh.tail = false
			return sh
		}
	}
	return sh
}
