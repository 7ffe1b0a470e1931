//go:build !lite

package bus_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
)

// A rawLeaf is a leaf whose program is its owner's own: it says what it likes.
type rawLeaf struct {
	net.Conn
	in *bufio.Reader
}

func joinRaw(t *testing.T, addr, creds string) *rawLeaf {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	l := &rawLeaf{Conn: c, in: bufio.NewReader(c)}
	line, err := l.in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Nonce string `json:"nonce"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "INFO ")), &info); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(creds)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseDecoratedJWT(data)
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwt.ParseDecoratedUserNKey(data)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := key.Sign([]byte(info.Nonce))
	if err != nil {
		t.Fatal(err)
	}
	connect, err := json.Marshal(map[string]any{
		"jwt": token, "sig": base64.RawURLEncoding.EncodeToString(sig), "name": "another", "server_id": "NANOTHER",
		"version": "2.15.2", "headers": true, "proto": 1, "compression": "not supported",
	})
	if err != nil {
		t.Fatal(err)
	}
	l.say(t, fmt.Sprintf("CONNECT %s\r\n", connect))
	l.heard(t)
	return l
}

func (l *rawLeaf) say(t *testing.T, s string) {
	t.Helper()
	if _, err := l.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}

// heard waits until the hub has done with all that was said.
func (l *rawLeaf) heard(t *testing.T) {
	t.Helper()
	l.say(t, "PING\r\n")
	for {
		line, err := l.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line, "PONG") {
			return
		}
	}
}

// A leaf whose program was changed can have NATS give out what it says under
// another subject than the one that it was let through for. In other fleets
// nobody hears of it, and nothing changes.
func TestAHostileLeafStaysInItsFleet(t *testing.T) {
	hub := bustest.StartHub(t, func(o *bus.HubOptions) { o.Fleets = []string{"fleet", "north"} })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	nc := connect(t, hub.URL, nats.UserCredentials(hub.Creds(t, "north", "roof")), nats.CustomInboxPrefix("_INBOX_roof"))
	js := newJS(t, nc)
	entries := theBucket(ctx, t, js, "rigs_north")
	if _, err := entries.PutString(ctx, "roof", "of the roof"); err != nil {
		t.Fatal(err)
	}
	heard, err := nc.SubscribeSync("sensord.v1.north.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	evil := joinRaw(t, hub.LeafAddr(), hub.Creds(t, "fleet", "rover"))
	const mine = "$KV.rigs_fleet.rover"
	for _, from := range []string{"sensord.v1.fleet.rover.position", mine, "$JS.hub.API.STREAM.INFO.KV_rigs_fleet", "$JS.API.STREAM.INFO.KV_rigs_fleet"} {
		for _, to := range []string{
			"sensord.v1.north.roof.position", "$KV.rigs_north.roof", "$JS.API.STREAM.DELETE.KV_rigs_north", "$JS.API.STREAM.PURGE.KV_rigs_north",
			"$JS.API.STREAM.DELETE.FLEET_north", "_ORDER.STREAM.DELETE.KV_rigs_north", "$JS.hub.API.STREAM.DELETE.KV_rigs_north",
		} {
			// With words of another account's about who it is, too.
			who := "NATS/1.0\r\nNats-Request-Info: {\"acc\":\"" + account(t, hub, "north") + "\"}\r\n\r\n"
			reply := "$JS.ACK.RIG.c.1.1.1.1795438835591476306.0@" + to
			evil.say(t, fmt.Sprintf("LMSG %s %s 2\r\n{}\r\n", from, reply))
			evil.say(t, fmt.Sprintf("HMSG %s %s %d %d\r\n%s{}\r\n", from, reply, len(who), len(who)+2, who))
		}
	}
	evil.heard(t)
	if err := nc.Publish("sensord.v1.north.roof.event", []byte("the last")); err != nil {
		t.Fatal(err)
	}
	if m, err := heard.NextMsgWithContext(ctx); err != nil || m.Subject != "sensord.v1.north.roof.event" {
		t.Errorf("the other fleet has heard %v: %v", m, err)
	}
	if e, err := entries.Get(ctx, "roof"); err != nil || string(e.Value()) != "of the roof" || e.Revision() != 1 {
		t.Errorf("the other fleet's entry is %v: %v", e, err)
	}
}

// account is the key of a fleet's account, which is no secret.
func account(t *testing.T, hub *bustest.Hub, fleet string) string {
	t.Helper()
	data, err := os.ReadFile(hub.Creds(t, fleet, "x"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.ParseDecoratedJWT(data)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		t.Fatal(err)
	}
	return claims.Issuer
}
