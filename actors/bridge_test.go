package actors

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A farPhone is a position on the bus that a test moves.
type farPhone struct {
	mu     sync.Mutex
	p      gps.Position
	known  bool
	runs   int
	panics bool
}

func (f *farPhone) Run(ctx context.Context, _ func(gps.Event)) error {
	f.mu.Lock()
	f.runs++
	panics := f.panics
	f.panics = false
	f.mu.Unlock()
	if panics {
		panic("of the bus")
	}
	<-ctx.Done()
	return ctx.Err()
}

func (*farPhone) Object() string { return "bus metagps phone" }
func (*farPhone) Detail() string { return "" }

func (f *farPhone) Position(int64) (gps.Position, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.p, f.known
}

func (f *farPhone) move(lat float64, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.p, f.known = gps.NewFixed(lat, 8, math.NaN(), "phone"), known
	f.p.SpeedMPS = 10
}

// A bridge under test, between a phone and a server.
type bridge struct {
	*testRig
	phone *farPhone
	state *copyState
}

func startBridge(t *testing.T, key string, b configs.Bridge, zones ...gps.Zone) *bridge {
	t.Helper()
	x := &bridge{phone: &farPhone{}, testRig: &testRig{log: &logLines{}, network: make(chan string)}}
	x.srv = newServer(t, kismettest.Config{APIKeys: map[string]string{adminKey: kismettest.RoleAdmin, webKey: kismettest.RoleWebGPS}})
	a := sourceOf(t, writePcap(t, "a.pcap", 1))
	s, err := newShared(x.options(nil, nil, []*uplink.Dialer{dialerTo(x.srv, "home")}, configs.Config{
		Sources: []configs.Source{a}, Privacy: configs.Privacy{Zones: zones},
		Servers: []configs.Server{{Name: "home", REST: configs.REST{URL: "http://kismet.test:2501", APIKey: configs.Secret(key)}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.addBridge(b, x.phone); err != nil {
		t.Fatal(err)
	}
	x.state = s.copyOf(b.Name)
	system := newSystem(s.log)
	pid := spawn(system.Root, "bridge", s.props(func() actor.Actor { return newMetaCopy(x.state, s) }))
	t.Cleanup(func() {
		_ = system.Root.StopFuture(pid).Wait()
		system.Shutdown()
		x.state.client.Close()
		for _, src := range s.sources {
			src.log.Close()
		}
	})
	return x
}

// The server's meta GPS is where the phone is, as often as told; once nothing is
// heard of the phone it stays where it was.
func TestBridgeKeepsTheServersMetaGPSFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := startBridge(t, adminKey, configs.Bridge{Name: "phone", Rate: 2, Create: true})
		elapse(5 * time.Second)
		if n := len(b.srv.MetaUpdates("phone")); n != 0 || !b.state.now().Stale {
			t.Fatalf("%d updates before there is a position", n)
		}
		for i := range 10 {
			b.phone.move(47+float64(i), true)
			elapse(time.Second)
		}
		if def, ok := b.srv.MetaGPS("phone"); !ok || !strings.Contains(def, "dataonly=true") {
			t.Errorf("the server has a meta GPS: %t, %q\n%s", ok, def, b.log)
		}
		updates := b.srv.MetaUpdates("phone")
		if len(updates) < 18 || len(updates) > 21 {
			t.Errorf("%d updates in 10 s", len(updates))
		}
		if last := updates[len(updates)-1]; last.Lat != 56 || last.Lon != 8 || last.Spd != 36 {
			t.Errorf("the last update is %+v", last)
		}
		b.phone.move(0, false)
		elapse(time.Second)
		n := len(b.srv.MetaUpdates("phone"))
		elapse(time.Minute)
		if got := len(b.srv.MetaUpdates("phone")); got != n {
			t.Errorf("%d updates of a phone that is not heard", got-n)
		}
		if s := b.state.now(); !s.Stale || !s.Exists || s.Err != nil || s.Updates != uint64(n) || s.From != "bus metagps phone" {
			t.Errorf("%+v", s)
		}
		b.phone.move(48, true)
		b.srv.ForgetMetaGPS() // it was started again
		elapse(10 * time.Second)
		if updates := b.srv.MetaUpdates("phone"); len(updates) == 0 || updates[len(updates)-1].Lat != 48 {
			t.Errorf("%d updates after the phone and the server came back\n%s", len(updates), b.log)
		}
	})
}

// What the login lacks is named, once.
func TestBridgeWithoutTheRole(t *testing.T) {
	for _, tt := range []struct {
		name, key string
		create    bool
		there     bool
		want      fault.Code
		names     string
	}{
		{"to update", apiKey, true, true, fault.RESTRole, "WEBGPS"},
		{"to create", webKey, true, false, fault.RESTRole, "admin"},
		{"that is not to be created", adminKey, false, false, fault.MetaGPSAbsent, "no meta GPS phone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := startBridge(t, tt.key, configs.Bridge{Name: "phone", Create: tt.create})
				if tt.there {
					b.srv.AddMetaGPS("phone")
				}
				b.phone.move(47, true)
				elapse(5 * time.Minute)
				if err := b.state.now().Err; fault.CodeOf(err) != tt.want || !strings.Contains(err.Error(), tt.names) {
					t.Errorf("%v\n%s", err, b.log)
				}
				if n := strings.Count(b.log.String(), "is not updated"); n != 1 {
					t.Errorf("said %d times\n%s", n, b.log)
				}
				if n := len(b.srv.MetaUpdates("phone")); n != 0 {
					t.Errorf("%d updates", n)
				}
			})
		})
	}
}

