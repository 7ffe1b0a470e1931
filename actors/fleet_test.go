//go:build !lite

package actors

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// Three rigs at a hub, and one Kismet server for all of them. The first has a
// GPS, and a phone that posts to it. The second has none and a clock that is
// wrong: it goes with the first, and follows it on the bus. The frames of the
// third have no position of their own: the server has the phone's from a
// bridge. Where the server puts each frame is where it was heard.
func TestThreeRigsAndWhereTheServerPutsTheirFrames(t *testing.T) {
	f := startFleet(t)
	f.await(t, "places of all three", func(s *kismettest.Server) bool {
		for _, r := range f.rigs {
			if f.placed(s, r) < fleetFrames {
				return false
			}
		}
		return f.phone.distinct(s.MetaUpdates("phone")) >= fleetPosts
	})
	f.phone.stop(t)
	f.checkDriven(t, f.rigs[0], "puck", 1)
	f.checkDriven(t, f.rigs[1], "rover-1", 0.9)
	f.checkBridged(t, f.rigs[2])
}

const (
	fleetFrames = 100 // at least so many of each rig have a place; 5 s of them
	fleetPosts  = 10  // at least so many different places of the phone reach the server
	fleetFarM   = 15  // metres that all but a few frames are at most off, at 30 m/s
)

// fleet is the three rigs and what is around them.
type fleet struct {
	srv   *kismettest.Server
	hub   *bustest.Hub
	rigs  []*fleetRig
	phone *carried
}

// fleetRig is a rig with one radio.
type fleetRig struct {
	*testRig
	machine *fakeMachine
	uuid    string
}

func startFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{
		hub: bustest.StartHub(t),
		srv: newServer(t, kismettest.Config{APIKeys: map[string]string{adminKey: kismettest.RoleAdmin}}),
	}
	// All three were switched on at the same time, and are at the same place.
	one, two, three := newFakeMachine(), newFakeMachine(), newFakeMachine()
	two.start, three.start = one.start, one.start
	one.plugReceiver("puck")
	two.setClock(-3*time.Hour, false)

	with := gpsOf("puck")
	with.Mode = configs.GPSPriority
	with.Receivers = append(with.Receivers, configs.Receiver{Name: "phone", Type: configs.ReceiverMeta, Expire: configs.DefaultExpire})
	f.start(t, one, "wlan0", configs.Config{
		GPS: with, Web: configs.Web{Listen: "127.0.0.1:0", Token: "secret"}, Bus: f.bus(t, configs.BusLeaf, "rover-1"),
	})
	following := gpsOf()
	following.Receivers = []configs.Receiver{{
		Name: "rover-1", Type: configs.ReceiverBus, From: configs.Heard{Rig: "rover-1"}, Expire: configs.DefaultExpire,
	}}
	f.start(t, two, "wlan0", configs.Config{GPS: following, Bus: f.bus(t, configs.BusLeaf, "rover-2")})
	joined := f.bus(t, configs.BusJoin, "rover-3")
	joined.Bridge = []configs.Bridge{{
		Name: "phone", From: configs.Heard{MetaGPS: "phone"}, Rate: 5, Create: true, Expire: configs.DefaultExpire,
	}}
	f.start(t, three, "wlan0:metagps=phone", configs.Config{GPS: gpsOf(), Bus: joined})
	eventually(t, f.rigs[0].Rig, "located", func(s Status) bool { return s.HasPosition }) // by its GPS, which has priority then
	f.phone = f.carry(t)
	return f
}

// bus is a rig's way to the hub.
func (f *fleet) bus(t *testing.T, mode configs.BusMode, rig string) configs.Bus {
	t.Helper()
	b := configs.Bus{
		Mode: mode, URLs: []string{f.hub.URL}, Fleet: "fleet", Rig: rig, CredsFile: f.hub.Creds(t, "fleet", rig),
		Rate: 10, Every: time.Second, Claims: configs.ClaimRefuse,
	}
	if mode == configs.BusLeaf {
		b.URLs, b.StoreDir, b.StoreBytes, b.StoreAge = []string{f.hub.LeafURL}, t.TempDir(), 16<<20, time.Hour
	}
	return b
}

