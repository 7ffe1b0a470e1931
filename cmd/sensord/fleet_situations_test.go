package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// fleetNoon is when all fleets of these tests are looked at.
var fleetNoon = time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)

// aFleet is a fleet as it is heard.
type aFleet struct {
	t  testing.TB
	of *bus.Fleet
}

func newFleet(t testing.TB) *aFleet {
	f := &aFleet{t, bus.NewFleet("fleet", 0)}
	f.of.Joined(fleetNoon.Add(-time.Hour), "nats://hub.example:4222")
	return f
}

// says lets a rig say something, so long before noon.
func (f *aFleet) says(rig string, kind bus.Kind, ago time.Duration, m pb.Message) {
	f.t.Helper()
	data, err := pb.Encode(m)
	if err != nil {
		f.t.Fatal(err)
	}
	a := bus.Address{Fleet: "fleet", Rig: rig, Kind: kind}
	if named, ok := m.(*pb.MetaGPS); ok {
		a.Name = named.Name
	}
	f.of.Hear(a, data, fleetNoon.Add(-ago))
}

// roverStatus is a rig on the road with two radios, in order.
func roverStatus(i int) *pb.Status {
	return &pb.Status{
		State: "recording", Sentence: "RECORDING: 2 sources, 840 frames/s, confirmed by home", Recording: true, EveryS: 5,
		Place: &pb.Place{
			Lat: new(52.51627 + float64(i)/1000), Lon: new(13.3777), AltMslM: new(35.1), SpeedMps: new(13.9), CourseDeg: new(84.2), AccuracyM: new(1.96), By: "fusion",
		},
		Sources: []*pb.Source{
			{
				Name: "roof", Type: "linuxwifi", Uuid: fmt.Sprintf("5FE308BD-0000-0000-0000-%012X", 2*i), Capture: "capturing", Recorded: true,
				Channel: "36HT40+", Hopping: true, Channels: 5, HopsPerS: 4.98, LinkState: "streaming", Server: "home", Protocol: "v3",
				Captured: 120_400, Sent: 120_380, Acknowledged: 120_100, Waiting: 300, CapturedPerS: new(612.4),
			},
			{
				Name: "dash", Type: "linuxwifi", Uuid: fmt.Sprintf("5FE308BD-0000-0000-0000-%012X", 2*i+1), Capture: "capturing", Recorded: true,
				Channel: "6", LinkState: "streaming", Server: "home", Protocol: "v3", Captured: 90_000, Sent: 90_000, Acknowledged: 90_000, CapturedPerS: new(228.0),
			},
		},
	}
}

func pulled(m *pb.Status) *pb.Status {
	m.State, m.Sentence, m.Recording = "not recording", "NOT RECORDING: roof: wlan1: it is gone", false
	m.Sources, m.Place = m.Sources[:1], nil
	m.Sources[0].Capture, m.Sources[0].Recorded, m.Sources[0].CapturedPerS = "waiting for the radio", false, new(0.0)
	m.Problems = []*pb.Problem{{Source: "roof", Code: "radio.gone", Object: "wlan1", Error: "it is gone", Remedy: fault.RadioGone.Remedy()}}
	return m
}

func inTunnel(m *pb.Status) *pb.Status {
	m.State, m.Sentence = "impaired", "RECORDING, BUT server home: no route to host"
	for _, s := range m.Sources {
		s.LinkState, s.Waiting, s.Dropped = "waiting", 48_210_000, 12
	}
	m.PositionHidden = true
	m.Problems = []*pb.Problem{
		{Code: "link.unreachable", Object: "server home", Error: "no route to host", Remedy: fault.LinkUnreachable.Remedy()},
		{Code: "gps.stale", Object: "gpsd localhost:2947", Error: "no fix for 12s", Remedy: fault.GPSStale.Remedy(), Harmless: true},
	}
	return m
}

const commands = "\x1b[2J\x1b]0;title\x07\u009b31m\u202e\r\n\x00\b\ufeff"

