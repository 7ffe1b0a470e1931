//go:build !lite

package bus_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
)

// A rig's store that is begun anew counts from 1 again, while the hub is
// already farther. What is kept from then on reaches the hub all the same.
func TestHubFetchesFromAStoreThatIsBegunAnew(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, tt := range []struct {
		name    string
		memory  bool
		restart bool // the hub, while there is no rig
		other   bool // another machine takes the rig's name
	}{
		{name: "its directory is gone"},
		{name: "its directory is gone and the hub was restarted", restart: true},
		{name: "it was in memory", memory: true},
		{name: "it was in memory and the hub was restarted", memory: true, restart: true},
		{name: "another machine has taken the name", other: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hub := bustest.StartHub(t)
			o := leafOptions(t, "rover", hub.LeafURL)
			o.CredsFile, o.Claims = hub.Creds(t, "fleet", "rover"), false
			if tt.memory {
				o.StoreDir = ""
			}
			js := watcher(t, hub)
			first := startRig(t, o)
			first.connected(t)
			first.publishKept(t, 0, 100)
			fetchedRuns(t, first, js, 100)
			first.stop()
			if tt.restart {
				hub.Restart(t, nil)
			}
			switch {
			case tt.other:
				o.RigID, o.StoreDir = "id-of-another", t.TempDir()
			case !tt.memory:
				if err := os.RemoveAll(o.StoreDir); err != nil {
					t.Fatal(err)
				}
			}
			second := startRig(t, o)
			second.connected(t)
			second.publishKept(t, 0, 50)
			fetchedRuns(t, second, js, 100, 50)
			second.publishKept(t, 50, 60)
			fetchedRuns(t, second, js, 100, 60)
		})
	}
}

// fetchedRuns waits until the fleet's stream has what a rig said in each of its
// runs, so many positions and as many events, and checks that they are in
// order, and each there once. The rig says how it is meanwhile.
func fetchedRuns(tb testing.TB, r *rig, js jetstream.JetStream, runs ...int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	total := 0
	for _, n := range runs {
		total += n
	}
	for {
		r.PublishStatus(&pb.Status{State: "recording", Sentence: "all is well"})
		s, err := js.Stream(ctx, "FLEET_fleet")
		if err == nil && s.CachedInfo().State.Msgs >= uint64(2*total) {
			break
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("the hub has not got %d messages: %v", 2*total, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	for _, kind := range []bus.Kind{bus.KindPosition, bus.KindEvent} {
		checkRuns(ctx, tb, js, kind, runs)
	}
}

// checkRuns checks what the fleet's stream has of one kind.
func checkRuns(ctx context.Context, tb testing.TB, js jetstream.JetStream, kind bus.Kind, runs []int) {
	tb.Helper()
	sub := pushed(ctx, tb, js.Conn(), bus.Subject("fleet", "rover", kind))
	var got []int
	var last *pb.Head
	for left := uint64(1); left > 0; {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			tb.Fatal(err)
		}
		meta, err := m.Metadata()
		if err != nil {
			tb.Fatal(err)
		}
		left = meta.NumPending
		h := headOf(tb, kind, m.Data)
		if last == nil || h.GetIncarnation() != last.GetIncarnation() {
			got = append(got, 0)
		}
		last = h
		if got[len(got)-1]++; h.GetSequence() != uint64(got[len(got)-1]) {
			tb.Fatalf("%s: %d of run %d where %d should be", kind, h.GetSequence(), len(got), got[len(got)-1])
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(runs) {
		tb.Errorf("%s: runs of %d at the hub, want %d", kind, got, runs)
	}
}
