//go:build !lite

package bus_test

import (
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func watching(tb testing.TB, o bus.WatchOptions) *bus.Watcher {
	tb.Helper()
	if o.Fleet == "" {
		o.Fleet = "fleet"
	}
	w, err := bus.Dial(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Close)
	return w
}

// sees waits until a view is as it should be, and returns it.
func sees(tb testing.TB, w *bus.Watcher, what string, cond func(*bus.FleetView) bool) bus.FleetView {
	tb.Helper()
	var v bus.FleetView
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("seen last:\n%s", report(v))
		}
	})
	bustest.Wait(tb, what, func() bool {
		v = w.View()
		return cond(&v)
	})
	return v
}

func recording() *pb.Status {
	return &pb.Status{State: "recording", Sentence: "RECORDING: 1 source", EveryS: 5, Sources: []*pb.Source{{Name: "roof", Capture: "capturing", Recorded: true}}}
}

const withJetStream = "jetstream {}\n"

// Rigs that join a server, and somebody who watches: before and after the server
// began again.
func TestWatchServer(t *testing.T) {
	server := bustest.NATSServer(t, withJetStream)
	w := watching(t, bus.WatchOptions{URLs: []string{server.URL}})
	var rigs []*rig
	for _, name := range []string{"rover-2", "rover-1"} {
		o := rigOptions(t, name)
		o.Mode, o.URLs, o.StoreDir = bus.Join, []string{server.URL}, ""
		r := startRig(t, o)
		r.connected(t)
		rigs = append(rigs, r)
	}
	// The watcher may join after a rig has said something.
	say := func(v *bus.FleetView) bool {
		for i, r := range rigs {
			r.PublishStatus(recording())
			r.PublishPosition(position(i))
			r.PublishEvent(event(i))
			r.PublishMetaGPS(&pb.MetaGPS{Name: "phone", Lat: new(1.0), Lon: new(2.0)})
		}
		return v.State == bus.FleetRight && len(v.Rigs) == 2 && v.Rigs[0].Position != nil && v.Rigs[1].Position != nil && len(v.MetaGPS) == 2 && len(v.Events) > 1
	}
	v := sees(t, w, "two rigs", say)
	if v.Sentence != "ALL RIGHT: 2 rigs, 2 sources, recording" || v.Rigs[0].Name != "rover-1" || v.Bus.Server != server.URL || v.Refused != 0 {
		t.Errorf("%+v", v)
	}
	server.Kill(t)
	v = sees(t, w, "the end of the server", func(v *bus.FleetView) bool { return v.State == bus.FleetDisconnected && w.Err() != nil })
	if v.Bus.Connected || fault.CodeOf(w.Err()) != fault.BusRefused || v.Bus.Code != string(fault.BusRefused) || v.Rigs[0].Presence != bus.PresenceExpected {
		t.Errorf("%v: %+v", w.Err(), v)
	}
	server.Restart(t)
	sees(t, w, "two rigs again", say)
	if w.Err() != nil {
		t.Error(w.Err())
	}
}

