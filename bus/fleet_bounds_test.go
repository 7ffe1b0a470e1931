package bus_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
)

func TestFleetIsBounded(t *testing.T) {
	l := listening(t)
	const more = 5000
	for i := range more {
		l.says(&pb.Position{Lat: new(1.0), Lon: new(2.0)}, bus.KindPosition, fmt.Sprint("rig-", i))
		l.says(&pb.MetaGPS{Name: fmt.Sprint("phone-", i), Lat: new(1.0), Lon: new(2.0)}, bus.KindMetaGPS, "rig-1")
		l.says(&pb.Event{Text: fmt.Sprint("event ", i)}, bus.KindEvent, "rig-1")
	}
	v := l.fleet.View(l.at)
	if got, want := [...]int{len(v.Rigs), len(v.MetaGPS), len(v.Events), int(v.Refused)}, [...]int{4096, 1024, 512, more - 4096 + more - 1024}; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if last := v.Events[len(v.Events)-1]; last.Number != more || last.Text != "event 4999" {
		t.Errorf("%+v", last)
	}

	l = listening(t)
	large := l.status("a")
	for range 32 {
		large.Problems = append(large.Problems, &pb.Problem{Error: strings.Repeat("x", 500), Remedy: strings.Repeat("y", 500), Object: strings.Repeat("z", 500)})
	}
	data, err := pb.Encode(large)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		l.fleet.Hear(bus.Address{Fleet: "fleet", Rig: fmt.Sprint("rig-", i), Kind: bus.KindStatus}, data, l.at)
	}
	v = l.fleet.View(l.at)
	if v.Refused == 0 || len(v.Rigs) != 2000 {
		t.Errorf("%d refused, %d rigs", v.Refused, len(v.Rigs))
	}
}

// Nothing that comes from the bus can command a terminal, or make the view one
// that cannot be written.
func FuzzFleet(f *testing.F) {
	l := listening(f)
	for _, m := range []pb.Message{l.status("a", stopped), &pb.Position{Lat: new(1.0), Lon: new(2.0)}, &pb.Event{Text: "\x1b[2J\u202e\u009b31m"}} {
		data, err := pb.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("status", "a", data)
		f.Add("position", "a", data)
		f.Add("event", "a", data)
		f.Add("metagps", "a", data)
	}
	f.Add("status", "a", []byte(`{"state":"not recording","sentence":"NOT RECORDING: \u001b]0;x\u0007","sources":[{"name":"\u009b2J","uuid":"u","captured_per_s":1e308}]}`))
	f.Fuzz(func(t *testing.T, kind, rig string, data []byte) {
		l := listening(t)
		l.reports("a", ofUUID("u"))
		l.fleet.Hear(bus.Address{Fleet: "fleet", Rig: rig, Kind: bus.Kind(kind), Name: "phone"}, data, l.at)
		l.fleet.Remember(rig, data, time.Hour, l.at)
		l.reports("b", ofUUID("u"))
		l.wait(time.Second)
		v := l.fleet.View(l.at)
		if _, err := json.Marshal(v); err != nil {
			t.Error(err)
		}
		checkHarmless(t, fmt.Sprintf("%+v", v))
		for _, g := range v.Rigs {
			checkHarmless(t, g.Sentence+g.State+fmt.Sprintf("%+v %+v", g.Sources, g.Receivers))
		}
	})
}

func checkHarmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if !unicode.IsPrint(r) {
			t.Fatalf("%q has %q", text, r)
		}
	}
}

// That two rigs have one name is harmless to both, and not to who looks at the
// fleet: one of them is not seen.
func TestFleetOfOneNameTwice(t *testing.T) {
	l := listening(t)
	l.reports("a")
	l.reports("b", func(m *pb.Status) {
		m.Problems = []*pb.Problem{{Code: "bus.replaced", Object: "rig b", Error: "another rig has this name", Remedy: "rename it", Harmless: true}}
	})
	v := l.fleet.View(l.at)
	if v.State != bus.FleetImpaired || v.Sentence != "ALL RIGHT, BUT 1 of 2 rigs: b: rig b: another rig has this name" || v.Remedy != "rename it" {
		t.Errorf("%s, %s: %s", v.State, v.Sentence, v.Remedy)
	}
}
