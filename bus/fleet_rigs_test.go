package bus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
)

// noon is when the fleets of the tests begin.
var noon = time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)

// listener hears a fleet of rigs that are written down in a test.
type listener struct {
	t        testing.TB
	fleet    *bus.Fleet
	at       time.Time
	sequence map[string]uint64
}

func listening(t testing.TB) *listener {
	l := &listener{t: t, fleet: bus.NewFleet("fleet", 0), at: noon, sequence: map[string]uint64{}}
	l.fleet.Joined(noon, "nats://hub:4222")
	return l
}

func (l *listener) wait(d time.Duration) { l.at = l.at.Add(d) }

// head is that of a rig's next message.
func (l *listener) head(rig string, run uint64, skew time.Duration) *pb.Head {
	key := fmt.Sprint(rig, run)
	l.sequence[key]++
	return &pb.Head{
		Fleet: "fleet", Rig: rig, RigId: "id-" + rig, Incarnation: run, Sequence: l.sequence[key],
		SentNs: l.at.Add(skew).UnixNano(), Version: "v0.6.0",
	}
}

// status is a rig that records, with one source.
func (l *listener) status(rig string, changes ...func(*pb.Status)) *pb.Status {
	m := &pb.Status{
		Head: l.head(rig, 1, 0), Name: rig, State: "recording", Sentence: "RECORDING: 1 source", Recording: true, EveryS: 5,
		Sources: []*pb.Source{{Name: "roof", Type: "linuxwifi", Uuid: "UUID-" + rig, Capture: "capturing", Recorded: true, CapturedPerS: new(100.0)}},
		Place:   &pb.Place{Lat: new(52.5), Lon: new(13.4), By: "fusion"},
	}
	for _, change := range changes {
		change(m)
	}
	return m
}

func (l *listener) says(m pb.Message, kind bus.Kind, rig string) {
	l.t.Helper()
	data, err := pb.Encode(m)
	if err != nil {
		l.t.Fatal(err)
	}
	a := bus.Address{Fleet: "fleet", Rig: rig, Kind: kind}
	if named, ok := m.(*pb.MetaGPS); ok {
		a.Name = named.Name
	}
	l.fleet.Hear(a, data, l.at)
}

func (l *listener) reports(rig string, changes ...func(*pb.Status)) {
	l.t.Helper()
	l.says(l.status(rig, changes...), bus.KindStatus, rig)
}

func (l *listener) remembers(rig string, ago time.Duration, changes ...func(*pb.Status)) {
	l.t.Helper()
	data, err := pb.Encode(l.status(rig, changes...))
	if err != nil {
		l.t.Fatal(err)
	}
	l.fleet.Remember(rig, data, ago, l.at)
}

// report is a view as a test writes it down.
func report(v bus.FleetView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s | %s\n", v.State, v.Sentence)
	for _, a := range v.Alarms {
		fmt.Fprintf(&b, "  ! %s\n", a.Text())
	}
	for _, g := range v.Rigs {
		fmt.Fprintf(&b, "%s %s %s\n", g.Name, g.Presence, g.State)
		for _, a := range g.Alarms {
			mark := "!"
			switch {
			case a.Bad:
				mark = "!!"
			case a.Harmless:
				mark = "-"
			}
			fmt.Fprintf(&b, "  %s %s (%s)\n", mark, a.Text(), a.Code)
		}
	}
	return b.String()
}

func problem(harmless bool) func(*pb.Status) {
	return func(m *pb.Status) {
		m.State, m.Sentence = "impaired", "RECORDING, BUT home: connection refused"
		if harmless {
			m.State = "recording"
		}
		m.Problems = []*pb.Problem{{Code: "link.refused", Object: "server home", Error: "connection refused", Remedy: "start it", Harmless: harmless}}
	}
}

func stopped(m *pb.Status) {
	m.State, m.Sentence, m.Recording = "not recording", "NOT RECORDING: wlan1: it is gone", false
	m.Problems = []*pb.Problem{{Source: "roof", Code: "radio.gone", Object: "wlan1", Error: "it is gone", Remedy: "plug it in"}}
}

func ofUUID(uuid string) func(*pb.Status) {
	return func(m *pb.Status) { m.Sources[0].Uuid = uuid }
}
