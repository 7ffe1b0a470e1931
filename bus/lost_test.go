//go:build !lite

package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// publishKept publishes positions and events from to to, as fast as the store
// takes them.
func (r *rig) publishKept(tb testing.TB, from, to int) {
	tb.Helper()
	for i := from; i < to; i++ {
		kept := r.State().Kept
		r.PublishPosition(position(i))
		r.PublishEvent(event(i))
		bustest.Wait(tb, "what is kept", func() bool { return r.State().Kept == kept+2 })
	}
}

// checkFleet waits until the hub has n positions and n events of a rig, and
// checks that each is there once and in order.
func checkFleet(t *testing.T, js jetstream.JetStream, name string, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, k := range []bus.Kind{bus.KindPosition, bus.KindEvent} {
		subject := bus.Subject("fleet", name, k)
		bustest.Wait(t, fmt.Sprintf("%d of %s at the hub", n, subject), func() bool {
			s, err := js.Stream(ctx, "FLEET_fleet")
			if err != nil {
				return false
			}
			info, err := s.Info(ctx, jetstream.WithSubjectFilter(subject))
			return err == nil && info.State.Subjects[subject] >= uint64(n)
		})
		c, err := js.OrderedConsumer(ctx, "FLEET_fleet", jetstream.OrderedConsumerConfig{FilterSubjects: []string{subject}})
		if err != nil {
			t.Fatal(err)
		}
		batch, err := c.FetchNoWait(2 * n)
		if err != nil {
			t.Fatal(err)
		}
		var last *pb.Head
		got := 0
		for m := range batch.Messages() {
			got++
			h := headOf(t, k, m.Data())
			if last != nil && h.GetIncarnation() == last.GetIncarnation() && h.GetSequence() != last.GetSequence()+1 {
				t.Errorf("%s: %d comes after %d", k, h.GetSequence(), last.GetSequence())
			}
			last = h
		}
		if got != n {
			t.Errorf("%s: %d at the hub, not %d", k, got, n)
		}
	}
}

func headOf(t testing.TB, k bus.Kind, data []byte) *pb.Head {
	t.Helper()
	if k == bus.KindEvent {
		e, err := pb.DecodeEvent(data)
		if err != nil {
			t.Fatal(err)
		}
		return e.GetHead()
	}
	p, err := pb.DecodePosition(data)
	if err != nil {
		t.Fatal(err)
	}
	return p.GetHead()
}

func TestNothingIsLostWhileTheHubIsAway(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	line := bustest.NewProxy(t, strings.TrimPrefix(hub.LeafURL, "nats://"))
	o := leafOptions(t, "rover", "nats://"+line.Addr())
	o.CredsFile = hub.Creds(t, "fleet", "rover")
	line.Cut() // the car starts where there is no network
	r := startRig(t, o)
	r.Claim(claim("wlan0"))
	r.connected(t)
	r.publishKept(t, 0, 20)
	if e := r.says(t, fault.BusRefused); !strings.HasPrefix(e.Object, "hub ") {
		t.Errorf("says %v", e)
	}
	if s := r.State(); s.Leaf.Connected || s.Leaf.Err == nil || s.Watching || s.Err != nil {
		t.Errorf("state %+v", s)
	}

	line.Heal()
	r.joined(t)
	r.saysNoMore(t, fault.BusRefused)
	r.PublishStatus(&pb.Status{State: "recording"})
	js := watcher(t, hub)
	checkFleet(t, js, "rover", 20)
	bustest.Wait(t, "claims", func() bool { return r.State().Watching })

	line.Cut()
	bustest.Wait(t, "the cut", func() bool { return !r.State().Leaf.Connected })
	r.publishKept(t, 20, 60)
	bustest.Wait(t, "claims to be unknown", func() bool { return !r.State().Watching })
	line.Heal()
	r.joined(t)
	checkFleet(t, js, "rover", 60)
	bustest.Wait(t, "claims", func() bool { return r.State().Watching })

	if s := r.State(); s.Failed != 0 || s.Err != nil {
		t.Errorf("state %+v", s)
	}
	if began, _ := r.told(fault.BusNoStore); began != 0 {
		t.Errorf("bus.no-store was told %d times", began)
	}
}

// A hub without JetStream is told once; what is said gets through all the same.
func TestAHubWithoutJetStream(t *testing.T) {
	hub := bustest.NATSServer(t, "leafnodes: {port: -1}\n")
	for _, o := range []bus.Options{joinOptions(t, "client", hub.URL), leafOptions(t, "leaf", hub.LeafURL)} {
		t.Run(o.Rig, func(t *testing.T) {
			r := startRig(t, o)
			r.Claim(claim("wlan0"))
			e := r.says(t, fault.BusNoStore)
			if e.Remedy() == "" || !strings.Contains(e.Error(), "JetStream") || o.Mode == bus.Leaf && strings.Contains(e.Remedy(), "mode: leaf") {
				t.Errorf("says %v, remedy %q", e, e.Remedy())
			}
			t.Log(e)
			var heard box
			r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, heard.put)
			bustest.Wait(t, "a position", func() bool {
				r.PublishPosition(position(1))
				return len(heard.all()) > 0
			})
			if began, _ := r.told(fault.BusNoStore); began != 1 {
				t.Errorf("told %d times", began)
			}
			r.stop()
		})
	}
}

// A store that cannot be used keeps nothing, and keeps nobody from hearing.
func TestAStoreThatCannotBeUsed(t *testing.T) {
	o := rigOptions(t, "rover")
	file := filepath.Join(o.StoreDir, "file")
	if err := os.WriteFile(file, []byte("no directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.StoreDir = filepath.Join(file, "store")
	r := startRig(t, o)
	r.connected(t)
	var heard box
	r.Hear(bus.Filter{Kind: bus.KindPosition, Rig: bus.Any}, heard.put)
	bustest.Wait(t, "a position", func() bool {
		r.PublishPosition(position(1))
		return len(heard.all()) > 0
	})
	e := r.says(t, fault.BusStore)
	if e.Remedy() == "" {
		t.Errorf("says %v", e)
	}
	t.Log(e)
	s := r.State()
	if s.Store.Err == nil || s.Err != nil || s.Published == 0 {
		t.Errorf("state %+v", s)
	}
}

func TestWhyAServerDoesNotStart(t *testing.T) {
	first := rigOptions(t, "first")
	first.Listen = "127.0.0.1:0"
	other := bustest.NATSServer(t, "")
	first.Listen = strings.TrimPrefix(other.URL, "nats://")
	b, err := bus.New(first)
	if err != nil {
		t.Fatal(err)
	}
	b.PublishEvent(event(1))
	err = b.Run(t.Context())
	if fault.CodeOf(err) != fault.BusListen {
		t.Fatalf("error %v", err)
	}
	if got := fault.CodeOf(b.State().Err); got != fault.BusListen {
		t.Errorf("state says %s", got)
	}
	other.Kill(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.Run(ctx) }()
	bustest.Wait(t, "the event that waited", func() bool { return b.State().Kept == 1 })
	if err := b.State().Err; err != nil {
		t.Errorf("state says %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestTheEndOfARigMendsNothing(t *testing.T) {
	for _, mode := range []bus.Mode{bus.Leaf, bus.Join} {
		o := leafOptions(t, "rover", "nats://127.0.0.1:1")
		o.Mode = mode
		r := startRig(t, o)
		_ = r.says(t, fault.BusRefused)
		r.stop()
		if _, err := r.told(fault.BusRefused); err == nil {
			t.Errorf("mode %v: when it ends, it says that the hub is there", mode)
		}
	}
}
