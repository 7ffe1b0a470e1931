//go:build !lite

package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
)

// What credentials do not allow, the hub refuses to clients.
func TestCredentialsAllowARigItsOwn(t *testing.T) {
	hub := bustest.StartHub(t, func(o *bus.HubOptions) { o.Fleets = []string{"fleet", "north"} })
	rig, watch := hub.Creds(t, "fleet", "rover"), hub.WatchCreds(t, "fleet", "anna")
	for _, tt := range []struct {
		creds, what, subject string
		allowed              bool
	}{
		{rig, "publish", "sensord.v1.fleet.rover.position", true},
		{rig, "publish", "sensord.v1.fleet.rover.metagps.phone", true},
		{rig, "publish", "sensord.v1.fleet.roof.position", false},
		{rig, "publish", "sensord.v1.north.rover.position", false},
		{rig, "publish", "$KV.rigs_fleet.rover", true},
		{rig, "publish", "$KV.rigs_fleet.roof", false},
		{rig, "publish", "$KV.claims_fleet.U-U-I-D.rover.0123", true},
		{rig, "publish", "$KV.claims_fleet.U-U-I-D.roof.0123", false},
		{rig, "publish", "$JS.API.STREAM.DELETE.KV_rigs_fleet", false},
		{rig, "publish", "$JS.hub.API.STREAM.PURGE.FLEET_fleet", false},
		{rig, "publish", "$JS.rig-roof.API.STREAM.DELETE.RIG", false},
		{rig, "publish", "$JS.API.CONSUMER.MSG.NEXT.KV_rigs_fleet.x", false},
		{rig, "publish", "$JS.hub.API.CONSUMER.MSG.NEXT.KV_claims_fleet.x", false},
		{rig, "publish", "$JS.API.DIRECT.GET.KV_rigs_fleet", false},
		{rig, "publish", "$JS.hub.API.DIRECT.GET.KV_rigs_fleet.$KV.rigs_fleet.rover", false},
		{rig, "publish", "_SOURCE.roof.x", false},
		{rig, "publish", "$SYS.REQ.SERVER.PING", false},
		{rig, "subscribe", "sensord.v1.fleet.>", true},
		{rig, "subscribe", "sensord.v1.north.>", false},
		{rig, "subscribe", "sensord.v1.>", false},
		{rig, "subscribe", ">", false},
		{rig, "subscribe", "_INBOX_rover.x", true},
		{rig, "subscribe", "_INBOX_roof.x", false},
		{rig, "subscribe", "$JS.rig-roof.API.>", false},
		{watch, "subscribe", "sensord.v1.fleet.>", true},
		{watch, "subscribe", "sensord.v1.north.>", false},
		{watch, "publish", "sensord.v1.fleet.anna.position", false},
		{watch, "publish", "$KV.rigs_fleet.anna", false},
		{watch, "publish", "$JS.API.STREAM.INFO.FLEET_fleet", true},
		{watch, "publish", "$JS.API.CONSUMER.MSG.NEXT.FLEET_fleet.x", true},
		{watch, "publish", "$JS.API.CONSUMER.MSG.NEXT.KV_rigs_fleet.x", false},
		{watch, "publish", "$JS.API.DIRECT.GET.FLEET_fleet", false},
		{watch, "publish", "$JS.API.STREAM.DELETE.FLEET_fleet", false},
		{watch, "publish", "$JS.rig-rover.API.STREAM.DELETE.RIG", false},
	} {
		refused := make(chan error, 1)
		nc := connect(t, hub.URL, nats.UserCredentials(tt.creds), nats.CustomInboxPrefix("_INBOX_none"),
			nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
				select {
				case refused <- err:
				default:
				}
			}))
		var err error
		if tt.what == "publish" {
			err = nc.Publish(tt.subject, []byte("x"))
		} else {
			_, err = nc.SubscribeSync(tt.subject)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.FlushTimeout(time.Minute); err != nil {
			t.Fatal(err)
		}
		err = nc.LastError()
		if tt.allowed && err != nil || !tt.allowed && !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s %s: %v", tt.what, tt.subject, err)
		}
		nc.Close()
	}
}

