package bpf

import (
	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
)

// A Program is a compiled Spec.
type Program struct{}

// Compile turns a Spec into a Program for frames of one link type.
func Compile(s Spec, lt capture.LinkType, maxInstructions int) (*Program, error) { panic("soon") }

// Kernel returns the part for the kernel; it is never nil.
func (p *Program) Kernel() []xbpf.RawInstruction { panic("soon") }

// Keep applies the whole Spec: 0 drops the frame, else that many bytes stay.
func (p *Program) Keep(frame []byte, origLen int) int { panic("soon") }

// A Split counts what the kernel does and what is left to user space.
type Split struct {
	KernelAddresses, Addresses int
	KernelRules, Rules         int
	Instructions               int  // of the kernel's part
	Mgmt, Truncate, FCS        bool // in the kernel
}

// Counts returns how the work is divided.
func (p *Program) Counts() Split { panic("soon") }

// Split says in words how the work is divided.
func (p *Program) Split() string { panic("soon") }
