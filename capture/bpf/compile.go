package bpf

import (
	"fmt"
	"slices"
	"strings"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/fault"
)

// A Program is a compiled Spec: a part for the kernel, and Keep for the whole.
// It does not change once made.
type Program struct {
	spec      Spec
	link      capture.LinkType
	addresses addressSet
	plain     bool // the Spec looks at nothing but the checksum
	kernel    []xbpf.RawInstruction
	counts    Counts
}

// Counts says how the work is divided. What is in the kernel is done by Keep
// as well.
type Counts struct {
	Addresses, KernelAddresses int
	Rules, KernelRules         int
	Tail, KernelTail           bool // Mgmt or TruncateData
	Instructions               int  // of the kernel's part
	ChargedInstructions        int  // the same as the kernel counts them
}

// Compile makes a Program for frames of one link type. maxInstructions bounds
// the kernel's part, counted as the kernel does (see Budget); what does not fit
// is left to user space. 0 leaves all of it there. The addresses go to the
// kernel in their order, after the rules and the two options, which are small.
//
// The only error is a Rule that ParseRule did not make, a *fault.Error with the
// code fault.ConfigInvalid.
func Compile(s Spec, lt capture.LinkType, maxInstructions int) (*Program, error) {
	for i := range s.Rules {
		if a := s.Rules[i].action; a < Drop || a > Cut {
			return nil, fault.Newf(fault.ConfigInvalid, fmt.Sprintf("filter rule %d", i+1), "it is empty")
		}
	}
	s.Rules = slices.Clone(s.Rules)
	s.Addresses = unique(s.Addresses)
	p := &Program{
		spec:      s,
		link:      lt,
		addresses: newAddressSet(s.Addresses),
		plain:     len(s.Addresses) == 0 && len(s.Rules) == 0 && !s.Mgmt && !s.TruncateData,
		counts: Counts{
			Addresses: len(s.Addresses),
			Rules:     len(s.Rules),
			Tail:      s.Mgmt || s.TruncateData,
		},
	}
	share := divide(&p.spec, lt, maxInstructions)
	code, err := generate(&p.spec, lt, share)
	if err != nil { // the builder's distances are wrong
		return nil, fault.New(fault.Internal, "filter program", err)
	}
	p.kernel = code
	p.counts.KernelAddresses = share.addresses
	p.counts.KernelRules = share.ruleCount()
	p.counts.KernelTail = share.tail
	p.counts.Instructions, p.counts.ChargedInstructions = len(code), charge(code)
	return p, nil
}

// unique returns the addresses without repetitions, in their order.
func unique(macs []radiotap.MAC) []radiotap.MAC {
	seen := make(map[radiotap.MAC]bool, len(macs))
	var once []radiotap.MAC
	for _, m := range macs {
		if !seen[m] {
			seen[m] = true
			once = append(once, m)
		}
	}
	return once
}

// Kernel returns the kernel's part, for SO_ATTACH_FILTER. It is never empty: if
// nothing fits it is one instruction that keeps everything.
func (p *Program) Kernel() []xbpf.RawInstruction { return slices.Clone(p.kernel) }

// Counts returns how the work is divided.
func (p *Program) Counts() Counts { return p.counts }

// Split says in words how the work is divided, for a status or the log:
// "80 of 200 addresses, 3 of 3 rules and filter_mgmt in the kernel (1230
// instructions), the rest in user space".
func (p *Program) Split() string {
	c := p.counts
	var parts []string
	add := func(have, all int, what string) {
		if all > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d %s", have, all, what))
		}
	}
	add(c.KernelAddresses, c.Addresses, "addresses")
	add(c.KernelRules, c.Rules, "rules")
	if c.KernelTail && p.spec.Mgmt {
		parts = append(parts, "filter_mgmt")
	}
	if c.KernelTail && p.spec.TruncateData {
		parts = append(parts, "truncate_data")
	}
	whole := c.KernelAddresses == c.Addresses && c.KernelRules == c.Rules && c.KernelTail == c.Tail
	switch {
	case p.plain && p.spec.KeepBadFCS:
		return "nothing to filter"
	case p.plain && c.Instructions > 1:
		return fmt.Sprintf("bad checksums in the kernel (%d instructions)", c.Instructions)
	case c.Instructions == 1:
		return "all in user space"
	case whole:
		return fmt.Sprintf("%s in the kernel (%d instructions)", strings.Join(parts, ", "), c.Instructions)
	default:
		return fmt.Sprintf("%s in the kernel (%d instructions), the rest in user space", strings.Join(parts, ", "), c.Instructions)
	}
}