// A leaf's server belongs to its rig: the hub must refuse what it has no right
// to, whatever that server lets through.
func TestLeafCannotSpeakForOthers(t *testing.T) {
	hub := bustest.StartHub(t, func(o *bus.HubOptions) { o.Fleets = []string{"fleet", "north"} })
	rover := startLeaf(t, "rover", hub.LeafURL, hub.Creds(t, "fleet", "rover"))
	rover.joined(t)
	listen := connect(t, hub.URL, nats.UserCredentials(hub.WatchCreds(t, "fleet", "anna")), nats.CustomInboxPrefix("_INBOX_watch"))
	heard, err := listen.SubscribeSync("sensord.v1.fleet.>")
	if err != nil {
		t.Fatal(err)
	}
	north := connect(t, hub.URL, nats.UserCredentials(hub.WatchCreds(t, "north", "anna")), nats.CustomInboxPrefix("_INBOX_watch"))
	there, err := north.SubscribeSync("sensord.v1.north.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(listen.Flush(), north.Flush()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	next := func() string {
		for { // the hub's interest takes a moment to reach the leaf
			for _, s := range []string{"sensord.v1.fleet.roof.position", "sensord.v1.north.rover.position", "sensord.v1.fleet.rover.position"} {
				if err := rover.client.Publish(s, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			m, err := heard.NextMsg(100 * time.Millisecond)
			if err == nil {
				return m.Subject
			}
			if ctx.Err() != nil {
				t.Fatal(err)
			}
		}
	}
	for range 5 {
		if s := next(); s != "sensord.v1.fleet.rover.position" {
			t.Errorf("a leaf has published %s", s)
		}
	}
	if m, err := there.NextMsg(time.Millisecond); err == nil {
		t.Errorf("another fleet has heard %s", m.Subject)
	}
	if s := rover.Leaf(); !s.Connected {
		t.Errorf("state is %+v", s)
	}
}

// What a rig asks of JetStream may be answered to any subject, by JetStream. No
// answer is an order that another rig's server would follow.
func TestAnswersAreNoOrdersToOtherRigs(t *testing.T) {
	hub := bustest.StartHub(t)
	roof := startLeaf(t, "roof", hub.LeafURL, hub.Creds(t, "fleet", "roof"))
	roof.stream(t)
	roof.keep(t, 0, 20)
	roof.joined(t)
	fetched(t, watcher(t, hub), roof, 20)
	watch := connect(t, hub.URL, nats.UserCredentials(hub.WatchCreds(t, "fleet", "anna")), nats.CustomInboxPrefix("_INBOX_watch"))
	const api = "$JS.API.CONSUMER."
	if _, err := watch.Request(api+"CREATE.FLEET_fleet.mine", []byte(`{"stream_name": "FLEET_fleet", "config": {"name": "mine", "durable_name": "mine", "ack_policy": "explicit", "filter_subject": "nothing"}}`), time.Minute); err != nil {
		t.Fatal(err)
	}
	// There is no message, which an empty one says: so are orders to delete.
	if err := watch.PublishRequest(api+"MSG.NEXT.FLEET_fleet.mine", "$JS.rig-roof.API.STREAM.DELETE.RIG", []byte(`{"no_wait": true, "batch": 1}`)); err != nil {
		t.Fatal(err)
	}
	// What comes over the leaf afterwards has come behind it.
	rover := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "fleet", "rover")))
	heard, err := roof.client.SubscribeSync("sensord.v1.fleet.rover.event")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(roof.client.Flush(), watch.Flush()); err != nil {
		t.Fatal(err)
	}
	bustest.Wait(t, "word of another rig", func() bool {
		if err := rover.Publish("sensord.v1.fleet.rover.event", nil); err != nil {
			t.Fatal(err)
		}
		_, err := heard.NextMsg(100 * time.Millisecond)
		return err == nil
	})
	s, err := roof.js.Stream(t.Context(), "RIG")
	if err != nil || s.CachedInfo().State.Msgs < 20 {
		t.Errorf("of the rig's stream is left %+v: %v", s, err)
	}
}

// One connection does not subscribe to more than a rig can need.
func TestSubscriptionsAreBounded(t *testing.T) {
	hub := bustest.StartHub(t)
	full := make(chan struct{})
	var once sync.Once
	nc := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "fleet", "rover")), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrMaxSubscriptionsExceeded) {
			once.Do(func() { close(full) })
		}
	}))
	for i := range 5000 {
		if _, err := nc.SubscribeSync(fmt.Sprintf("sensord.v1.fleet.rig-%d.position", i)); err != nil {
			break // it is told, and refuses more
		}
	}
	select {
	case <-full:
	case <-time.After(time.Minute):
		t.Error("there is no end to it")
	}
}

// A rig reads and writes the fleet's buckets over its leaf, its own keys only.
func TestBucketsOverALeaf(t *testing.T) {
	hub := bustest.StartHub(t)
	rover := startLeaf(t, "rover", hub.LeafURL, hub.Creds(t, "fleet", "rover"))
	roof := startLeaf(t, "roof", hub.LeafURL, hub.Creds(t, "fleet", "roof"))
	rover.joined(t)
	roof.joined(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mine, theirs := bucket(ctx, t, rover, "claims_fleet"), bucket(ctx, t, roof, "claims_fleet")
	seen, err := theirs.WatchAll(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = seen.Stop() }()
	if _, err := mine.PutString(ctx, "5FE308BD.rover.0123", "rover"); err != nil {
		t.Fatal(err)
	}
	for e := range seen.Updates() {
		if e != nil {
			if e.Key() != "5FE308BD.rover.0123" || string(e.Value()) != "rover" {
				t.Errorf("%s is %q", e.Key(), e.Value())
			}
			break
		}
	}
	soon, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if _, err := theirs.PutString(soon, "5FE308BD.rover.0123", "roof"); err == nil {
		t.Error("another rig's claim was overwritten")
	}
	if err := theirs.Purge(soon, "5FE308BD.rover.0123"); err == nil {
		t.Error("another rig's claim was deleted")
	}
	rigs := bucket(ctx, t, roof, "rigs_fleet")
	if _, err := rigs.PutString(ctx, "roof", "here"); err != nil {
		t.Fatal(err)
	}
	if e, err := bucket(ctx, t, rover, "rigs_fleet").Get(ctx, "roof"); err != nil || string(e.Value()) != "here" {
		t.Errorf("the entry is %v: %v", e, err)
	}
	js, err := jetstream.NewWithDomain(rover.client, bus.HubDomain)
	if err != nil {
		t.Fatal(err)
	}
	again, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	if _, err := js.CreateStream(again, jetstream.StreamConfig{Name: "MINE", Subjects: []string{"mine"}}); err == nil {
		t.Error("a rig has made a stream at the hub")
	}
}

// bucket opens a bucket of the hub, which is made a moment after the hub has
// started.
func bucket(ctx context.Context, tb testing.TB, l *aLeaf, name string) jetstream.KeyValue {
	tb.Helper()
	js, err := jetstream.NewWithDomain(l.client, bus.HubDomain)
	if err != nil {
		tb.Fatal(err)
	}
	for {
		kv, err := js.KeyValue(ctx, name)
		if err == nil {
			return kv
		}
		if ctx.Err() != nil || strings.Contains(err.Error(), "invalid") {
			tb.Fatal(err)
		}
	}
}
