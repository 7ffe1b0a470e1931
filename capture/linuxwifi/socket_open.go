package linuxwifi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// ErrNotMonitor means that an interface's link type is not one of a Wi-Fi
// interface in monitor mode. Nothing is captured from such a one: it would be
// the machine's own traffic.
var ErrNotMonitor = errors.New("not in monitor mode")

const (
	defaultRingBytes = 2 << 20
	maxRingBytes     = 1 << 30
)

// linkTypes are the link types of hardware types, ARPHRD numbers of
// linux/if_arp.h.
func linkTypeOf(hardware uint16) (capture.LinkType, bool) {
	switch hardware {
	case unix.ARPHRD_IEEE80211_RADIOTAP:
		return capture.LinkTypeRadiotap, true
	case unix.ARPHRD_IEEE80211:
		return capture.LinkTypeIEEE80211, true
	case unix.ARPHRD_IEEE80211_PRISM:
		return linkTypePrism, true
	}
	return 0, false
}

// linkTypePrism is the header that drivers before mac80211 put in front.
const linkTypePrism capture.LinkType = 119

// OpenSocket opens a capture socket on an interface that is up. The filter is
// in place before the first frame can arrive. Without memory for the ring it
// takes a smaller one, without rings in the kernel none; RingBytes tells.
//
// Errors wrap the kernel's: unix.EPERM without CAP_NET_RAW, unix.ENODEV for no
// such interface, unix.ENETDOWN for one that is down; or ErrNotMonitor.
func OpenSocket(c SocketConfig) (*Socket, error) {
	if c.RingBytes < 0 || c.RingBytes > maxRingBytes {
		return nil, fmt.Errorf("capture from %s: ring of %d bytes: more than 1 GiB or less than nothing", c.Interface, c.RingBytes)
	}
	if c.RingBytes == 0 {
		c.RingBytes = defaultRingBytes
	}
	c.RingBytes = max(c.RingBytes, minRingBytes)
	for bytes := c.RingBytes; !c.Plain; bytes /= 2 {
		s, err := openSocket(c, bytes)
		if _, none := errors.AsType[*noRingError](err); !none {
			return s, err
		}
		if !errors.Is(err, unix.ENOMEM) || bytes < 2*minRingBytes {
			break
		}
	}
	return openSocket(c, 0)
}

// A noRingError is why the kernel gave no ring.
type noRingError struct{ err error }

func (e *noRingError) Error() string { return "ring: " + e.err.Error() }
func (e *noRingError) Unwrap() error { return e.err }

// openSocket opens a socket with a ring of so many bytes, or none.
func openSocket(c SocketConfig, ringBytes int) (*Socket, error) {
	s := &Socket{name: c.Interface, fd: -1}
	if err := s.open(c, ringBytes); err != nil {
		return nil, errors.Join(s.fault(err), s.release())
	}
	return s, nil
}

func (s *Socket) open(c SocketConfig, ringBytes int) (err error) {
	// Protocol 0: nothing arrives before bind names one.
	s.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("packet socket: %w", err)
	}
	s.file = os.NewFile(uintptr(s.fd), "packet socket")
	if s.raw, err = s.file.SyscallConn(); err != nil {
		return err
	}
	if c.Index == 0 {
		if c.Index, err = s.lookUp(c.Interface); err != nil {
			return err
		}
	}
	// What others inject through this interface is reported by the driver once
	// it was sent. Kernels before 4.20 do not know the option, and then such
	// frames are there twice.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	if err := s.openSource(ringBytes, c.RingBytes); err != nil {
		return err
	}
	s.arrived = func(uintptr) bool { return s.frames.arrived() }
	s.setFilter(c.Filter)
	return s.bind(c.Index)
}

// openSource makes the ring, or without one a queue of so many bytes.
func (s *Socket) openSource(ringBytes, queueBytes int) error {
	if ringBytes == 0 {
		p, err := openPlain(s.fd, queueBytes)
		if err == nil {
			s.frames = p
		}
		return err
	}
	r, err := openRing(s.fd, ringBytes)
	if err != nil {
		return &noRingError{err}
	}
	s.frames = r
	return nil
}

func (s *Socket) lookUp(name string) (int, error) {
	req, err := unix.NewIfreq(name)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", unix.ENODEV, err)
	}
	if err := unix.IoctlIfreq(s.fd, unix.SIOCGIFINDEX, req); err != nil {
		return 0, err
	}
	return int(req.Uint32()), nil
}

// bind starts the capture.
func (s *Socket) bind(index int) error {
	// htons
	all := binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xff})
	if err := unix.Bind(s.fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	// An interface that is down can be bound to, and leaves an error.
	if err := socketError(s.fd); err != nil {
		return err
	}
	at, err := s.boundTo()
	if err != nil {
		return err
	}
	lt, ok := linkTypeOf(at.Hatype)
	if !ok {
		return fmt.Errorf("%w: hardware type %d", ErrNotMonitor, at.Hatype)
	}
	s.hardware, s.linkType = at.Hatype, lt
	m := &unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(s.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, m); err != nil {
		return fmt.Errorf("promiscuous mode: %w", err)
	}
	s.account.index = index
	s.takeStock()
	return nil
}

// boundTo says what the socket is bound to; ENODEV if that is gone.
func (s *Socket) boundTo() (*unix.SockaddrLinklayer, error) {
	sa, err := unix.Getsockname(s.fd)
	if err != nil {
		return nil, fmt.Errorf("getsockname: %w", err)
	}
	at, ok := sa.(*unix.SockaddrLinklayer)
	if !ok || at.Ifindex <= 0 {
		return nil, unix.ENODEV
	}
	return at, nil
}

// socketError returns and clears the socket's error.
func socketError(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	return err
}

// release closes what is open. Nobody else may be using it.
func (s *Socket) release() error {
	var errs []error
	if s.frames != nil {
		errs = append(errs, os.NewSyscallError("munmap", s.frames.close()))
	}
	if s.file != nil {
		errs = append(errs, s.file.Close())
	}
	return errors.Join(errs...)
}
