package main_test

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A relay hands every connection to its address on to another one, or closes it
// while there is none.
type relay struct {
	Addr   string
	target atomic.Pointer[string]
	copies sync.WaitGroup
}

// forward starts a relay that lives as long as the test.
func forward(t *testing.T, from string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatalf("the test needs this port: %v", err)
	}
	ctx, end := context.WithCancel(context.Background())
	r := &relay{Addr: l.Addr().String()}
	r.copies.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r.copies.Go(func() { r.relay(ctx, c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		end()
		r.copies.Wait()
	})
	return r
}

// to sets where new connections go.
func (r *relay) to(address string) { r.target.Store(&address) }

func (r *relay) relay(ctx context.Context, c net.Conn) {
	defer c.Close()
	target := r.target.Load()
	if target == nil {
		return
	}
	s, err := net.Dial("tcp", *target)
	if err != nil {
		return
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = c.Close()
		_ = s.Close()
	})
	defer stop()
	r.copies.Go(func() {
		_, _ = io.Copy(s, c)
		_ = s.Close()
	})
	_, _ = io.Copy(c, s)
}
