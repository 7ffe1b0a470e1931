//go:build !lite

package actors

import (
	"context"
	"log/slog"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// busPatience is how long a test waits for what must come.
const busPatience = time.Minute

// busOf is a rig's settings of its bus, in memory.
func busOf(mode configs.BusMode, rig string, urls ...string) configs.Bus {
	return configs.Bus{
		Mode: mode, URLs: urls, Fleet: "test", Rig: rig, StoreBytes: 1 << 20, StoreAge: time.Hour, Rate: 10, Every: time.Second, Claims: configs.ClaimWarn,
	}
}

// hearAll returns what comes on a bus, until the test ends.
func hearAll(t *testing.T, b *bus.Bus) <-chan bus.Message {
	t.Helper()
	heard := make(chan bus.Message, 1024)
	for _, kind := range []bus.Kind{bus.KindPosition, bus.KindStatus, bus.KindEvent} {
		t.Cleanup(b.Hear(bus.Filter{Kind: kind, Rig: bus.Any}, func(m bus.Message) {
			select {
			case heard <- m:
			default:
			}
		}))
	}
	return heard
}

// awaitMessage waits for a message that is right.
func awaitMessage(t *testing.T, heard <-chan bus.Message, what string, right func(bus.Message) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), busPatience)
	defer cancel()
	for {
		select {
		case m := <-heard:
			if right(m) {
				return
			}
		case <-ctx.Done():
			t.Fatalf("no %s in %v", what, busPatience)
		}
	}
}

func decoded[M any](t *testing.T, m bus.Message, kind bus.Kind, decode func([]byte) (M, error)) (value M, ok bool) {
	t.Helper()
	if m.Kind != kind {
		return value, false
	}
	value, err := decode(m.Data)
	if err != nil {
		t.Errorf("%s: %v", kind, err)
	}
	return value, err == nil
}

func TestTheFleetIsToldWhereAndHowARigIs(t *testing.T) {
	here := gps.NewFixed(52.1, 4.3, math.NaN(), "remote-fixed")
	r := startRig(t, kismettest.Config{}, false, configs.Config{
		Rig: "Rover 1", Sources: []configs.Source{sourceOf(t, writePcap(t, "a.pcap", 3000))}, GPS: configs.GPS{Fixed: &here},
		Bus: busOf(configs.BusEmbedded, "Rover-1"),
	})
	heard := hearAll(t, r.shared.bus)
	awaitMessage(t, heard, "position", func(m bus.Message) bool {
		p, ok := decoded(t, m, bus.KindPosition, pb.DecodePosition)
		return ok && p.GetLat() == 52.1 && p.GetLon() == 4.3 && p.AccuracyM == nil && m.Rig == "Rover-1" && m.Fleet == "test"
	})
	awaitMessage(t, heard, "report of all that was sent", func(m bus.Message) bool {
		s, ok := decoded(t, m, bus.KindStatus, pb.DecodeStatus)
		return ok && s.GetName() == "Rover 1" && s.GetState() == "finished" && len(s.GetSources()) == 1 && s.GetSources()[0].GetAcknowledged() == 3000 &&
			s.GetSources()[0].GetUuid() != "" && s.GetPlace().GetLat() == 52.1 && s.GetEveryS() == 1 && s.GetDomain() != ""
	})
	r.srv.Reset(r.shared.sources[0].uuid().String()) // which makes an event or two
	awaitMessage(t, heard, "event", func(m bus.Message) bool {
		e, ok := decoded(t, m, bus.KindEvent, pb.DecodeEvent)
		return ok && e.GetText() == "frames flow" && e.GetSource() == "a.pcap" && e.GetHead().GetSequence() > 0
	})
	bustest.Wait(t, "word that it has joined", func() bool { return strings.Contains(r.log.String(), `msg="bus joined"`) })
	if s := r.Report().Bus; s == nil || !s.Connected || s.Server != "embedded" || s.Published == 0 || s.Rig != "Rover-1" || s.Problem != nil {
		t.Errorf("status: %+v", s)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	awaitMessage(t, heard, "farewell", func(m bus.Message) bool {
		s, ok := decoded(t, m, bus.KindStatus, pb.DecodeStatus)
		return ok && s.GetLeaving()
	})
}

// elsewhere is a rig of the same fleet that is only its bus, with a port.
func elsewhere(t *testing.T, rig, address string) *bus.Bus {
	t.Helper()
	b, err := bus.New(bus.Options{
		Fleet: "test", Rig: rig, RigID: rig + "-id", Version: "test", Mode: bus.Embedded, Listen: address, StoreBytes: 1 << 20, StoreAge: time.Hour,
		Claims: true, ClaimMode: "warn", Now: clock.Boottime, UTC: func() (int64, bool) { return time.Now().UnixNano(), true }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return b
}

func TestASourceOfAnotherRigIsNotAnnounced(t *testing.T) {
	src := sourceOf(t, writePcap(t, "a.pcap", 100))
	address := freeAddress(t)
	first := elsewhere(t, "first", address)
	first.Claim([]bus.ClaimRequest{{UUID: src.UUID.String(), Source: "theirs"}})
	// Or a machine that is busy may let the second be first.
	bustest.Wait(t, "the first claim", func() bool { return first.State().Watching })

	c := busOf(configs.BusJoin, "second", "nats://"+address)
	c.Claims = configs.ClaimRefuse
	r := startRig(t, kismettest.Config{}, false, configs.Config{Rig: "second", Sources: []configs.Source{src}, Bus: c})
	eventually(t, r.Rig, "the other rig's claim", func(Status) bool {
		b := r.Report().Bus
		return len(b.Rivals) == 1 && b.Rivals[0].First && b.Rivals[0].Rig == "first"
	})
	eventually(t, r.Rig, "a link that waits", func(s Status) bool {
		return fault.CodeOf(s.Sources[0].Link.Err) == fault.BusClaimed && s.Sources[0].Frames.Captured == 100
	})
	if s := r.Status().Sources[0]; s.Frames.Dropped != 0 || s.Frames.Acked != 0 {
		t.Errorf("%+v", s.Frames)
	}
	since := r.Status().Sources[0].Link.Since
	eventually(t, r.Rig, "the same wait, however often it was looked", func(s Status) bool {
		return s.Sources[0].Link.Since.Equal(since) && time.Since(since) > 2*rivalAgain
	})
	first.Claim(nil)
	eventually(t, r.Rig, "frames that are confirmed", func(s Status) bool { return s.Sources[0].Frames.Acked == 100 })
	eventually(t, r.Rig, "the end of the rivalry", func(Status) bool { return len(r.Report().Bus.Rivals) == 0 })
}

// freeAddress is an address of this machine on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
