//go:build !lite

package bus

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// What a hub of before has made becomes what it is to be, though somebody reads
// it in a way that would not be allowed now.
func TestHubChangesWhatIsKept(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	hub, err := StartHub(ctx, HubOptions{StateDir: t.TempDir(), Listen: "127.0.0.1:0", LeafListen: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	hub.stop() // only the server goes on
	hub.running.Wait()
	if err := hub.authority.AddFleet("late"); err != nil {
		t.Fatal(err)
	}
	if err := hub.renew("late"); err != nil {
		t.Fatal(err)
	}
	k := &fleetKeeper{hub: hub, fleet: "late", log: slog.New(slog.DiscardHandler)}
	nc, js, err := k.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, cfg := range []jetstream.KeyValueConfig{rigsConfig("late", jetstream.FileStorage, 1<<20), claimsConfig("late")} {
		for _, lasting := range []time.Duration{0, time.Hour} {
			old := bucketStream(cfg)
			old.AllowDirect, old.AllowRollup, old.Discard, old.ConsumerLimits = true, true, jetstream.DiscardNew, jetstream.StreamConsumerLimits{}
			s, err := js.CreateOrUpdateStream(ctx, old)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Name: "lasting", InactiveThreshold: lasting}); err != nil {
				t.Fatal(err)
			}
			if err := keepBucket(ctx, js, cfg); err != nil {
				t.Error(err)
			}
			info, err := s.Info(ctx)
			if err != nil {
				t.Fatal(err)
			}
			is := info.Config
			if is.AllowDirect || is.AllowRollup || is.Discard != jetstream.DiscardOld || !is.DenyDelete || (is.ConsumerLimits.InactiveThreshold == 0) != (lasting > 0) {
				t.Errorf("%s is %+v", is.Name, is)
			}
		}
	}
	old := jetstream.StreamConfig{Name: "FLEET_late", Subjects: []string{"_FLEET.late"}, AllowDirect: true, MaxBytes: 1 << 20}
	if _, err := js.CreateStream(ctx, old); err != nil {
		t.Fatal(err)
	}
	if is, err := k.stream(ctx, js); err != nil || is.AllowDirect || is.ConsumerLimits.InactiveThreshold != readerLeft {
		t.Errorf("the stream is %+v: %v", is, err)
	}
}

// Whoever has managed to delete what is kept, it is there again soon.
func TestHubKeepsAnewWhatIsDeleted(t *testing.T) {
	t.Parallel() // it mostly waits
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	hub, err := StartHub(ctx, HubOptions{
		StateDir: t.TempDir(), Listen: "127.0.0.1:0", LeafListen: "127.0.0.1:0", Fleets: []string{"fleet"}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	k := &fleetKeeper{hub: hub, fleet: "fleet", log: slog.New(slog.DiscardHandler)}
	nc, js, err := k.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, stream := range []string{"FLEET_fleet", "KV_rigs_fleet", "KV_claims_fleet"} {
		deleted := false
		for {
			_, err := js.Stream(ctx, stream)
			if err == nil && deleted {
				break
			}
			if err == nil {
				deleted, err = true, js.DeleteStream(ctx, stream)
			}
			if err != nil && wait(ctx, 10*time.Millisecond) != nil {
				t.Fatalf("%s: %v", stream, err)
			}
		}
	}
}