// A zone of this rig hides whoever is in it, and what the bus does to a bridge
// ends no more than its hearing, for a while.
func TestBridgeHidesZonesAndSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zone := gps.Zone{Name: "home", Lat: 47, Lon: 8, RadiusM: 300}
		b := startBridge(t, adminKey, configs.Bridge{Name: "phone", Create: true}, zone)
		b.phone.move(47, true)
		elapse(10 * time.Second)
		if n := len(b.srv.MetaUpdates("phone")); n != 0 {
			t.Errorf("%d updates of a place that is hidden", n)
		}
		b.phone.move(48, true)
		elapse(10 * time.Second)
		if n := len(b.srv.MetaUpdates("phone")); n < 8 {
			t.Errorf("%d updates outside\n%s", n, b.log)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &shared{log: slog.New(slog.DiscardHandler), now: func() int64 { return 1 }}
		phone := &farPhone{panics: true}
		m := newMetaCopy(newCopyState("phone", nil, origin{at: phone.Position, from: phone}), s)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go m.hear(ctx)
		elapse(time.Minute)
		phone.mu.Lock()
		defer phone.mu.Unlock()
		if phone.runs != 2 {
			t.Errorf("%d runs", phone.runs)
		}
	})
}

// Bridges and receivers of type bus need what they are made of.
func TestBridgesWithoutABusOrREST(t *testing.T) {
	s := &shared{log: slog.New(slog.DiscardHandler), cfg: configs.Config{Bus: configs.Bus{Bridge: []configs.Bridge{{Name: "phone", From: configs.Heard{Rig: "rover-1"}}}}}}
	if err := s.prepareBridges(); fault.CodeOf(err) != fault.ConfigInvalid || !strings.Contains(err.Error(), "rover-1") {
		t.Error(err)
	}
	if f, err := newBusReceiver(configs.Receiver{From: configs.Heard{MetaGPS: "phone"}}, s); f != nil || fault.CodeOf(err) != fault.ConfigInvalid {
		t.Error(f, err)
	}
	if err := s.addBridge(configs.Bridge{Name: "phone"}, &farPhone{}); fault.CodeOf(err) != fault.ConfigInvalid || !strings.Contains(err.Error(), "rest") {
		t.Error(err)
	}
	var err error
	s.bus, err = bus.New(bus.Options{Fleet: "fleet", Rig: "base", RigID: "1", Now: func() int64 { return 1 }, UTC: func() (int64, bool) { return 0, false }})
	if err != nil {
		t.Fatal(err)
	}
	f, err := newBusReceiver(configs.Receiver{From: configs.Heard{Rig: "rover-1", MetaGPS: "phone"}}, s)
	if err != nil || f.Object() != "bus metagps phone of rover-1" {
		t.Error(f, err)
	}
}
