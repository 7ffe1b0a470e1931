//go:build !lite

package bus_test

import (
	"os"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
)

// A loss of power takes the end of a rig's store, which the hub may have
// already. What is kept from then on reaches the hub all the same, also where it
// would have had the same numbers.
func TestHubFetchesBehindALossOfPower(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	o := leafOptions(t, "rover", hub.LeafURL)
	o.CredsFile, o.Claims = hub.Creds(t, "fleet", "rover"), false
	js := watcher(t, hub)
	run := func(from int, runs ...int) {
		t.Helper()
		r := startRig(t, o)
		r.connected(t)
		r.publishKept(t, from, runs[len(runs)-1])
		fetchedRuns(t, r, js, runs...)
		r.stop()
	}
	run(0, 10)
	before := t.TempDir()
	if err := os.CopyFS(before, os.DirFS(o.StoreDir)); err != nil {
		t.Fatal(err)
	}
	run(0, 10, 40)

	if err := os.RemoveAll(o.StoreDir); err != nil {
		t.Fatal(err)
	}
	o.StoreDir = before
	rebooted(t, o)
	run(0, 10, 40, 20)
}

// rebooted makes a rig's store that of another boot.
func rebooted(t *testing.T, o bus.Options) {
	t.Helper()
	s, err := bus.StartServer(t.Context(), bus.ServerOptions{Name: "rig-rover", Domain: "rig-rover", StoreDir: o.StoreDir, StoreBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	own, err := jetstream.New(connect(t, "", s.InProcess()))
	if err != nil {
		t.Fatal(err)
	}
	stream, err := own.Stream(t.Context(), "RIG")
	if err != nil {
		t.Fatal(err)
	}
	c := stream.CachedInfo().Config
	if c.Metadata["boot"] == "" {
		t.Errorf("metadata %v", c.Metadata)
	}
	c.Metadata = map[string]string{"boot": "another"}
	if _, err := own.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}
