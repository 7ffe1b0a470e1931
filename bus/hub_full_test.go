//go:build !lite

package bus_test

import (
	"bytes"
	"cmp"
	"context"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
)

// fill has a rig say more than the hub keeps of its fleet, so that the oldest
// is gone there.
func fill(tb testing.TB, hub *bustest.Hub, l *aLeaf) {
	tb.Helper()
	js := watcher(tb, hub)
	var last uint64
	text := bytes.Repeat([]byte("x"), 4<<10)
	bustest.Wait(tb, "the hub to be full", func() bool {
		for range 50 {
			if _, err := l.js.Publish(context.Background(), bus.Subject("fleet", l.rig, bus.KindEvent), text); err != nil {
				tb.Fatal(err)
			}
		}
		l.says(tb)
		s, err := js.Stream(context.Background(), "FLEET_fleet")
		if err != nil {
			return false
		}
		is := s.CachedInfo().State
		last = cmp.Or(last, is.LastSeq+1)
		return is.FirstSeq > last
	})
}

// What a rig's store has dropped before the hub had it is lost, and nothing else.
func TestHubFetchesWhatIsLeft(t *testing.T) {
	hub := bustest.StartHub(t)
	line := bustest.NewProxy(t, hub.LeafAddr())
	rover := startLeaf(t, "rover", "nats://"+line.Addr(), hub.Creds(t, "fleet", "rover"))
	rover.stream(t, func(c *jetstream.StreamConfig) { c.MaxBytes = 32 << 10 })
	rover.joined(t)
	rover.keep(t, 0, 10)
	fetched(t, watcher(t, hub), rover, 10)
	line.Cut()
	bustest.Wait(t, "the cut to be seen", func() bool { return !rover.Leaf().Connected })
	rover.keep(t, 10, 1000)
	s, err := rover.js.Stream(t.Context(), "RIG")
	if err != nil {
		t.Fatal(err)
	}
	first := int(s.CachedInfo().State.FirstSeq) - 1
	if first < 10 {
		t.Fatalf("the rig has all from %d on", first)
	}
	line.Heal()
	rover.joined(t)
	fetchedThese(t, watcher(t, hub), rover, append(upTo(0, 10), upTo(first, 1000)...))
}

// A hub that has dropped the oldest fetches all of a rig that is new, also what
// was kept long before, and by a clock that says 1970; and of one that was away
// while all of it was dropped.
func TestHubThatIsFullFetchesAllOfARig(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t, func(o *bus.HubOptions) { o.StoreBytes = 2 << 20 })
	line := bustest.NewProxy(t, hub.LeafAddr())
	creds := hub.Creds(t, "fleet", "rover")
	rover := startLeaf(t, "rover", "nats://"+line.Addr(), creds)
	line.Cut()
	rover.stream(t)
	rover.keep(t, 0, 50)

	base := startLeaf(t, "base", hub.LeafURL, hub.Creds(t, "fleet", "base"))
	base.stream(t)
	base.joined(t)
	fill(t, hub, base)
	line.Heal()
	rover.joined(t)
	fetched(t, watcher(t, hub), rover, 50)

	line.Cut()
	bustest.Wait(t, "the cut to be seen", func() bool { return !rover.Leaf().Connected })
	rover.keep(t, 50, 80)
	fill(t, hub, base)
	hub.Restart(t, nil)
	line.Heal()
	rover.joined(t)
	fetched(t, watcher(t, hub), rover, 80)
}
