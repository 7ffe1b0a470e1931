package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Bounds of a listener's connections, beside websockets.
const (
	maxConns     = 64
	maxStrangers = 16 // per remote address, of connections without a login
)

// A connection is an open one that is no websocket.
type connection struct {
	conn    net.Conn
	from    netip.Prefix
	known   atomic.Bool   // a request on it was logged in
	idle    bool          // it is between two requests
	dropped chan struct{} // closed when it had to make room for another
}

// connections are those of a listener. They are bounded so that nobody keeps
// others out: who comes when there are too many gets the place of who has
// waited longest, among those without a login if there are any, else among those
// that are idle. So many connections that are left open lock nobody out, neither
// a stranger's nor those of a client that forgets to close its own.
type connections struct {
	net.Listener

	mu   sync.Mutex
	open []*connection // who has waited longest comes first
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.add(c) {
			return c, nil
		}
		hangUp(c)
	}
}

// add makes room for a connection; false if all are busy.
func (l *connections) add(c net.Conn) bool {
	from := remote(c.RemoteAddr().String())
	l.mu.Lock()
	defer l.mu.Unlock()
	strangers := 0
	for _, o := range l.open {
		if o.from == from && !o.known.Load() {
			strangers++
		}
	}
	if strangers >= maxStrangers {
		l.drop(func(o *connection) bool { return o.from == from && !o.known.Load() })
	}
	if len(l.open) >= maxConns &&
		!l.drop(func(o *connection) bool { return !o.known.Load() }) &&
		!l.drop(func(o *connection) bool { return o.idle }) {
		return false
	}
	l.open = append(l.open, &connection{conn: c, from: from, dropped: make(chan struct{})})
	return true
}

// drop closes the first connection that may be; false if there is none.
func (l *connections) drop(may func(*connection) bool) bool {
	i := slices.IndexFunc(l.open, may)
	if i < 0 {
		return false
	}
	o := l.open[i]
	l.open = slices.Delete(l.open, i, i+1)
	close(o.dropped)
	hangUp(o.conn)
	return true
}

// hangUp closes a connection without TLS's goodbye, which may block. The server
// sees that it is closed, and ends what it does with it.
func hangUp(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	_ = c.Close()
}

// state is the server's ConnState.
func (l *connections) state(c net.Conn, s http.ConnState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(c)
	if i < 0 {
		return // dropped
	}
	o := l.open[i]
	switch s {
	case http.StateActive:
		o.idle = false
	case http.StateIdle:
		o.idle = true
		l.open = append(slices.Delete(l.open, i, i+1), o)
	case http.StateClosed, http.StateHijacked: // a hijacked one is a websocket
		l.open = slices.Delete(l.open, i, i+1)
	}
}

func (l *connections) find(c net.Conn) int {
	return slices.IndexFunc(l.open, func(o *connection) bool { return o.conn == c })
}

type connectionKey struct{}

// context is the server's ConnContext, called before the next Accept: each
// request knows its connection.
func (l *connections) context(ctx context.Context, c net.Conn) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return context.WithValue(ctx, connectionKey{}, l.open[l.find(c)])
}

// connectionOf returns the connection that a request came on.
func connectionOf(r *http.Request) *connection {
	return r.Context().Value(connectionKey{}).(*connection)
}

// remote is whom a connection comes from, for limits: an address, or the network
// of an IPv6 one, of which a single machine has all addresses.
func remote(hostPort string) netip.Prefix {
	peer, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return netip.Prefix{} // no IP: all of these together
	}
	addr := peer.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
