package kismettest

import (
	"errors"
	"strings"
	"time"
)

// Faults are ways to be a bad server. The zero value is none. The functions
// are called with the server locked: they must return quickly and must not
// call its methods.
type Faults struct {
	// ResetAfter says behind how many counted frames the connection of a
	// source's nth session (from 1) is reset; 0 is never. It is asked when the
	// session is announced. What the server has read behind that frame is
	// lost: not counted, not kept.
	ResetAfter func(uuid string, session int) int

	// Pong decides what becomes of the nth PING (from 1) that a sensor sends
	// in its source's session; uuid is empty and session 0 before NEWSOURCE.
	Pong func(uuid string, session, ping int) PongFault
	// NoPong leaves all of a sensor's PINGs unanswered.
	NoPong bool
	// NoPing stops the server's own PINGs, and with them the test for silence.
	NoPing bool

	// RejectSources ends each connection right behind its NEWSOURCE.
	RejectSources bool
	// StaleEnd is how long after a connection took over a source that still had
	// a session the end of that one ends the new one too, as real servers do that
	// did not notice how the old one died. 0 is never.
	StaleEnd time.Duration
	// BytesPerSecond is the most that is read from each connection; 0 is no
	// limit. Set it before the connection is accepted for the kernel's buffers
	// to be small too.
	BytesPerSecond int
	// NotKismet makes the HTTP side some other web server: 200 for /, 404 for
	// all else, no "Server: Kismet".
	NotKismet bool
}

// A PongFault is what a server does with a sensor's PING.
type PongFault uint8

// What can become of a PING.
const (
	Answer      PongFault = iota // as a server should
	Ignore                       // no PONG, the session goes on
	ResetBefore                  // reset the connection instead of answering
	ResetAfter                   // send the PONG, then reset the connection
)

// SetFaults replaces the faults, for running sessions too, except where a
// field says otherwise.
func (s *Server) SetFaults(f Faults) {
	s.fault.Store(&f)
}

// Stall stops reading from all connections, as a frozen server does: what
// sensors send fills the buffers between. It ends after d, or, with d = 0, when
// release is called; release may be called in any case, and more than once.
// The server goes on sending, PINGs included.
func (s *Server) Stall(d time.Duration) (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stall == nil {
		s.stall = make(chan struct{})
	}
	stall := s.stall
	release = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.stall == stall {
			s.stall = nil
			close(stall)
		}
	}
	if d > 0 {
		time.AfterFunc(d, release)
	}
	return release
}

// Refuse makes the server refuse connections, or take them again. While it
// refuses, its listening sockets are closed and the Dial methods fail with
// ECONNREFUSED; running sessions go on. Afterwards it listens on the same ports
// as before; an error says that it cannot.
func (s *Server) Refuse(on bool) error {
	s.mu.Lock()
	was := s.refusing
	s.refusing = on
	sockets := s.sockets
	if on {
		s.sockets = nil
	}
	s.mu.Unlock()

	if on {
		errs := make([]error, 0, len(sockets))
		for _, l := range sockets {
			errs = append(errs, l.Close())
		}
		return errors.Join(errs...)
	}
	if was && s.Addr != "" {
		return s.open(s.Addr, s.TCPAddr)
	}
	return nil
}

// Reset resets the connection of a running source, at once; an empty uuid means
// every connection with a session, announced or not.
func (s *Server) Reset(uuid string) { s.endAll(uuid, endReset) }

// HalfClose ends the session of a running source, or with an empty uuid all, as
// Kismet ends them: the TCP connection is half-closed, without a websocket
// close frame.
func (s *Server) HalfClose(uuid string) { s.endAll(uuid, endNow) }

func (s *Server) endAll(uuid string, how ending) {
	uuid = strings.ToUpper(uuid)
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.running {
		if uuid == "" || x.src != nil && x.src.id() == uuid {
			x.finish(&stop{how, reasonClosed})
		}
	}
}
