//go:build !lite

package bus_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// stranger is a client that says what no rig says.
func stranger(tb testing.TB, url string) *nats.Conn {
	tb.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	return nc
}

func shout(tb testing.TB, nc *nats.Conn, subject string, data []byte) {
	tb.Helper()
	if err := nc.Publish(subject, data); err != nil {
		tb.Fatal(err)
	}
}

func encode(tb testing.TB, m pb.Message) []byte {
	tb.Helper()
	data, err := pb.Encode(m)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestAFloodIsCutAndNamed(t *testing.T) {
	server := bustest.NATSServer(t, "")
	r := startRig(t, joinOptions(t, "rover", server.URL))
	var flooded, calm box
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: "flooder"}, flooded.put)
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, func(m bus.Message) {
		if m.Rig == "calm" {
			calm.put(m)
		}
	})
	nc := stranger(t, server.URL)
	data := encode(t, position(1))
	bustest.Wait(t, "the rig to hear", func() bool {
		shout(t, nc, "sensord.v1.fleet.calm.position", data)
		return len(calm.all()) > 0
	})
	const flood = 5000
	for range flood {
		shout(t, nc, "sensord.v1.fleet.flooder.position", data)
	}
	if e := r.says(t, fault.BusFlood); e.Object != "rig flooder" && !strings.HasPrefix(e.Object, "subject ") {
		t.Errorf("object %q", e.Object)
	}
	before := len(calm.all())
	bustest.Wait(t, "the other rig", func() bool {
		shout(t, nc, "sensord.v1.fleet.calm.position", data)
		return len(calm.all()) > before
	})
	if n := len(flooded.all()); n == 0 || n > 1000 {
		t.Errorf("%d messages of the flood got through", n)
	}
	if s := r.State(); s.Refused == 0 || s.Heard == 0 {
		t.Errorf("state %+v", s)
	}
	if began, _ := r.told(fault.BusFlood); began > 3 {
		t.Errorf("told %d times", began)
	}
}

func TestMessagesThatMakeNoSenseAreRefused(t *testing.T) {
	server := bustest.NATSServer(t, "")
	r := startRig(t, joinOptions(t, "rover", server.URL))
	var heard box
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, func(m bus.Message) {
		if _, err := pb.DecodePosition(m.Data); err != nil {
			r.Refuse(m, err)
			return
		}
		heard.put(m)
	})
	nc := stranger(t, server.URL)
	data := encode(t, position(1))
	bustest.Wait(t, "the rig to hear", func() bool {
		shout(t, nc, "sensord.v1.fleet.calm.position", data)
		return len(heard.all()) > 0
	})
	shout(t, nc, "sensord.v1.fleet.large.position", bytes.Repeat([]byte{'{'}, pb.MaxPositionBytes+1))
	shout(t, nc, "sensord.v1.fleet.huge.position", bytes.Repeat([]byte{0}, 1<<20))
	shout(t, nc, "sensord.v1.fleet.garbled.position", []byte("\xff\xff\xff"))
	shout(t, nc, "sensord.v1.fleet.größe.position", data)                // no rig has such a name
	shout(t, nc, "sensord.v1.fleet.rover.status", []byte("{\"state\":")) // of our own name
	bustest.Wait(t, "what is refused", func() bool { return r.State().Refused >= 5 })
	var named []string
	r.mu.Lock()
	for _, c := range r.changes {
		if c.Code == fault.BusMessage {
			named = append(named, c.Object)
		}
	}
	r.mu.Unlock()
	for _, want := range []string{"rig large", "rig huge", "rig garbled", "rig rover"} {
		if !strings.Contains(strings.Join(named, ", ")+",", want+",") {
			t.Errorf("%s is not named, only %q", want, named)
		}
	}
	for _, m := range heard.all() {
		if m.Rig != "calm" {
			t.Errorf("heard %s", m.Rig)
		}
	}
	if s := r.State(); !s.Connected {
		t.Errorf("state %+v", s)
	}
}

