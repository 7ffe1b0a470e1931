package linuxwifi

import (
	"errors"
	"fmt"
	"math"

	xbpf "golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// setFilter puts a filter to work. The caller holds ctl, or is alone.
//
// User space has the new one at once, the kernel the old one or the new one at
// any time, or none: whatever both keep gets through.
func (s *Socket) setFilter(f Filter) {
	if f == nil {
		s.keep.Store(nil)
		s.detach()
		s.attached = nil
		return
	}
	s.keep.Store(&f)
	s.attached = s.attach(f.Kernel())
}

// attach swaps the kernel's program. The swap is atomic. Should it fail there is
// none afterwards, so that the old one does not drop what the new one keeps.
func (s *Socket) attach(program []xbpf.RawInstruction) error {
	if len(program) == 0 || len(program) > math.MaxUint16 {
		s.detach()
		return fmt.Errorf("filter: %d instructions", len(program))
	}
	raw := make([]unix.SockFilter, len(program))
	for i, in := range program {
		raw[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	prog := &unix.SockFprog{Len: uint16(len(raw)), Filter: &raw[0]}
	err := unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, prog)
	if errors.Is(err, unix.ENOMEM) {
		// The old and the new one are charged together
		// (net.core.optmem_max): take everything for a moment. No program is
		// the same as one that accepts all, and costs nothing.
		s.detach()
		err = unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, prog)
	}
	if err != nil {
		s.detach()
		return fmt.Errorf("filter: %d instructions: %w", len(program), err)
	}
	// One that only returns accepts all.
	s.account.filtering = s.account.filtering || len(program) > 1
	return nil
}

// detach removes the kernel's program. That there was none is no error, and
// there is no other.
func (s *Socket) detach() {
	_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
}