// fleets are as somebody may see them.
func fleets(t testing.TB) map[string]bus.FleetView {
	all := map[string]func(*aFleet){
		"right": func(f *aFleet) {
			for i := range 3 {
				f.says(fmt.Sprint("rover-", i+1), bus.KindStatus, 2*time.Second, roverStatus(i))
			}
			f.says("rover-1", bus.KindMetaGPS, 4*time.Second, &pb.MetaGPS{Name: "phone", Lat: new(52.52), Lon: new(13.4), AccuracyM: new(8.0)})
		},
		"wrong": func(f *aFleet) {
			f.says("attic", bus.KindStatus, time.Second, roverStatus(1))
			f.says("rover-1", bus.KindStatus, time.Second, inTunnel(roverStatus(2)))
			f.says("rover-2", bus.KindStatus, time.Second, pulled(roverStatus(3)))
			f.says("rover-3", bus.KindStatus, 4*time.Minute, roverStatus(4))
			f.says("rover-4", bus.KindStatus, time.Second, roverStatus(1))
			f.says("truck", bus.KindPosition, time.Second, &pb.Position{Lat: new(-33.85678), Lon: new(151.2153), AgeNs: int64(3 * time.Minute)})
			leaving := roverStatus(5)
			leaving.Leaving = true
			f.says("van", bus.KindStatus, time.Hour, leaving)
			f.says("old", bus.KindStatus, 30*time.Hour, roverStatus(6))
		},
		"starting": func(f *aFleet) {
			f.of.Joined(fleetNoon.Add(-time.Second), "nats://hub.example:4222")
			for i := range 2 {
				data, err := pb.Encode(roverStatus(i))
				if err != nil {
					f.t.Fatal(err)
				}
				f.of.Remember(fmt.Sprint("rover-", i+1), data, 10*time.Second, fleetNoon)
			}
			f.says("rover-1", bus.KindStatus, 0, roverStatus(1))
		},
		"nobody": func(*aFleet) {},
		"away": func(f *aFleet) {
			f.says("rover-1", bus.KindStatus, 2*time.Second, roverStatus(1))
			f.of.Lost(fault.New(fault.BusRefused, "bus nats://hub.example:4222", errors.New("connection refused")))
		},
		"hostile": func(f *aFleet) {
			m := pulled(roverStatus(1))
			m.State, m.Sentence, m.Problems[0].Error, m.Problems[0].Remedy = commands, commands, commands, commands
			m.Problems[0].Source, m.Problems[0].Object, m.Problems[0].Code = commands, commands, commands
			m.Sources[0].Name, m.Sources[0].Capture, m.Sources[0].Channel, m.Sources[0].LinkState, m.Sources[0].Uuid = commands, commands, commands, commands, commands
			m.Place = &pb.Place{Lat: new(90.0), Lon: new(-180.0), SpeedMps: new(1000.0), CourseDeg: new(360.0), AccuracyM: new(2e7), AltMslM: new(-4999.0), By: commands}
			m.Sources[0].CapturedPerS, m.Sources[0].Waiting, m.Sources[0].Dropped = new(1e9), 1<<63, 1<<63
			f.says("a-very-long-name-of-a-rig-1", bus.KindStatus, 2*time.Second, m)
			f.says("a-very-long-name-of-a-rig-1", bus.KindEvent, time.Second, &pb.Event{
				Severity: pb.Event_ERROR, Code: commands, Source: commands, Object: commands, Text: commands, Remedy: commands, Details: map[string]string{commands: commands},
			})
			f.of.Lost(fault.New(fault.BusRefused, "bus", errors.New(commands)))
			f.of.Joined(fleetNoon.Add(-time.Hour), commands)
			f.of.Overflowed(fleetNoon)
		},
		"thousand": func(f *aFleet) {
			for i := range 1000 {
				m := roverStatus(i)
				switch i % 100 {
				case 7:
					m = pulled(m)
				case 50, 51:
					m = inTunnel(m)
				}
				f.says(fmt.Sprintf("rig-%04d", i), bus.KindStatus, time.Second, m)
			}
		},
	}
	views := map[string]bus.FleetView{}
	for name, hear := range all {
		f := newFleet(t)
		hear(f)
		for i := range 12 {
			if name == "wrong" {
				f.says("rover-2", bus.KindEvent, time.Minute-time.Duration(i)*time.Second, &pb.Event{
					Severity: pb.Event_Severity(i%4 + 1), Code: "radio.gone", Source: "roof", Text: fmt.Sprint("wlan1 is gone, for the ", i, "th time"),
				})
			}
		}
		views[name] = f.of.View(fleetNoon)
	}
	return views
}
