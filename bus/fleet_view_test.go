package bus_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
)

// A view is what the last messages said, with ages of its own.
func TestFleetRig(t *testing.T) {
	l := listening(t)
	l.reports("a", func(m *pb.Status) {
		m.StartedNs = noon.Add(-time.Hour).UnixNano()
		m.Disk = &pb.Room{Bytes: 1 << 20, LimitBytes: 2 << 30}
		m.Sources[0].Hopping, m.Sources[0].HopsPerS, m.Sources[0].Channels = true, 4.987, 3
		m.Receivers = []*pb.Receiver{{Name: "puck", Type: "gpsd", State: "fix", AccuracyM: new(2.444), Satellites: new(uint32(12))}}
	})
	l.wait(time.Second)
	l.says(&pb.Position{
		Head: l.head("a", 1, 0), Lat: new(52.516271234567), Lon: new(-13.4), SpeedMps: new(10.0), CourseDeg: new(84.2), AccuracyM: new(1.9999),
		AgeNs: int64(250 * time.Millisecond), By: "fusion",
	}, bus.KindPosition, "a")
	l.says(&pb.MetaGPS{Name: "phone", Lat: new(1.0), Lon: new(2.0), AltMslM: new(3.5)}, bus.KindMetaGPS, "a")
	l.says(&pb.Event{
		Head: l.head("a", 1, 0), AgeNs: int64(time.Minute), Severity: pb.Event_WARN, Code: "radio.gone", Text: "wlan1 is gone",
		Details: map[string]string{"radio": "wlan1"},
	}, bus.KindEvent, "a")
	l.wait(time.Second)
	v := l.fleet.View(l.at)
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	var got bus.FleetView
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := bus.FleetView{
		Time: "2026-03-27T12:00:02.000Z", Fleet: "fleet", Bus: bus.FleetBus{Connected: true, Server: "nats://hub:4222"},
		State: bus.FleetRight, Sentence: "ALL RIGHT: 1 rig, 1 source, recording",
		Count: bus.FleetCount{Rigs: 1, Heard: 1, Recording: 1, Sources: 1, Frames: new(100.0)}, Alarms: []bus.FleetAlarm{},
		Rigs: []bus.FleetRig{{
			Name: "a", RigID: "id-a", Version: "v0.6.0", Presence: bus.PresenceHeard, Heard: new(1.0), Reported: new(2.0), Started: "2026-03-27T11:00:00.000Z",
			State: "recording", Sentence: "RECORDING: 1 source", ClockOffset: new(0.0), DiskBytes: new(int64(1 << 20)), DiskLimit: new(int64(2 << 30)),
			Position:  &bus.FleetPlace{Lat: 52.51627123, Lon: -13.4, SpeedKMH: new(36.0), Track: new(84.2), Accuracy: new(2.0), By: "fusion", Age: 1.25},
			Sources:   []bus.FleetSource{{Name: "roof", Type: "linuxwifi", UUID: "UUID-a", Capture: "capturing", Recorded: true, Hopping: true, HopRate: new(4.99), Channels: 3, CaptureRate: new(100.0)}},
			Receivers: []bus.FleetReceiver{{Name: "puck", Type: "gpsd", State: "fix", Accuracy: new(2.44), Satellites: new(uint32(12))}}, Alarms: []bus.FleetAlarm{},
		}},
		MetaGPS: []bus.FleetMeta{{Name: "phone", Rig: "a", Position: bus.FleetPlace{Lat: 1, Lon: 2, AltMSL: new(3.5), Age: 1}}},
		Events: []bus.FleetEvent{{
			Number: 1, Time: "2026-03-27T11:59:01.000Z", Rig: "a", Severity: "warn", Code: "radio.gone", Text: "wlan1 is gone", Details: map[string]string{"radio": "wlan1"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What changes tells itself, and what only grows older does not.
func TestFleetChanges(t *testing.T) {
	l := listening(t)
	l.reports("a")
	l.reports("b", problem(false))
	changed := func() map[string]uint64 {
		out := map[string]uint64{}
		for _, g := range l.fleet.View(l.at).Rigs {
			out[g.Name] = g.Changed
		}
		return out
	}
	first := changed()
	l.wait(10 * time.Second)
	if again := changed(); !cmp.Equal(first, again) {
		t.Errorf("%v, before %v", again, first)
	}
	l.reports("b", problem(false))
	second := changed()
	if second["a"] != first["a"] || second["b"] <= first["b"] {
		t.Errorf("%v, before %v", second, first)
	}
	l.wait(10 * time.Second) // a is silent now
	if third := changed(); third["a"] <= second["a"] || third["b"] != second["b"] {
		t.Errorf("%v, before %v", third, second)
	}
}

func TestFleetSettles(t *testing.T) {
	l := listening(t)
	l.fleet.Lost(errors.New("away"))
	settled := func(want bool) {
		t.Helper()
		if got := l.fleet.Settled(l.at); got != want {
			t.Errorf("%v: settled %t", l.at.Sub(noon), got)
		}
	}
	settled(false)
	l.fleet.Joined(l.at, "")
	l.remembers("a", time.Second)
	l.remembers("b", time.Hour)
	l.fleet.Remembered()
	settled(false)
	l.reports("a")
	settled(false)
	l.wait(8 * time.Second) // b had the time
	settled(true)

	l = listening(t) // one that is heard, and has not said how it is
	l.remembers("a", time.Minute)
	l.fleet.Remembered()
	l.says(&pb.Position{Lat: new(1.0), Lon: new(2.0)}, bus.KindPosition, "a")
	settled(false)
	l.reports("a")
	settled(true)

	l = listening(t) // a bus that remembers nobody
	l.reports("a")
	settled(false)
	l.wait(8 * time.Second)
	settled(true)
}
