// Package machine makes and runs the virtual machine of the VM tests: a
// distribution's kernel with the modules of software radios, an initramfs with
// the test binaries, and QEMU without KVM.
//
// The host's side is Boot and what feeds it; the guest's side is the program
// internal/vmtest/init, which reads the Plan and answers with Events between
// the lines that tests print.
package machine

import "time"

// PlanPath is where the guest finds its Plan, as JSON.
const PlanPath = "/plan.json"

// SourceDir is the folder of the guest that stands for the module's root: each
// package under test has its folder in it, with its test binary and testdata.
const SourceDir = "/src"

// A Plan is what the guest does between boot and power-off.
type Plan struct {
	Modules []string // files, in the order in which they are loaded
	Country string   // regulatory domain, two letters
	Tests   []Test
}

// A Test is the test binary of a package.
type Test struct {
	Package string   // import path
	Dir     string   // where it runs, in the guest
	Binary  string   // file, in the guest
	Args    []string // flags for it
}

// Mark begins a line of the guest that is an Event, as JSON, not output.
const Mark = "\x01"

// An Event is what the guest says of its progress.
type Event struct {
	Ready   string        `json:",omitempty"` // the kernel's release: radios can be made
	Start   string        `json:",omitempty"` // the package whose output follows
	End     string        `json:",omitempty"` // the package whose output ends here
	Failed  string        `json:",omitempty"` // with End: why, if it did not exit with status 0
	Took    time.Duration `json:",omitempty"` // with End, by the guest's clock; with Ready, since the kernel began
	Trouble string        `json:",omitempty"` // why the guest gives up
	Off     bool          `json:",omitempty"` // the last one: every test was run
}
