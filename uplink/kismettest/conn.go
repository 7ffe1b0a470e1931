package kismettest

import (
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// A conn is an accepted connection, below any TLS. The server knows all open
// ones, and faults of the network happen here.
type conn struct {
	net.Conn
	s      *Server
	once   sync.Once
	closed chan struct{}

	// beforeRead, when set, is called by the reading goroutine before it asks
	// the socket for more: all that was read before is processed then.
	beforeRead func()
}

// A trackingListener accepts conns that the server knows.
type trackingListener struct {
	net.Listener
	s *Server
}

func (l trackingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.s.track(c), nil
}

func (s *Server) track(nc net.Conn) *conn {
	c := &conn{Conn: nc, s: s, closed: make(chan struct{})}
	// A kernel's receive buffer would hide a slow reader for megabytes.
	if t, ok := nc.(*net.TCPConn); ok {
		if rate := s.fault.Load().BytesPerSecond; rate > 0 {
			_ = t.SetReadBuffer(max(4<<10, rate/4))
		}
	}
	s.connMu.Lock()
	s.conns[c] = struct{}{}
	s.connMu.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted++
	if s.closed {
		_ = c.Close()
	}
	return c
}

// connKey is the key of a request's connection in its context.
type connKey struct{}

// below returns the conn that carries c.
func below(c any) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.(*conn)
}

// Read reads as fast as the faults allow.
func (c *conn) Read(p []byte) (int, error) {
	if c.beforeRead != nil {
		c.beforeRead()
	}
	if err := c.waitStall(); err != nil {
		return 0, err
	}
	if rate := c.s.fault.Load().BytesPerSecond; rate > 0 {
		p = p[:min(len(p), max(1, rate/10))]
	}
	n, err := c.Conn.Read(p)
	if err != nil {
		return n, err
	}
	// Rate and stall may have been set while Read waited for these bytes.
	if rate := c.s.fault.Load().BytesPerSecond; rate > 0 {
		t := time.NewTimer(time.Duration(n) * time.Second / time.Duration(rate))
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
	return n, c.waitStall()
}

// waitStall waits while reading is stalled.
func (c *conn) waitStall() error {
	c.s.mu.Lock()
	stall := c.s.stall
	c.s.mu.Unlock()
	if stall == nil {
		return nil
	}
	select {
	case <-stall:
		return nil
	case <-c.closed:
		return net.ErrClosed
	}
}

// CloseWrite half-closes as Kismet does, where the connection can; a pipe is
// closed.
func (c *conn) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}

// reset ends the connection with a RST, where there is such a thing.
func (c *conn) reset() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// Close closes the connection; more than once is fine.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.closed)
		err = c.Conn.Close()
		c.s.connMu.Lock()
		delete(c.s.conns, c)
		c.s.connMu.Unlock()
	})
	return err
}
