package feed_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// A switchboard is a listener to which one connects inside a bubble.
type switchboard struct {
	calls chan net.Conn
	done  chan struct{}
	next  int
}

func newSwitchboard() *switchboard {
	return &switchboard{calls: make(chan net.Conn), done: make(chan struct{})}
}

func (s *switchboard) Accept() (net.Conn, error) {
	select {
	case c := <-s.calls:
		return c, nil
	case <-s.done:
		return nil, net.ErrClosed
	}
}

func (s *switchboard) Close() error   { close(s.done); return nil }
func (s *switchboard) Addr() net.Addr { return &net.TCPAddr{} }

// dial connects as another machine each time.
func (s *switchboard) dial() net.Conn {
	ours, theirs := net.Pipe()
	s.next++
	s.calls <- named{ours, netip.MustParseAddrPort(fmt.Sprintf("[::ffff:192.0.2.%d]:4444", s.next))}
	return theirs
}

type named struct {
	net.Conn

	from netip.AddrPort
}

func (n named) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(n.from) }

// listening runs a listener inside a bubble.
func listening(t *testing.T) (*run, *switchboard) {
	t.Helper()
	s := newSwitchboard()
	r := newReceiver(t, feed.Options{Kind: feed.Listen})
	u := startWith(t, r, func(ctx context.Context, tell func(gps.Event)) error { return r.Serve(ctx, s, tell) })
	return u, s
}

// report sends an epoch every second, until the connection ends.
func report(c net.Conn) {
	for n := 0; ; n++ {
		if _, err := c.Write(epoch(n * 10)); err != nil {
			return
		}
		wait(time.Second)
	}
}

// hungUp waits until the other side closes the connection.
func hungUp(t testing.TB, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v", err)
	}
	_ = c.Close()
}

func TestListenTellsPeersApart(t *testing.T) {
	r := newReceiver(t, feed.Options{Kind: feed.Listen, Address: freePort(t)})
	u := start(t, r)
	one, two := dial(t, r), dial(t, r)
	for n := range 3 {
		// Halves of sentences of two peers do not mix.
		a, b := epoch(n), epoch(n)
		send(t, one, a[:50])
		send(t, two, b[:40])
		send(t, one, a[50:])
		send(t, two, b[40:])
		seen := map[string]bool{u.fix().Device: true, u.fix().Device: true}
		if !seen[one.LocalAddr().String()] || !seen[two.LocalAddr().String()] {
			t.Errorf("fixes of %v", seen)
		}
	}
	contains(t, r.Detail(), "from ", one.LocalAddr().String(), two.LocalAddr().String())
	_ = one.Close()
	if n := u.notice("disconnected: the other side closed the connection"); n.Device != one.LocalAddr().String() {
		t.Errorf("device %q", n.Device)
	}
	send(t, two, epoch(100))
	u.fix()
	_ = two.Close()
	u.notice("disconnected")
	u.stop()
}

// freePort returns an address that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// dial connects as soon as r listens.
func dial(t testing.TB, r *feed.Receiver) net.Conn {
	t.Helper()
	address := strings.TrimPrefix(r.Object(), "listen ")
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := patience()
	for {
		c, err := net.Dial("tcp", address)
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		select {
		case <-ticker.C:
		case <-late:
			t.Fatal(err)
		}
	}
}

func TestListenPortIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	u := start(t, newReceiver(t, feed.Options{Kind: feed.Listen, Address: l.Addr().String()}))
	contains(t, u.fault(fault.GPSBusy), "another program listens there")

	u = start(t, newReceiver(t, feed.Options{Kind: feed.Listen, Address: "192.0.2.1:0"}))
	contains(t, u.fault(fault.GPSRefused), "listen 192.0.2.1:0: cannot assign requested address")
}

func TestListenDropsWhoIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, s := listening(t)
		dead, alive := s.dial(), s.dial()
		go report(alive)
		send(t, dead, epoch(0))
		wait(15 * time.Second)
		synctest.Wait()
		hungUp(t, dead)
		if n := u.notice("disconnected: not one byte in 15s"); n.Device != "192.0.2.1:4444" {
			t.Errorf("device %q", n.Device)
		}
		if got, want := u.r.Detail(), "from 192.0.2.2:4444"; got != want {
			t.Errorf("detail %q, want %q", got, want)
		}
		_ = alive.Close()
		wait(time.Minute)
		synctest.Wait()
		if got, want := u.r.Detail(), "nobody is connected"; got != want {
			t.Errorf("detail %q, want %q", got, want)
		}
		u.stop()
	})
}

func TestListenDropsWhoIsNoReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, s := listening(t)
		c := s.dial()
		for range 10 {
			send(t, c, []byte("GET / HTTP/1.1\r\n\r\n"))
			wait(time.Second)
		}
		synctest.Wait()
		hungUp(t, c)
		u.notice("disconnected: no valid sentence in 10s; it is text, but no sentences")
		u.stop()
	})
}

func TestListenIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, s := listening(t)
		var conns []net.Conn
		for range 4 {
			c := s.dial()
			conns = append(conns, c)
		}
		for _, c := range conns[1:] {
			go report(c)
		}
		wait(100 * time.Millisecond)

		// The first one says nothing, but may be about to.
		hungUp(t, s.dial())
		u.notice("connection refused: there are 4 already")
		for range 9 {
			hungUp(t, s.dial())
		}
		for len(u.events) > 0 {
			if n, ok := (<-u.events).(gps.Notice); ok {
				t.Errorf("notice again: %q", n.Text)
			}
		}

		wait(5 * time.Second)
		fifth := s.dial()
		hungUp(t, conns[0])
		if n := u.notice("disconnected: another one took its place"); n.Device != "192.0.2.1:4444" {
			t.Errorf("device %q", n.Device)
		}
		go report(fifth)
		for u.fix().Device != "192.0.2.15:4444" {
		}

		// All are alive now.
		wait(time.Minute)
		hungUp(t, s.dial())
		u.notice("10 connections refused: there are 4 already")
		u.stop()
		for _, c := range append(conns, fifth) {
			_ = c.Close()
		}
		wait(2 * time.Second) // until all have noticed
	})
}

func TestListenKeepsAFloodFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		u, s := listening(t)
		for range 3 {
			c := s.dial()
			defer c.Close()
			go func() {
				for n := 0; ; n++ {
					if _, err := c.Write(epoch(n)); err != nil {
						return
					}
				}
			}()
		}
		victim := s.dial()
		defer victim.Close()
		wait(time.Second)
		for n := range 5 {
			sent := time.Since(begin)
			send(t, victim, epoch(n*10))
			f := u.fix()
			for f.Device != "192.0.2.4:4444" {
				f = u.fix()
			}
			if late := time.Duration(f.ReceivedNs) - sent; late > 5*time.Millisecond {
				t.Errorf("fix %d was received %s late", n, late)
			}
			wait(time.Second)
		}
		u.stop()
	})
}

func TestListenEndsAtOnceWithAllItsPeers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, s := listening(t)
		a, b := s.dial(), s.dial()
		go report(a)
		wait(3 * time.Second)
		begin := time.Now()
		u.stop()
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %s", took)
		}
		hungUp(t, b)
		_ = a.Close()
		wait(2 * time.Second) // until its report has noticed
	})
}
