package linuxwifi

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the longest that ReadBatch goes without looking at its context.
const tick = 100 * time.Millisecond

// A waitState is what a socket knows of its interface.
type waitState struct {
	failed  error     // what the kernel said, not yet told: frames may still be on their way
	failing time.Time // until then
	down    bool      // ENETDOWN was told
	gone    bool      // there is no interface any more
	changed bool      // a frame with another link type waits
}

// wait returns when frames have arrived, Close was called, or a tick has
// passed, and with an error when something happened to the interface.
//
// It waits in the runtime's poller. A poll of our own would do, but a system
// call that blocks keeps the runtime's monitor awake: with 10 000 frames a
// second that took several times what the frames take.
func (s *Socket) wait() error {
	if s.state.changed {
		return ErrNotMonitor
	}
	if s.state.gone {
		return unix.ENODEV
	}
	if err := s.file.SetReadDeadline(time.Now().Add(tick)); err != nil {
		return err
	}
	if s.closed.Load() {
		return nil // before it could end the wait
	}
	err := s.raw.Read(s.arrived)
	if err == nil {
		return s.look(true, false)
	}
	timeout := time.Duration(0)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		// After an error of the socket's the runtime does not wait for it until
		// the next frame has come.
		timeout = tick
	}
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, int(timeout/time.Millisecond)); err != nil {
		if errors.Is(err, unix.EINTR) {
			return nil
		}
		return os.NewSyscallError("poll", err)
	}
	return s.look(fds[0].Revents&unix.POLLIN != 0, fds[0].Revents&^unix.POLLIN != 0)
}

// look finds out what a poll of the socket means: whether there is something to
// read, whether there is an error.
func (s *Socket) look(readable, failed bool) error {
	st := &s.state
	err := s.frames.failure()
	if failed && err == nil {
		if err = socketError(s.fd); err == nil {
			err = unix.EIO // cannot be, and must not be polled for ever
		}
	}
	switch {
	case err != nil && st.failed == nil:
		// Told later: the last frames lie in a block that the kernel has not
		// handed over yet.
		st.failed, st.failing = err, time.Now().Add(tick)
		return nil
	case st.failed != nil && (!readable || time.Now().After(st.failing)):
		return s.tell()
	case readable:
		st.down = false
	case st.down:
		// The kernel does not say when an interface that is down is removed.
		_, err := s.boundTo()
		st.gone = errors.Is(err, unix.ENODEV)
		return err
	}
	return nil
}

// tell returns what happened to the interface.
func (s *Socket) tell() error {
	st := &s.state
	err := st.failed
	st.failed = nil
	if _, at := s.boundTo(); at != nil {
		st.gone = errors.Is(at, unix.ENODEV)
		return at
	}
	st.down = errors.Is(err, unix.ENETDOWN)
	return err
}
