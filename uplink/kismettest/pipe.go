package kismettest

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
)

// DialContext connects through a net.Pipe, as if the server stood at every
// address: HTTP on all ports but 3501, legacy TCP there. While the server
// refuses connections, or is closed, it returns a net.OpError with
// ECONNREFUSED.
func (s *Server) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if _, port, err := net.SplitHostPort(addr); err == nil && port == TCPPort {
		return s.DialTCP(ctx, network, addr)
	}
	if s.isRefusing() {
		return nil, refused(network)
	}
	client, server := net.Pipe()
	select {
	case s.pipes.conns <- server:
		return client, nil
	case <-s.pipes.closed:
		return nil, refused(network)
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
}

// DialTCP connects through a net.Pipe to the legacy TCP side, whatever the
// address. Errors are those of DialContext.
func (s *Server) DialTCP(ctx context.Context, network, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if s.isRefusing() || !s.enter() {
		return nil, refused(network)
	}
	client, server := net.Pipe()
	go func() {
		defer s.goroutines.Done()
		s.serveTCP(s.track(server))
	}()
	return client, nil
}

func (s *Server) isRefusing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusing
}

func refused(network string) error {
	return &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// A pipeListener accepts what DialContext hands it.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
