//go:build !lite

package bus_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
)

// testLog writes a log into the test's.
func testLog(tb testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// aLeaf is a rig's own server, its store, and a client of it.
type aLeaf struct {
	*bus.Server
	rig    string
	client *nats.Conn
	js     jetstream.JetStream
}

// startLeaf starts what a rig of the fleet "fleet" has, joined to a hub at url.
func startLeaf(tb testing.TB, rig, url, creds string, change ...func(*bus.ServerOptions)) *aLeaf {
	tb.Helper()
	o := bus.ServerOptions{
		Name: "rig-" + rig, Domain: "rig-" + rig, StoreDir: tb.TempDir(), StoreBytes: 8 << 20, Log: testLog(tb),
		Leaf: &bus.LeafRemote{URLs: []string{url}, CredsFile: creds, Fleet: "fleet", Rig: rig},
	}
	for _, c := range change {
		c(&o)
	}
	s, err := bus.StartServer(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	l := &aLeaf{Server: s, rig: rig}
	l.client = connect(tb, "", s.InProcess(), nats.CustomInboxPrefix("_INBOX_"+rig))
	if l.js, err = jetstream.New(l.client); err != nil {
		tb.Fatal(err)
	}
	return l
}

func connect(tb testing.TB, url string, opts ...nats.Option) *nats.Conn {
	tb.Helper()
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	return nc
}

func (l *aLeaf) stream(tb testing.TB, change ...func(*jetstream.StreamConfig)) {
	tb.Helper()
	c := jetstream.StreamConfig{
		Name: "RIG", Subjects: []string{bus.Subject("fleet", l.rig, bus.KindPosition), bus.Subject("fleet", l.rig, bus.KindEvent)},
		Storage: jetstream.FileStorage, MaxBytes: 4 << 20,
	}
	for _, f := range change {
		f(&c)
	}
	if _, err := l.js.CreateOrUpdateStream(context.Background(), c); err != nil {
		tb.Fatal(err)
	}
}

func (l *aLeaf) keep(tb testing.TB, from, to int) {
	tb.Helper()
	for i := from; i < to; i++ {
		if _, err := l.js.Publish(context.Background(), bus.Subject("fleet", l.rig, bus.KindPosition), fmt.Appendf(nil, "%s %d", l.rig, i)); err != nil {
			tb.Fatal(err)
		}
	}
}

// says publishes that the rig has a store.
func (l *aLeaf) says(tb testing.TB) {
	tb.Helper()
	m, err := pb.Encode(&pb.Status{Head: &pb.Head{Fleet: "fleet", Rig: l.rig, RigId: "0123", Incarnation: 1, Sequence: 1}, State: "recording", Sentence: "all is well", Domain: "rig-" + l.rig})
	if err != nil {
		tb.Fatal(err)
	}
	if err := l.client.Publish(bus.Subject("fleet", l.rig, bus.KindStatus), m); err != nil {
		tb.Fatal(err)
	}
}

func (l *aLeaf) joined(tb testing.TB) {
	tb.Helper()
	bustest.Wait(tb, l.rig+" to join the hub", func() bool { s := l.Leaf(); return s.Connected && s.Err == nil })
}

// watcher is a client of the hub that may hear.
func watcher(tb testing.TB, h *bustest.Hub) jetstream.JetStream {
	tb.Helper()
	nc := connect(tb, h.URL, nats.UserCredentials(h.WatchCreds(tb, "fleet", "anna")), nats.CustomInboxPrefix("_INBOX_watch"), nats.MaxReconnects(-1))
	js, err := jetstream.NewWithDomain(nc, bus.HubDomain)
	if err != nil {
		tb.Fatal(err)
	}
	return js
}

// fetched waits until the fleet's stream holds the first n messages of a rig, and
// checks that they are in order, and each there once.
func fetched(tb testing.TB, js jetstream.JetStream, l *aLeaf, n int) {
	tb.Helper()
	fetchedThese(tb, js, l, upTo(0, n))
}

// upTo returns the numbers from first on up to end, without that.
func upTo(first, end int) []int {
	var all []int
	for i := first; i < end; i++ {
		all = append(all, i)
	}
	return all
}

// fetchedThese is the same for messages that have these numbers.
func fetchedThese(tb testing.TB, js jetstream.JetStream, l *aLeaf, these []int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	sub := pushed(ctx, tb, js.Conn(), bus.Subject("fleet", l.rig, bus.KindPosition))
	for i := 0; i < len(these); {
		m, err := sub.NextMsg(500 * time.Millisecond)
		if err != nil {
			if l.says(tb); ctx.Err() != nil {
				tb.Fatalf("the hub has %d messages of %s, want %d: %v", i, l.rig, len(these), err)
			}
			continue
		}
		if want := fmt.Sprintf("%s %d", l.rig, these[i]); string(m.Data) != want {
			tb.Fatalf("the hub has %q, want %q", m.Data, want)
		}
		i++
	}
}

// pushed has the fleet's stream send what it has, in order, and what comes, which
// is all that a watcher may ask of it.
func pushed(ctx context.Context, tb testing.TB, nc *nats.Conn, subject string) *nats.Subscription {
	tb.Helper()
	js, err := nc.JetStream(nats.Domain(bus.HubDomain))
	if err != nil {
		tb.Fatal(err)
	}
	for { // the stream is made when the hub has started
		sub, err := js.SubscribeSync(subject, nats.OrderedConsumer(), nats.BindStream("FLEET_fleet"))
		if err == nil {
			tb.Cleanup(func() { _ = sub.Unsubscribe() })
			return sub
		}
		if ctx.Err() != nil {
			tb.Fatal(err)
		}
	}
}

// What a rig keeps reaches the hub, whether the link is there or was cut.
func TestHubFetchesWhatWasKeptWhileTheLinkWasCut(t *testing.T) {
	hub := bustest.StartHub(t, func(o *bus.HubOptions) { o.Log = testLog(t) })
	line := bustest.NewProxy(t, hub.LeafAddr())
	rover := startLeaf(t, "rover", "nats://"+line.Addr(), hub.Creds(t, "fleet", "rover"))
	rover.stream(t)
	rover.joined(t)
	js := watcher(t, hub)
	rover.keep(t, 0, 10)
	fetched(t, js, rover, 10)
	line.Cut()
	bustest.Wait(t, "the cut to be seen", func() bool { s := rover.Leaf(); return !s.Connected && s.Err != nil })
	if s := rover.Leaf(); !strings.Contains(s.Err.Error(), "nats://"+line.Addr()) {
		t.Errorf("state is %+v", s)
	}
	rover.keep(t, 10, 500)
	line.Heal()
	rover.joined(t)
	fetched(t, js, rover, 500)
}
