//go:build linux

package vmtest

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// A Monitor is an interface in monitor mode with a socket on it: it hears what
// is sent on its channel, and sends frames made by hand.
type Monitor struct {
	Interface string
	socket    *os.File
}

// Frame is what a Monitor hears.
type Frame struct {
	Radiotap []byte // header
	Body     []byte // the frame itself, without FCS
}

// NewMonitor adds an interface in monitor mode to a radio, sets the radio's
// other interfaces down, and tunes it. It ends with the test.
func NewMonitor(t testing.TB, r *Radio, c capture.Channel) *Monitor {
	t.Helper()
	for _, name := range r.Interfaces() {
		SetUp(t, name, false)
	}
	name := "vmmon" + sysfs("ieee80211", r.Name(), "index")
	IW(t, "phy", r.Name(), "interface", "add", name, "type", "monitor", "flags", "control", "otherbss")
	m := &Monitor{Interface: name}
	t.Cleanup(func() { m.Close(t) })
	SetUp(t, name, true)
	m.Tune(t, c)
	var err error
	if m.socket, err = rawSocket(name); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

// rawSocket opens a packet socket for all that an interface hears.
func rawSocket(name string) (*os.File, error) {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	all := binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL))
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Index}))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Tune changes the monitor's channel.
func (m *Monitor) Tune(t testing.TB, c capture.Channel) {
	t.Helper()
	Tune(t, m.Interface, c)
}

// Receive waits for the next frame, at most until ctx ends. The frame is the
// caller's. What was heard before the monitor was tuned may come first.
func (m *Monitor) Receive(ctx context.Context) (Frame, error) {
	if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	if err := m.socket.SetReadDeadline(time.Time{}); err != nil {
		return Frame{}, err
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		m.socket.SetReadDeadline(time.Unix(1, 0)) //nolint:errcheck // closed, then Read says so
	})
	defer func() {
		if !stop() {
			<-woken // lest it ends the next call
		}
	}()
	buffer := make([]byte, 8192)
	n, err := m.socket.Read(buffer)
	if err != nil {
		if cause := ctx.Err(); cause != nil {
			return Frame{}, cause
		}
		return Frame{}, err
	}
	if n < 4 {
		return Frame{}, errors.New("a frame without a radiotap header")
	}
	length := int(binary.LittleEndian.Uint16(buffer[2:]))
	if length > n {
		return Frame{}, errors.New("a radiotap header longer than its frame")
	}
	return Frame{Radiotap: buffer[:length:length], Body: buffer[length:n:n]}, nil
}

// Await receives until wanted reports true, and returns that frame.
func (m *Monitor) Await(t testing.TB, what string, wanted func(Frame) bool) Frame {
	t.Helper()
	ctx := Context(t)
	for {
		f, err := m.Receive(ctx)
		if err != nil {
			t.Fatalf("%s: waiting for %s: %v", m.Interface, what, err)
		}
		if wanted(f) {
			return f
		}
	}
}

// Drain throws away what was heard so far.
func (m *Monitor) Drain(t testing.TB) {
	t.Helper()
	conn, err := m.socket.SyscallConn()
	if err != nil {
		t.Fatalf("%s: %v", m.Interface, err)
	}
	err = conn.Control(func(fd uintptr) {
		var b [1]byte
		for {
			if _, err := unix.Read(int(fd), b[:]); err != nil && !errors.Is(err, unix.EINTR) {
				return // nothing left
			}
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", m.Interface, err)
	}
}

// Inject sends frames, each from its frame control to the end of its body,
// without FCS. Every channel that can be tuned to will do, also those on which
// an access point may not be.
func (m *Monitor) Inject(t testing.TB, frames ...[]byte) {
	t.Helper()
	for _, f := range frames {
		// A radiotap header with one field: transmission without waiting for an
		// acknowledgement.
		raw := append([]byte{0, 0, 10, 0, 0, 0x80, 0, 0, 0x08, 0}, f...)
		if _, err := m.socket.Write(raw); err != nil {
			t.Fatalf("%s: inject: %v", m.Interface, err)
		}
	}
}

// Close deletes the interface, unless it is gone with its radio.
func (m *Monitor) Close(t testing.TB) {
	t.Helper()
	if m.socket != nil {
		if err := m.socket.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: %v", m.Interface, err)
		}
	}
	if _, err := net.InterfaceByName(m.Interface); err == nil {
		IW(t, "dev", m.Interface, "del")
	}
}
