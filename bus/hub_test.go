//go:build !lite

package bus_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// A hub that was away fetches what was kept meanwhile, and nothing twice; so
// does one that has lost what it kept, or whose rig was away.
func TestHubFetchesOverRestarts(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	creds, dir := hub.Creds(t, "fleet", "rover"), t.TempDir()
	start := func() *aLeaf {
		return startLeaf(t, "rover", hub.LeafURL, creds, func(o *bus.ServerOptions) { o.StoreDir = dir })
	}
	rover := start()
	rover.stream(t)
	rover.joined(t)
	rover.keep(t, 0, 50)
	fetched(t, watcher(t, hub), rover, 50)

	hub.Restart(t, func() { rover.keep(t, 50, 100) })
	rover.joined(t)
	rover.keep(t, 100, 110)
	fetched(t, watcher(t, hub), rover, 110)

	rover.client.Close()
	rover.Close()
	rover = start()
	rover.keep(t, 110, 150)
	rover.joined(t)
	fetched(t, watcher(t, hub), rover, 150)

	hub.Restart(t, func() {
		if err := os.RemoveAll(filepath.Join(hub.StateDir, "store")); err != nil {
			t.Fatal(err)
		}
	})
	rover.joined(t)
	fetched(t, watcher(t, hub), rover, 150)
}

// What the hub keeps of a fleet, and what is damaged of it, is begun anew, and
// fetched again.
func TestHubOnADamagedStore(t *testing.T) {
	hub := bustest.StartHub(t)
	rover := startLeaf(t, "rover", hub.LeafURL, hub.Creds(t, "fleet", "rover"))
	rover.stream(t)
	rover.keep(t, 0, 20)
	rover.joined(t)
	fetched(t, watcher(t, hub), rover, 20)
	hub.Restart(t, func() {
		files, err := filepath.Glob(filepath.Join(hub.StateDir, "store/jetstream/*/streams/FLEET_fleet/meta.inf"))
		if err != nil || len(files) != 1 {
			t.Fatalf("descriptions are %v: %v", files, err)
		}
		if err := os.WriteFile(files[0], []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if s := hub.Store(); fault.CodeOf(s.Err) != fault.BusStore || !strings.Contains(s.Err.Error(), "stream FLEET_fleet") {
		t.Errorf("store is %+v", s)
	}
	rover.joined(t)
	fetched(t, watcher(t, hub), rover, 20)
}

// Fleets do not hear each other, and one that is made while the hub runs is
// there at once.
func TestFleetsDoNotHearEachOther(t *testing.T) {
	hub := bustest.StartHub(t)
	north := connect(t, hub.URL, nats.UserCredentials(hub.WatchCreds(t, "north", "anna")), nats.CustomInboxPrefix("_INBOX_watch"), nats.RetryOnFailedConnect(true))
	heard, err := north.SubscribeSync("sensord.v1.north.>")
	if err != nil {
		t.Fatal(err)
	}
	fleet := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "fleet", "rover")), nats.CustomInboxPrefix("_INBOX_rover"))
	rover := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "north", "rover")), nats.CustomInboxPrefix("_INBOX_rover"), nats.RetryOnFailedConnect(true))
	bustest.Wait(t, "the new fleet", func() bool { return north.IsConnected() && rover.IsConnected() })
	if err := north.Flush(); err != nil {
		t.Fatal(err)
	}
	for subject, nc := range map[string]*nats.Conn{"sensord.v1.north.rover.event": fleet, "sensord.v1.fleet.rover.event": fleet} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := fleet.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := rover.Publish("sensord.v1.north.rover.status", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60e9)
	defer cancel()
	if m, err := heard.NextMsgWithContext(ctx); err != nil || m.Subject != "sensord.v1.north.rover.status" {
		t.Errorf("heard %v: %v", m, err)
	}
}

func TestHubThatCannotStart(t *testing.T) {
	hub := bustest.StartHub(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tt := range []struct {
		name string
		o    bus.HubOptions
		code fault.Code
		text string
	}{
		{"its directory is another hub's", bus.HubOptions{StateDir: hub.StateDir, Listen: "127.0.0.1:0", LeafListen: "127.0.0.1:0"}, fault.BusStore, "another process has it"},
		{"its directory is a file", bus.HubOptions{StateDir: write(t, "x"), Listen: "127.0.0.1:0", LeafListen: "127.0.0.1:0"}, fault.BusStore, "not a directory"},
		{"clients' port is taken", bus.HubOptions{StateDir: t.TempDir(), Listen: taken.Addr().String(), LeafListen: "127.0.0.1:0"}, fault.BusListen, "address already in use"},
		{"leaves' port is taken", bus.HubOptions{StateDir: t.TempDir(), Listen: "127.0.0.1:0", LeafListen: taken.Addr().String()}, fault.BusListen, "address already in use"},
	} {
		h, err := bus.StartHub(t.Context(), tt.o)
		if err == nil {
			h.Close()
		}
		if fault.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// What a hub has begun when it ends, it ends, too: that nothing is left of it,
// TestMain looks.
func TestAHubThatEndsAsItBegins(t *testing.T) {
	for i := range 60 {
		h, err := bus.StartHub(t.Context(), bus.HubOptions{
			StateDir: t.TempDir(), Listen: "127.0.0.1:0", LeafListen: "127.0.0.1:0", Fleets: []string{"fleet"}, StoreBytes: 64 << 20,
		})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(i%30) * time.Millisecond) // at every step of what it makes
		h.Close()
	}
}
