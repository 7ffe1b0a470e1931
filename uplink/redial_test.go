package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

func TestRedialWaits(t *testing.T) {
	why := func(c fault.Code) error { return fault.New(c, "server", errors.New("test")) }
	const minute = time.Minute
	tests := []struct {
		name     string
		up       time.Duration // how long the link before streamed; 0 is never
		ends     fault.Code    // how it ended
		down     time.Duration // how long ago that was
		err      fault.Code    // what happens now, and keeps happening
		low, top time.Duration // bounds of the first ten waits
	}{
		{"lost after an hour", time.Hour, "", 0, fault.LinkLost, settleMin, settleMax},
		{"lost right after the link was made", time.Second, "", 0, fault.LinkLost, settleMin, settleMax},
		{"refused, never up", 0, "", 0, fault.LinkRefused, slowMin, slowMax},
		{"refused, was up a minute ago", time.Hour, fault.LinkLost, minute, fault.LinkRefused, briskMin, briskMax},
		{"refused, was up 16 minutes ago", time.Hour, fault.LinkLost, 16 * minute, fault.LinkRefused, slowMin, slowMax},
		{"time-out", time.Hour, fault.LinkLost, minute, fault.LinkTimeout, slowMin, slowMax},
		{"no address", 0, "", 0, fault.LinkResolve, slowMin, slowMax},
		{"login", 0, "", 0, fault.LinkAuth, firmMin, firmMax},
		{"wrong path", time.Hour, fault.LinkLost, minute, fault.LinkEndpoint, firmMin, firmMax},
		{"rejected, never up", 0, "", 0, fault.LinkRejected, firmMin, firmMax},
		{"rejected while the server still holds the old session", time.Hour, fault.LinkLost, time.Second, fault.LinkRejected, settleMin, settleMax},
		{"hung up on by the tunnel to a server that restarts", time.Hour, fault.LinkLost, time.Minute, fault.LinkProtocol, settleMin, settleMax},
		{"another protocol, was up an hour ago", time.Hour, fault.LinkLost, time.Hour, fault.LinkProtocol, firmMin, firmMax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r Redial
			now := epoch
			if tt.up > 0 {
				r.Healthy(now)
				now = now.Add(tt.up)
			}
			if tt.ends != "" {
				r.After(why(tt.ends), now)
			}
			now = now.Add(tt.down)
			waits := 1
			if tt.err != fault.LinkLost {
				waits = 10
			}
			var last time.Duration
			for range waits {
				last = r.After(why(tt.err), now)
				if last < tt.low || last > tt.top {
					t.Fatalf("waits %v, want %v to %v", last, tt.low, tt.top)
				}
			}
			if tt.top >= slowMax && last < tt.top/2 {
				t.Errorf("tenth wait is %v: does not grow towards %v", last, tt.top)
			}
		})
	}
}

// Two sensors with one UUID replace each other on the server for ever; at least
// not at full pace.
func TestRedialSlowsDownBehindManyBriefLinks(t *testing.T) {
	var r Redial
	now := epoch
	lost := fault.New(fault.LinkLost, "server", errors.New("test"))
	var wait time.Duration
	for range 20 {
		r.Healthy(now)
		now = now.Add(time.Second)
		wait = r.After(lost, now)
		now = now.Add(wait)
	}
	if wait < slowMax/2 {
		t.Errorf("waits %v behind 20 brief links", wait)
	}
	r.Healthy(now)
	if wait = r.After(lost, now.Add(time.Hour)); wait > settleMax {
		t.Errorf("waits %v behind a long link", wait)
	}
}

// Where TLS goes through a tunnel, a server that restarts ends the handshake, or
// does not answer it. That is no wrong certificate.
func TestTLSOfAServerThatRestartsIsTriedSoon(t *testing.T) {
	d := &Dialer{Server: Server{Host: "kismet.test", TLS: &tls.Config{}}}
	for _, tt := range []struct {
		name     string
		err      error
		low, top time.Duration
	}{
		{"hung up on", io.EOF, settleMin, settleMax},
		{"reset", syscall.ECONNRESET, settleMin, settleMax},
		{"no answer", context.DeadlineExceeded, settleMin, settleMax},
		{"unknown authority", x509.UnknownAuthorityError{}, firmMin, firmMax},
	} {
		err := d.tlsFault(tt.err, false)
		var r Redial
		if wait := r.After(err, epoch); fault.CodeOf(err) != fault.LinkTLS || wait < firmMin {
			t.Errorf("%s, never up: %v after %v", tt.name, err, wait)
		}
		r.Healthy(epoch)
		r.After(fault.New(fault.LinkLost, "server", errEnded), epoch.Add(time.Hour))
		if wait := r.After(err, epoch.Add(time.Hour+time.Minute)); wait < tt.low || wait > tt.top {
			t.Errorf("%s, was up a minute ago: waits %v, want %v to %v", tt.name, wait, tt.low, tt.top)
		}
	}
}