// start starts a rig with a radio of its own.
func (f *fleet) start(t *testing.T, machine *fakeMachine, definition string, cfg configs.Config) {
	t.Helper()
	world := newFakeWorld(2412)
	world.machine = machine
	world.plug("wlan0")
	world.macs["wlan0"] = net.HardwareAddr{2, 0, 0, 0, 1, byte(len(f.rigs))}
	cfg.StateDir = t.TempDir()
	cfg.Sources = []configs.Source{radioOf(t, definition)}
	cfg.Servers = []configs.Server{{Name: "home", REST: configs.REST{URL: "http://kismet.test:2501", APIKey: adminKey}}}
	r := startRigTo(t, world, world.watch, f.srv, []*uplink.Dialer{dialerTo(f.srv, "home")}, cfg)
	s := eventually(t, r.Rig, "knows its radio", func(s Status) bool { return !s.Sources[0].UUID.IsZero() })
	f.rigs = append(f.rigs, &fleetRig{testRig: r, machine: machine, uuid: s.Sources[0].UUID.String()})
}

// await waits for something of the server.
func (f *fleet) await(t *testing.T, what string, is func(*kismettest.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := f.srv.Wait(ctx, is); err != nil {
		for i, r := range f.rigs {
			t.Logf("rig %d, %d frames with a place\n%s", i+1, f.placed(f.srv, r), r.log)
		}
		t.Fatalf("no %s: %v; %d updates of the phone", what, err, len(f.srv.MetaUpdates("phone")))
	}
}

// placed is how many frames of a rig the server has put somewhere.
func (f *fleet) placed(s *kismettest.Server, r *fleetRig) int {
	n := 0
	for _, frame := range s.Frames(r.uuid) {
		if frame.Place != nil && frame.Place.Fix > 0 {
			n++
		}
	}
	return n
}

// checkDriven compares where the server puts the frames of a rig that goes with
// the machine with where the machine was. From the first one on that has a
// place, at least a share of them has one: a busy machine may be late.
func (f *fleet) checkDriven(t *testing.T, r *fleetRig, receiver string, share float64) {
	t.Helper()
	frames := f.srv.Frames(r.uuid)
	first := slices.IndexFunc(frames, func(f kismettest.Frame) bool { return f.Place != nil })
	frames = frames[first:]
	var off []float64
	for _, frame := range frames {
		if frame.Place == nil {
			continue
		}
		if frame.Place.From != kismettest.PlaceOfFrame {
			t.Fatalf("a frame of %s is put at %+v", receiver, *frame.Place)
		}
		off = append(off, r.machine.off(heardTime(frame.Content), frame.Place.Lat, frame.Place.Lon))
	}
	slices.Sort(off)
	most := off[len(off)*9/10]
	t.Logf("%s: %d of %d frames have a place, half are within %.2f m, 90 %% within %.2f m, the worst is %.2f m off", receiver, len(off), len(frames), off[len(off)/2], most, off[len(off)-1])
	if float64(len(off)) < share*float64(len(frames)) || most > fleetFarM {
		t.Errorf("want places for %.0f %%, and all but a few within %d m\n%s", 100*share, fleetFarM, r.log)
	}
}

// checkBridged looks whether the frames of a rig are where the phone was.
func (f *fleet) checkBridged(t *testing.T, r *fleetRig) {
	t.Helper()
	if def, _ := f.srv.MetaGPS("phone"); !strings.Contains(def, "dataonly=true") {
		t.Errorf("the server has %q", def)
	}
	last, places := -1, map[int]bool{}
	for i, frame := range f.srv.Frames(r.uuid) {
		p := frame.Place
		if frame.GPS != nil {
			t.Fatalf("frame %d has a position of its own: %+v", i, *frame.GPS)
		}
		if p == nil {
			continue // announced without metagps= until there is a position
		}
		at := f.phone.step(p.Lat, p.Lon)
		if p.From != kismettest.PlaceOfMeta || p.Name != "phone" || p.Fix != 3 || at < last {
			t.Fatalf("frame %d is put at %+v, step %d of the phone, behind step %d\n%s", i, *p, at, last, r.log)
		}
		last = at
		places[at] = true
		if old := time.Duration(heardTime(frame.Content) - f.phone.at(at)); old > configs.DefaultExpire {
			t.Errorf("frame %d is put where the phone was %v before", i, old)
		}
	}
	t.Logf("the frames of the bridge's rig are at %d places of the phone", len(places))
	if len(places) < fleetPosts {
		t.Errorf("want at least %d\n%s", fleetPosts, r.log)
	}
}
