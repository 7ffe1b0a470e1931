//go:build !lite

package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
)

// aRig is a client of the hub with what its credentials allow, as another
// program than sensord may be.
func aRig(t *testing.T, hub *bustest.Hub, name string) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "fleet", name)), nats.CustomInboxPrefix("_INBOX_"+name))
	return nc, newJS(t, nc)
}

func aWatcher(t *testing.T, hub *bustest.Hub) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc := connect(t, hub.URL, nats.UserCredentials(hub.WatchCreds(t, "fleet", "anna")), nats.CustomInboxPrefix("_INBOX_watch"))
	return nc, newJS(t, nc)
}

func newJS(t *testing.T, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// theBucket is a bucket that the hub makes a moment after it has started.
func theBucket(ctx context.Context, t *testing.T, js jetstream.JetStream, name string) jetstream.KeyValue {
	t.Helper()
	var kv jetstream.KeyValue
	bustest.Wait(t, name, func() (ok bool) {
		var err error
		kv, err = js.KeyValue(ctx, name)
		return err == nil
	})
	return kv
}

// A rig has its own entry, and what it puts there changes no other.
func TestAnEntryTakesThePlaceOfNoOther(t *testing.T) {
	hub := bustest.StartHub(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, roof := aRig(t, hub, "roof")
	nc, rover := aRig(t, hub, "rover")
	for _, b := range []struct{ bucket, theirs, mine string }{
		{"rigs_fleet", "roof", "rover"},
		{"claims_fleet", "UUID.roof.1", "UUID.rover.1"},
	} {
		theirs := theBucket(ctx, t, roof, b.bucket)
		if _, err := theirs.PutString(ctx, b.theirs, "of the roof"); err != nil {
			t.Fatal(err)
		}
		m := nats.NewMsg("$KV." + b.bucket + "." + b.mine)
		m.Header.Set(nats.MsgRollup, nats.MsgRollupAll)
		m.Data = []byte("me alone")
		answer, err := nc.RequestMsgWithContext(ctx, m)
		if err != nil || !strings.Contains(string(answer.Data), "error") {
			t.Errorf("%s: a put for all is answered with %v: %v", b.bucket, answer, err)
		}
		if e, err := theirs.Get(ctx, b.theirs); err != nil || string(e.Value()) != "of the roof" {
			t.Errorf("%s: the other's is %v: %v", b.bucket, e, err)
		}
		mine := theBucket(ctx, t, rover, b.bucket)
		if _, err := mine.PutString(ctx, b.mine, "of the rover"); err != nil {
			t.Error(err)
		}
		if err := mine.Delete(ctx, b.mine); err != nil {
			t.Error(err)
		}
		if _, err := mine.Get(ctx, b.mine); !errors.Is(err, jetstream.ErrKeyNotFound) {
			t.Errorf("%s: what was deleted: %v", b.bucket, err)
		}
	}
}

// What a rig has put is given out in an answer of JetStream's own only, or on the
// subject that it was put on, wherever the rig has it sent. So nobody takes it for
// another one's word.
func TestAnAnswerIsNobodysWord(t *testing.T) {
	hub := bustest.StartHub(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nc, js := aRig(t, hub, "rover")
	listen, _ := aWatcher(t, hub)
	heard, err := listen.SubscribeSync("sensord.v1.fleet.roof.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := listen.Flush(); err != nil {
		t.Fatal(err)
	}
	// It would do as a message of any kind.
	const forged = `{"lat": 1, "lon": 2, "state": "recording", "text": "fire", "uuid": "U"}`
	for bucket, key := range map[string]string{"rigs_fleet": "rover", "claims_fleet": "U.rover.1"} {
		kv := theBucket(ctx, t, js, bucket)
		if _, err := kv.PutString(ctx, key, forged); err != nil {
			t.Fatal(err)
		}
		stream, subject := "KV_"+bucket, "$KV."+bucket+"."+key
		ask := func(api, body string) {
			if err := nc.PublishRequest("$JS.API."+api, "sensord.v1.fleet.roof.status", []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		ask("INFO", "")
		ask("STREAM.INFO."+stream, `{"subjects_filter": ">"}`)
		ask("STREAM.MSG.GET."+stream, fmt.Sprintf(`{"last_by_subj": %q}`, subject))
		ask("DIRECT.GET."+stream, fmt.Sprintf(`{"last_by_subj": %q}`, subject))
		ask("DIRECT.GET."+stream+"."+subject, "")
		for _, name := range []string{"state", "lat"} {
			made, err := json.Marshal(map[string]any{"stream_name": stream, "config": map[string]any{
				"name": name, "ack_policy": "none", "deliver_subject": "sensord.v1.fleet.roof.event", "idle_heartbeat": 100 * time.Millisecond,
				"description": forged, "metadata": map[string]string{"lat": "1", "lon": "2", "state": "x", "text": "x", "uuid": "U"},
			}})
			if err != nil {
				t.Fatal(err)
			}
			ask("CONSUMER.CREATE."+stream+"."+name, string(made))
			ask("CONSUMER.INFO."+stream+"."+name, "")
		}
		ask("CONSUMER.DELETE."+stream+".nothing", "")
		if err := nc.PublishRequest(subject, "sensord.v1.fleet.roof.position", []byte(forged)); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; ; n++ {
		m, err := heard.NextMsg(time.Second)
		if err != nil {
			if n < 10 {
				t.Errorf("%d answers: %v", n, err)
			}
			return
		}
		if _, of := bus.ParseSubject(m.Subject); of && readable(m.Data) {
			t.Errorf("%s: %s", m.Subject, m.Data)
		}
		if n > 50 {
			return // heartbeats go on
		}
	}
}

// readable reports whether a rig would take this for a message.
func readable(data []byte) bool {
	_, position := pb.DecodePosition(data)
	_, phone := pb.DecodeMetaGPS(data)
	_, status := pb.DecodeStatus(data)
	_, event := pb.DecodeEvent(data)
	_, claim := pb.DecodeClaim(data)
	return position == nil || phone == nil || status == nil || event == nil || claim == nil
}

// More rigs than nats-server lets watch by itself watch the claims.
func TestElevenHundredRigsWatch(t *testing.T) {
	hub := bustest.StartHub(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nc, js := aWatcher(t, hub)
	for _, stream := range []string{"KV_claims_fleet", "KV_rigs_fleet", "FLEET_fleet"} {
		bustest.Wait(t, stream, func() bool { _, err := js.Stream(ctx, stream); return err == nil })
		for i := range 1100 {
			name := fmt.Sprintf("w%d", i)
			made := fmt.Sprintf(`{"stream_name": %q, "config": {"name": %q, "ack_policy": "none", "mem_storage": true, "deliver_subject": "_INBOX_watch.x"}}`, stream, name)
			m, err := nc.RequestWithContext(ctx, "$JS.API.CONSUMER.CREATE."+stream+"."+name, []byte(made))
			if err != nil || strings.Contains(string(m.Data), `"error"`) {
				t.Fatalf("%s: number %d: %v: %s", stream, i, err, m.Data)
			}
		}
	}
}

// No answer of JetStream is an order to it to delete what is kept, wherever one
// has it sent. What may be asked for is answered all the same, also behind a
// change of who may come in.
func TestNoAnswerIsAnOrder(t *testing.T) {
	hub := bustest.StartHub(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nc, js := aWatcher(t, hub)
	gone := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "fleet", "gone")), nats.NoReconnect())
	streams := []string{"FLEET_fleet", "KV_rigs_fleet", "KV_claims_fleet"}
	for round := range 3 {
		for _, stream := range streams {
			bustest.Wait(t, stream, func() bool { _, err := js.Stream(ctx, stream); return err == nil })
		}
		s, err := js.Stream(ctx, "FLEET_fleet")
		if err != nil {
			t.Fatal(err)
		}
		made := s.CachedInfo().Created
		c, err := s.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{Durable: "mine", AckPolicy: jetstream.AckExplicitPolicy, FilterSubject: "nothing", InactiveThreshold: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for _, stream := range streams {
			for _, order := range []string{"DELETE", "PURGE", "UPDATE"} {
				for _, api := range []string{"$JS.API", "$JS.hub.API"} {
					for _, ask := range []string{"CONSUMER.MSG.NEXT.FLEET_fleet.mine", "CONSUMER.INFO.FLEET_fleet.mine", "STREAM.INFO.FLEET_fleet"} {
						if err := nc.PublishRequest("$JS.API."+ask, api+".STREAM."+order+"."+stream, []byte(`{"no_wait": true, "batch": 1}`)); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
		// What is asked for afterwards comes behind it.
		for range 10 {
			if _, err := c.Info(ctx); err != nil {
				t.Fatal(err)
			}
			if batch, err := c.FetchNoWait(1); err != nil || batch.Error() != nil {
				t.Fatal(err)
			}
		}
		for _, stream := range streams {
			if _, err := js.Stream(ctx, stream); err != nil {
				t.Errorf("round %d: %s: %v", round, stream, err)
			}
		}
		if info, err := s.Info(ctx); err != nil || !info.Created.Equal(made) {
			t.Errorf("round %d: the stream is another one, of %v: %v", round, info, err)
		}
		switch round {
		case 0:
			if _, err := hub.Authority().Revoke("fleet", "gone"); err != nil {
				t.Fatal(err)
			}
			bustest.Wait(t, "the hub to have seen that", gone.IsClosed)
		case 1:
			hub.Restart(t, nil)
			nc, js = aWatcher(t, hub)
		}
	}
}