// A bus remembers who was there, for who comes later.
func TestWatchRemembers(t *testing.T) {
	server := bustest.NATSServer(t, withJetStream)
	nc, err := nats.Connect(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "rigs_fleet"})
	if err != nil {
		t.Fatal(err)
	}
	leaving := recording()
	leaving.Leaving = true
	for rig, m := range map[string]*pb.Status{"rover-1": recording(), "rover-2": leaving} {
		data, err := pb.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Put(t.Context(), rig, data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := kv.Put(t.Context(), "rover-3", []byte("no status")); err != nil {
		t.Fatal(err)
	}
	w := watching(t, bus.WatchOptions{URLs: []string{server.URL}})
	v := sees(t, w, "those who were there", func(v *bus.FleetView) bool { return len(v.Rigs) == 2 && v.Refused == 1 })
	if v.State != bus.FleetStarting || v.Rigs[0].Name != "rover-1" || v.Rigs[0].Presence != bus.PresenceExpected || v.Rigs[1].Presence != bus.PresenceLeft {
		t.Errorf("%s", report(v))
	}
	data, err := pb.Encode(recording())
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish(bus.Subject("fleet", "rover-1", bus.KindStatus), data); err != nil {
		t.Fatal(err)
	}
	<-w.Settled()
	if v = w.View(); v.State != bus.FleetRight {
		t.Errorf("%s", report(v))
	}
}

func TestWatchFaults(t *testing.T) {
	secret := bustest.NATSServer(t, `
authorization {
  users = [
    {user: alice, password: right, permissions: {subscribe: ["sensord.v1.fleet.>", "_INBOX_watch.>"], publish: ["$JS.API.>"]}}
  ]
}`)
	for _, tt := range []struct {
		name string
		o    bus.WatchOptions
		code fault.Code
		want string
	}{
		{"nobody there", bus.WatchOptions{URLs: []string{"nats://alice:secret@" + freeAddr(t)}}, fault.BusRefused, "connection refused"},
		{"no login", bus.WatchOptions{URLs: []string{secret.URL}}, fault.BusAuth, "does not take this login"},
		{"wrong password", bus.WatchOptions{URLs: []string{secret.URL}, User: "alice", Password: "secret"}, fault.BusAuth, "does not take this login"},
		{"no credentials file", bus.WatchOptions{URLs: []string{secret.URL}, CredsFile: "/no/such.creds"}, fault.BusAuth, "no such file"},
		{"another fleet", bus.WatchOptions{URLs: []string{secret.URL}, User: "alice", Password: "right", Fleet: "other"}, fault.BusDenied, "does not allow this"},
		{"no TLS there", bus.WatchOptions{URLs: []string{strings.Replace(secret.URL, "nats://", "tls://", 1)}, User: "alice", Password: "right"}, fault.BusTLS, "there is no tls there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := watching(t, tt.o)
			v := sees(t, w, "why not", func(v *bus.FleetView) bool { return w.Err() != nil })
			if err := w.Err(); fault.CodeOf(err) != tt.code || !strings.Contains(strings.ToLower(err.Error()), tt.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v: %s", err, fault.CodeOf(err))
			}
			if v = w.View(); v.State != bus.FleetDisconnected || v.Bus.Remedy == "" {
				t.Errorf("%+v", v)
			}
		})
	}
	t.Run("the right one", func(t *testing.T) {
		w := watching(t, bus.WatchOptions{URLs: []string{secret.URL}, User: "alice", Password: "right"})
		sees(t, w, "a connection", func(v *bus.FleetView) bool { return v.Bus.Connected && w.Err() == nil })
	})
}

func TestDialRefuses(t *testing.T) {
	for _, o := range []bus.WatchOptions{{Fleet: "fleet"}, {URLs: []string{"nats://x"}, Fleet: "a.b"}, {URLs: []string{"nats://x"}}} {
		if w, err := bus.Dial(o); fault.CodeOf(err) != fault.ConfigInvalid {
			t.Errorf("%+v: %v %v", o, w, err)
		}
	}
}

func freeAddr(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A server that sends its clients away takes them back later.
func TestWatchFullServer(t *testing.T) {
	server := bustest.NATSServer(t, "max_connections: 1\n")
	var first *nats.Conn
	bustest.Wait(t, "the only place", func() bool { // bustest itself may have it for a moment
		var err error
		first, err = nats.Connect(server.URL, nats.NoReconnect())
		return err == nil
	})
	w := watching(t, bus.WatchOptions{URLs: []string{server.URL}})
	sees(t, w, "why not", func(*bus.FleetView) bool { return w.Err() != nil })
	first.Close()
	sees(t, w, "a connection", func(v *bus.FleetView) bool { return v.Bus.Connected && w.Err() == nil })
}
