package linuxwifi

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the longest that ReadBatch goes without looking at its context.
const tick = 100 * time.Millisecond

// A waitState is what a socket knows of its interface.
type waitState struct {
	fds     [2]unix.PollFd
	failed  error     // what the kernel said, not yet told: frames may still be on their way
	failing time.Time // until then
	down    bool      // ENETDOWN was told
	gone    bool      // there is no interface any more
	changed bool      // a frame with another link type waits
}

// wait returns when frames may have arrived, Close was called, or a tick has
// passed, and with an error when something happened to the interface.
func (s *Socket) wait() error {
	st := &s.state
	if st.changed {
		return ErrNotMonitor
	}
	if st.gone {
		return unix.ENODEV
	}
	st.fds = [2]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}, {Fd: int32(s.wake), Events: unix.POLLIN}}
	n, err := unix.Poll(st.fds[:], int(tick/time.Millisecond))
	if err != nil {
		if errors.Is(err, unix.EINTR) {
			return nil
		}
		return err
	}
	return s.look(n > 0 && st.fds[0].Revents&unix.POLLIN != 0, st.fds[0].Revents&unix.POLLERR != 0)
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
