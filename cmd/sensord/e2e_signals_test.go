package main_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// signals end it in order: what was captured is sent first.
func (e *endToEnd) signals(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			srv := serve(t, kismettest.Config{})
			p := e.start(t, invocation{args: append(websocket(srv), "--source", e.walk+":pps=1500")})
			reaches(t, srv, 700)
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if status := p.exit(t); status != 0 {
				t.Errorf("status %d", status)
			}
			captured := p.entry(t, "capture ended").number(t, "frames")
			if captured < 700 || captured == len(e.frames) {
				t.Errorf("%d frames were captured", captured)
			}
			arrived(t, srv.Frames(source(t, srv).UUID), e.frames[:captured], nil)
		})
	}
	t.Run("all is confirmed already", func(t *testing.T) {
		t.Parallel()
		srv := serve(t, kismettest.Config{})
		p := e.start(t, invocation{args: append(tcp(srv), "--source", e.walk)})
		reaches(t, srv, len(e.frames)) // and it stays, for want of --once
		if status := p.end(t); status != 0 {
			t.Errorf("status %d", status)
		}
		arrived(t, srv.Frames(source(t, srv).UUID), e.frames, nil)
	})
	t.Run("nobody takes it", func(t *testing.T) {
		t.Parallel()
		p := e.start(t, invocation{args: []string{"--tcp", "--connect", closedPort(t), "--source", e.walk}})
		p.await(t, "link.refused")
		p.await(t, "capture ended") // what was not read yet is not lost
		start := time.Now()
		if status := p.end(t); status != 3 {
			t.Errorf("status %d, want 3", status)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		has(t, p.errs.String(), "frames not confirmed by the server", "run again when the server answers")
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		p := e.start(t, invocation{args: []string{"--tcp", "--connect", closedPort(t), "--source", e.walk}})
		p.await(t, "link.refused")
		p.await(t, "capture ended") // what was not read yet is not lost
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		p.await(t, "stopping")
		start := time.Now()
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if status := p.exit(t); status != 3 {
			t.Errorf("status %d, want 3", status)
		}
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
