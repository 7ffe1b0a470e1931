//go:build !lite

package bus_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// talker is a TCP server that says to its clients what a test wants.
type talker struct {
	net.Listener
	all sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
	ended bool
}

// talk serves each connection with serve, until the test ends.
func talk(tb testing.TB, serve func(net.Conn)) *talker {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &talker{Listener: l}
	s.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if s.keep(c) {
				s.all.Go(func() {
					defer c.Close()
					serve(c)
				})
			}
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		s.ended = true
		s.mu.Unlock()
		s.end()
		s.all.Wait()
	})
	return s
}

func (s *talker) keep(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, c)
	if s.ended {
		_ = c.Close()
	}
	return !s.ended
}

// end ends all connections.
func (s *talker) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

// say says something to all who are connected, which the one behind has not said.
func (s *talker) say(tb testing.TB, text string) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_, _ = io.WriteString(c, text) // some may be gone
	}
}

func (s *talker) url() string { return "nats://" + s.Addr().String() }

// between is a talker that hands on what a server and its clients say, while it
// is open.
func between(tb testing.TB, url string) (s *talker, open func(bool)) {
	tb.Helper()
	var mu sync.Mutex
	isOpen := true
	s = talk(tb, func(c net.Conn) {
		mu.Lock()
		let := isOpen
		mu.Unlock()
		if !let {
			return
		}
		behind, err := net.Dial("tcp", strings.TrimPrefix(url, "nats://"))
		if err != nil {
			return
		}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(c, behind); _ = c.Close() })
		both.Go(func() { _, _ = io.Copy(behind, c); _ = behind.Close() })
		both.Wait()
	})
	return s, func(is bool) {
		mu.Lock()
		defer mu.Unlock()
		isOpen = is
	}
}

// A server may end a connection with words that the client does not know, which
// it takes for the end for good.
func TestABusThatIsSentAway(t *testing.T) {
	server := bustest.NATSServer(t, withJetStream)
	line, open := between(t, server.URL)
	r := startRig(t, joinOptions(t, "rover", line.url()))
	other := startRig(t, joinOptions(t, "other", server.URL))
	var heard box
	r.Hear(bus.Filter{Kind: bus.KindEvent, Rig: bus.Any}, heard.put)
	r.Claim(claim("wlan0"))
	other.connected(t)
	for i := range 2 {
		bustest.Wait(t, "claims", func() bool { return r.State().Watching })
		bustest.Wait(t, "events", func() bool {
			other.PublishEvent(event(1))
			return len(heard.all()) > 0
		})

		open(false)
		line.say(t, "-ERR 'Go Away'\r\n")
		_ = r.says(t, fault.BusRefused)
		bustest.Wait(t, "the reason", func() bool { s := r.State(); return !s.Connected && s.Err != nil })
		if err := r.State().Err; !strings.Contains(err.Error(), "Go Away") {
			t.Errorf("says %v", err)
		}
		before := r.State()
		r.PublishPosition(position(i)) // is lost, and counted
		r.PublishEvent(event(2))       // waits
		if s := r.State(); s.Failed != before.Failed+1 || s.Published != before.Published {
			t.Errorf("state %+v, before %+v", s, before)
		}
		bustest.Wait(t, "claims to be unknown", func() bool { return !r.State().Watching })
		open(true)
		r.connected(t)
		r.saysNoMore(t, fault.BusRefused)
		bustest.Wait(t, "what waited", func() bool { return r.State().Published == before.Published+1 })
		heard.mu.Lock()
		heard.msgs = nil
		heard.mu.Unlock()
	}
	if s := r.State(); s.Err != nil || s.Failed != 2 {
		t.Errorf("state %+v", s)
	}
	r.PublishStatus(recording())
	js, err := jetstream.New(connect(t, server.URL))
	if err != nil {
		t.Fatal(err)
	}
	bustest.Wait(t, "the rig's entry", func() bool {
		kv, err := js.KeyValue(t.Context(), "rigs_fleet")
		if err != nil {
			return false
		}
		e, err := kv.Get(t.Context(), "rover")
		return err == nil && len(e.Value()) > 0
	})
	// Nor does it go on when it is to end while it is away.
	open(false)
	line.say(t, "-ERR 'Go Away'\r\n")
	_ = r.says(t, fault.BusRefused)
	r.stop()
}

// A server that has no room has some later.
func TestABusThatIsFull(t *testing.T) {
	server := bustest.NATSServer(t, "max_connections: 1\n")
	var first *nats.Conn
	bustest.Wait(t, "the only place", func() bool {
		var err error
		first, err = nats.Connect(server.URL, nats.NoReconnect())
		return err == nil
	})
	r := startRig(t, joinOptions(t, "rover", server.URL))
	r.PublishEvent(event(1))
	if e := r.says(t, fault.BusRefused); !strings.Contains(e.Error(), "maximum connections exceeded") {
		t.Errorf("says %v", e)
	}
	w := watching(t, bus.WatchOptions{URLs: []string{server.URL}})
	sees(t, w, "why not", func(*bus.FleetView) bool { return w.Err() != nil })
	if err := w.Err(); !strings.Contains(err.Error(), "maximum connections exceeded") {
		t.Errorf("says %v", err)
	}
	w.Close()
	first.Close()
	r.connected(t)
	r.saysNoMore(t, fault.BusRefused)
	bustest.Wait(t, "what waited", func() bool { return r.State().Published == 1 })
}

// What a server does not let us hear is said.
func TestABusWithTooManySubscriptions(t *testing.T) {
	server := bustest.NATSServer(t, "max_subscriptions: 1\n")
	r := startRig(t, joinOptions(t, "rover", server.URL))
	for _, k := range []bus.Kind{bus.KindPosition, bus.KindEvent, bus.KindStatus} {
		r.Hear(bus.Filter{Kind: k, Rig: bus.Any}, func(bus.Message) {})
	}
	if e := r.says(t, fault.BusDenied); !strings.Contains(e.Error(), "maximum subscriptions exceeded") {
		t.Errorf("says %v", e)
	}
}