func TestASlowHearerIsNamedAndDisturbsNobody(t *testing.T) {
	server := bustest.NATSServer(t, "")
	r := startRig(t, joinOptions(t, "rover", server.URL))
	blocked, release := make(chan struct{}, 1), make(chan struct{})
	defer close(release)
	r.Hear(bus.Filter{Kind: bus.KindEvent, Rig: "slow"}, func(bus.Message) {
		select {
		case blocked <- struct{}{}:
		default:
		}
		<-release
	})
	var fast box
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, fast.put)
	nc := stranger(t, server.URL)
	e := encode(t, event(1))
	bustest.Wait(t, "the hearer to block", func() bool {
		shout(t, nc, "sensord.v1.fleet.slow.event", e)
		return len(blocked) > 0
	})
	for range 3000 {
		shout(t, nc, "sensord.v1.fleet.slow.event", e)
	}
	if said := r.says(t, fault.BusFlood); said.Object != "subject sensord.v1.fleet.slow.event" {
		t.Errorf("said of %q: %v", said.Object, said)
	}
	p := encode(t, position(1))
	bustest.Wait(t, "the other hearer", func() bool {
		shout(t, nc, "sensord.v1.fleet.calm.position", p)
		return len(fast.all()) > 0
	})
}

func TestNothingIsHeardAfterStop(t *testing.T) {
	server := bustest.NATSServer(t, "")
	r := startRig(t, joinOptions(t, "rover", server.URL))
	var heard, other box
	stop := r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: "one"}, heard.put)
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, other.put)
	nc := stranger(t, server.URL)
	data := encode(t, position(1))
	bustest.Wait(t, "the rig to hear", func() bool {
		shout(t, nc, "sensord.v1.fleet.one.position", data)
		return len(heard.all()) > 0 && len(other.all()) > 0
	})
	// What is heard while stop is under way may get through; nothing later does.
	stop()
	n := len(other.all())
	bustest.Wait(t, "what is heard after stop", func() bool {
		shout(t, nc, "sensord.v1.fleet.one.position", data)
		return len(other.all()) > n
	})
	before := len(heard.all())
	n = len(other.all())
	bustest.Wait(t, "more of it", func() bool {
		shout(t, nc, "sensord.v1.fleet.one.position", data)
		return len(other.all()) > n+5
	})
	if after := len(heard.all()); after != before {
		t.Errorf("heard %d more", after-before)
	}
}

// What a stream hands on is nobody's word: a leaf can have it delivered to
// another rig's subject.
func TestWhatAStreamHandsOnIsNotHeard(t *testing.T) {
	server := bustest.NATSServer(t, "")
	r := startRig(t, joinOptions(t, "rover", server.URL))
	var heard box
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, heard.put)
	w := watching(t, bus.WatchOptions{URLs: []string{server.URL}})
	nc := stranger(t, server.URL)
	data := encode(t, position(1))
	say := func(rig string) {
		for _, m := range []*nats.Msg{
			{Subject: "sensord.v1.fleet.forged.position", Data: data, Reply: "$JS.ACK.RIG.c.1.1.1.1.0"},
			{Subject: "sensord.v1.fleet.forged.position", Data: data, Header: nats.Header{"Nats-Stream": {"RIG"}}},
			{Subject: "sensord.v1.fleet." + rig + ".position", Data: data},
		} {
			if err := nc.PublishMsg(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	bustest.Wait(t, "both to hear", func() bool {
		say("calm")
		return len(heard.all()) > 0 && len(w.View().Rigs) > 0
	})
	for _, m := range heard.all() {
		if m.Rig == "forged" {
			t.Fatal("the rig has heard it")
		}
	}
	if v := w.View(); len(v.Rigs) != 1 || v.Rigs[0].Name != "calm" || v.Refused == 0 || r.State().Refused == 0 {
		t.Errorf("%d refused, and the watcher sees %s", r.State().Refused, report(v))
	}
}
