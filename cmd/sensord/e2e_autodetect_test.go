package main_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// Where servers announce themselves, and where their websocket is.
const (
	announcePort = 2501
	webPort      = "2501"
)

// autodetect finds a server by its announcement.
func (e *endToEnd) autodetect(t *testing.T) {
	const ours, theirs = "11111111-0000-0000-0000-000000000001", "22222222-0000-0000-0000-000000000002"
	// One after the other: all hear the same announcements.
	t.Run("tcp", func(t *testing.T) {
		srv := serve(t, kismettest.Config{Profile: kismettest.T23})
		port := netip.MustParseAddrPort(srv.TCPAddr).Port()
		announce(t, "127.0.0.1", kismet.Announcement{TCPPort: int(port), ServerUUID: ours, ServerName: "home"})
		e.run(t, "--autodetect", "--tcp", "--once", "--source", e.walk)
		arrived(t, srv.Frames(source(t, srv).UUID), e.frames, nil)
	})
	t.Run("websocket of the right one", func(t *testing.T) {
		srv := serve(t, kismettest.Config{})
		wrong := serve(t, kismettest.Config{})
		const here, there = "127.0.83.1", "127.0.83.2"
		forward(t, net.JoinHostPort(here, webPort)).to(srv.Addr)
		forward(t, net.JoinHostPort(there, webPort)).to(wrong.Addr)
		announce(t, there, kismet.Announcement{TCPPort: 3501, ServerUUID: theirs, ServerName: "neighbour"})
		announce(t, here, kismet.Announcement{TCPPort: 3501, ServerUUID: ours, ServerName: "home"})
		p := e.run(t, slices.Concat(login, []string{"--autodetect=" + strings.ToLower(ours), "--once", "--source", e.walk})...)
		arrived(t, srv.Frames(source(t, srv).UUID), e.frames, nil)
		if n := wrong.Accepted(); n != 0 {
			t.Errorf("%d connections to the other server", n)
		}
		has(t, p.errs.String(), "server found", here)
	})
}

// announce says from an address of loopback, until the test ends, what a
// server broadcasts.
func announce(t *testing.T, from string, a kismet.Announcement) {
	t.Helper()
	a.Time = time.Now()
	c, err := net.DialUDP("udp4",
		&net.UDPAddr{IP: net.ParseIP(from)}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: announcePort})
	if err != nil {
		t.Fatal(err)
	}
	datagram := kismet.AppendAnnouncement(nil, a)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			_, _ = c.Write(datagram) // refused until somebody listens
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		_ = c.Close()
	})
}
