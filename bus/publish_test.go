//go:build !lite

package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func TestWhatARigPublishesIsHeardAndKept(t *testing.T) {
	var heard box
	r := startRig(t, rigOptions(t, "rover"))
	for _, k := range []bus.Kind{bus.KindPosition, bus.KindEvent, bus.KindStatus} {
		r.Hear(bus.Filter{Kind: k, Rig: bus.Any}, heard.put)
	}
	r.Hear(bus.Filter{Kind: bus.KindMetaGPS, Rig: bus.Any, Name: bus.Any}, heard.put)
	r.PublishEvent(event(0)) // waits for the bus
	r.connected(t)
	lat := 50.5
	bustest.Wait(t, "everything", func() bool {
		r.PublishPosition(position(1))
		r.PublishStatus(&pb.Status{State: "recording"})
		r.PublishMetaGPS(&pb.MetaGPS{Name: "phone", Lat: &lat, Lon: &lat})
		seen := make(map[bus.Kind]bool)
		for _, m := range heard.all() {
			seen[m.Kind] = true
		}
		return len(seen) == 4
	})
	bustest.Wait(t, "what is kept", func() bool {
		s := r.State()
		return s.Kept > 1 && s.Published > s.Kept
	})
	for _, m := range heard.all() {
		if m.Kind != bus.KindEvent {
			continue
		}
		e, err := pb.DecodeEvent(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		h := e.GetHead()
		got := []string{h.GetFleet(), h.GetRig(), h.GetRigId(), h.GetVersion(), e.GetText()}
		if diff := cmp.Diff([]string{"fleet", "rover", "id-of-rover", "test", "event 0"}, got); diff != "" {
			t.Errorf("event (-want +got)\n%s", diff)
		}
		if h.GetSequence() != 1 || h.GetIncarnation() == 0 || h.GetSentNs() == 0 || !m.Self {
			t.Errorf("head %v, self %v", h, m.Self)
		}
	}
	if s := r.State(); s.Err != nil || s.Store.Err != nil {
		t.Errorf("state %+v", s)
	}
}

// A log's handler publishes, and what is told is logged.
func TestWhoIsToldMayPublish(t *testing.T) {
	server := bustest.NATSServer(t, "")
	o := joinOptions(t, "rover", server.URL)
	var b *bus.Bus
	told := make(chan bus.Change, 100)
	o.Notify = func(c bus.Change) {
		b.PublishEvent(event(1))
		b.PublishStatus(&pb.Status{State: "impaired"})
		b.State()
		told <- c
	}
	var err error
	if b, err = bus.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- b.Run(ctx) }()
	bustest.Wait(t, "a connection", func() bool { return b.State().Connected })
	b.Refuse(bus.Message{Address: bus.Address{Rig: "other"}}, errors.New("it makes no sense"))
	for c := range told { // bus.no-store as well
		if c.Code == fault.BusMessage {
			break
		}
	}
	bustest.Wait(t, "what was published", func() bool { return b.State().Published >= 2 })
	server.Kill(t)
	for c := range told {
		if c.Code == fault.BusRefused {
			break
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// Whatever the bus does, who publishes goes on at once: more than can wait is
// published here without a bus, and with one whose line is frozen.
func TestPublishingNeverWaits(t *testing.T) {
	server := bustest.NATSServer(t, "")
	line := bustest.NewProxy(t, strings.TrimPrefix(server.URL, "nats://"))
	r := startRig(t, joinOptions(t, "rover", "nats://"+line.Addr()))
	r.connected(t)
	line.Freeze()
	text := strings.Repeat("x", 500)
	for range 20000 {
		r.PublishEvent(&pb.Event{Text: text})
		r.PublishPosition(position(1))
	}
	if s := r.State(); s.Failed == 0 {
		t.Errorf("state %+v", s)
	}
	line.Heal()
}

// At the end everything that waits goes out.
func TestTheLastWordsGoOut(t *testing.T) {
	server := bustest.NATSServer(t, "")
	var heard box
	hearer := startRig(t, joinOptions(t, "hearer", server.URL))
	hearer.Hear(bus.Filter{Kind: bus.KindEvent, Rig: "rover"}, heard.put)
	r := startRig(t, joinOptions(t, "rover", server.URL))
	r.connected(t)
	bustest.Wait(t, "the hearer", func() bool {
		r.PublishEvent(event(0))
		return len(heard.all()) > 0
	})
	for i := range 200 {
		r.PublishEvent(event(i + 1))
	}
	r.stop()
	var last string
	bustest.Wait(t, "the last words", func() bool {
		all := heard.all()
		e, err := pb.DecodeEvent(all[len(all)-1].Data)
		if err != nil {
			t.Fatal(err)
		}
		last = e.GetText()
		return last == "event 200"
	})
	if s := r.State(); s.Failed != 0 || s.Connected {
		t.Errorf("state %+v", s)
	}
}

// Who comes later finds how each rig was when it was last heard.
func TestTheLastStatusIsTheRigsEntry(t *testing.T) {
	hub := bustest.NATSServer(t, hubConf)
	js, err := jetstream.New(stranger(t, hub.URL))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []bus.Options{joinOptions(t, "client", hub.URL), leafOptions(t, "leaf", hub.LeafURL)} {
		r := startRig(t, o)
		r.PublishStatus(&pb.Status{State: "recording"})
		entry := func() (s *pb.Status) {
			kv, err := js.KeyValue(t.Context(), "rigs_fleet")
			if err != nil {
				return nil
			}
			e, err := kv.Get(t.Context(), o.Rig)
			if err != nil {
				return nil
			}
			if s, err = pb.DecodeStatus(e.Value()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		bustest.Wait(t, "the entry", func() bool {
			r.PublishStatus(&pb.Status{State: "recording"})
			return entry().GetState() == "recording"
		})
		if got := entry().GetDomain(); got != r.State().Domain || (got == "") != (o.Mode == bus.Join) {
			t.Errorf("domain %q of %s", got, o.Rig)
		}
		r.PublishStatus(&pb.Status{State: "finished", Leaving: true})
		r.stop()
		if e := entry(); e.GetState() != "finished" || !e.GetLeaving() {
			t.Errorf("last entry %v", e)
		}
	}
}
