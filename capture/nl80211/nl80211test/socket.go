package nl80211test

import (
	"errors"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/mdlayher/netlink"
)

// errClosed is what a closed socket says: something that is not os.ErrClosed.
var errClosed = errors.New("use of closed file")

// A datagram is what one system call reads.
type datagram struct {
	messages []netlink.Message
	err      error // instead
}

// A socket is the user's end of a connection, as package netlink wants it.
type socket struct {
	kernel *Kernel
	pid    uint32

	mu        sync.Mutex
	queue     []datagram
	congested bool          // events are dropped
	changed   chan struct{} // closed when anything below or above changes
	deadline  time.Time
	closed    bool
	groups    map[uint32]bool
}

func newSocket(k *Kernel, pid uint32) *socket {
	return &socket{kernel: k, pid: pid, changed: make(chan struct{}), groups: map[uint32]bool{}}
}

// change runs fn alone and wakes whoever waits.
func (s *socket) change(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
	close(s.changed)
	s.changed = make(chan struct{})
}

// announce queues an event, unless events are being dropped.
func (s *socket) announce(d datagram) {
	s.change(func() {
		if !s.congested {
			s.queue = append(s.queue, d)
		}
	})
}

// overrun puts an error in front and drops events until the queue is empty.
func (s *socket) overrun(err error) {
	s.change(func() {
		s.queue = slices.Insert(s.queue, 0, datagram{err: err})
		s.congested = true
	})
}

func (s *socket) push(d datagram) { s.change(func() { s.queue = append(s.queue, d) }) }

// member reports whether the socket is in a group, with 0 in any.
func (s *socket) member(id uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed && (s.groups[id] || id == 0 && len(s.groups) > 0)
}

func (s *socket) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

func (s *socket) Close() error {
	s.change(func() { s.closed = true })
	return nil
}

// Send does what the request asks for before it returns, as sendmsg does.
func (s *socket) Send(m netlink.Message) error {
	if s.isClosed() {
		return errClosed
	}
	for _, d := range s.kernel.answer(m) {
		s.push(d)
	}
	return nil
}

func (s *socket) SendMessages(list []netlink.Message) error {
	for _, m := range list {
		if err := s.Send(m); err != nil {
			return err
		}
	}
	return nil
}

func (s *socket) Receive() ([]netlink.Message, error) {
	d, err := s.pop()
	if err != nil {
		return nil, err
	}
	return d.messages, d.err
}

func (s *socket) ReceiveIter() iter.Seq2[netlink.Message, error] {
	return func(yield func(netlink.Message, error) bool) {
		messages, err := s.Receive()
		if err != nil {
			yield(netlink.Message{}, err)
			return
		}
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// pop waits for a datagram, the deadline or the end.
func (s *socket) pop() (datagram, error) {
	for {
		s.mu.Lock()
		changed, deadline := s.changed, s.deadline
		switch {
		case s.closed:
			s.mu.Unlock()
			return datagram{}, errClosed
		case !deadline.IsZero() && !time.Now().Before(deadline):
			s.mu.Unlock()
			return datagram{}, os.ErrDeadlineExceeded
		case len(s.queue) > 0:
			d := s.queue[0]
			s.queue = s.queue[1:]
			s.congested = s.congested && len(s.queue) > 0
			s.mu.Unlock()
			return d, nil
		}
		s.mu.Unlock()
		wait(changed, deadline)
	}
}

// wait waits for a change or the deadline, if there is one.
func wait(changed <-chan struct{}, deadline time.Time) {
	if deadline.IsZero() {
		<-changed
		return
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}

func (s *socket) SetDeadline(t time.Time) error {
	s.change(func() { s.deadline = t })
	return nil
}
func (s *socket) SetReadDeadline(t time.Time) error  { return s.SetDeadline(t) }
func (s *socket) SetWriteDeadline(t time.Time) error { return nil }

func (s *socket) JoinGroup(group uint32) error {
	s.change(func() { s.groups[group] = true })
	return nil
}

func (s *socket) LeaveGroup(group uint32) error {
	s.change(func() { delete(s.groups, group) })
	return nil
}

func (s *socket) SetOption(netlink.ConnOption, bool) error { return nil }
