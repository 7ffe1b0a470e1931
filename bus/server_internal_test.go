//go:build !lite

package bus

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// What nats-server says of a connection that did not come about, in its own
// words, and what is made of it.
func TestLeafFault(t *testing.T) {
	for _, tt := range []struct {
		line string
		code fault.Code
		text string
	}{
		{`Error trying to connect as leafnode to remote server "h:7422" (attempt 3): dial tcp 192.0.2.1:7422: i/o timeout`, fault.BusRefused, "hub h: i/o timeout"},
		{`Error trying to connect as leafnode to remote server "h:7422" (attempt 1): lookup h: no such host`, fault.BusRefused, "hub h: no such host"},
		{`192.0.2.1:7422 - lid:5 - TLS leafnode handshake error: tls: failed to verify certificate: x509: certificate signed by unknown authority`, fault.BusTLS, "hub h: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{`192.0.2.1:7422 - lid:5 - TLS leafnode handshake error: tls: first record does not look like a TLS handshake`, fault.BusTLS, "hub h: there is no TLS there"},
		{`192.0.2.1:7422 - lid:5 - Leafnode Error 'Authorization Violation'`, fault.BusAuth, "hub h: it does not take the credentials"},
		{`192.0.2.1:7422 - lid:5 - Leafnode Error 'User Authentication Expired'`, fault.BusAuth, "hub h: the credentials have expired"},
		{`192.0.2.1:7422 - lid:5 - Leafnode Error 'User Authentication Revoked'`, fault.BusAuth, "hub h: the credentials were revoked"},
		{`192.0.2.1:7422 - lid:5 - Leafnode Error 'Permissions Violation for Publish to "sensord.v1.fleet.roof.position"'`, fault.BusDenied, `hub h: permissions violation for publish to "sensord.v1.fleet.roof.position"`},
		{`192.0.2.1:7422 - lid:5 - Leafnode Error 'Duplicate Remote LeafNode Connection'`, fault.BusReplaced, "hub h: another leaf has joined under the name of this rig"},
		{`192.0.2.1:7422 - lid:5 - Leafnode Error 'maximum connections exceeded'`, fault.BusRefused, "hub h: it has as many connections as it takes"},
		{`192.0.2.1:7422 - lid:5 - attempted to connect to wrong port`, fault.BusRefused, "hub h: this is not its port for leaves, which is 7422 unless it was told otherwise"},
		{`Filestore [RIG] Stream state checksum did not match`, "", ""},
		{"", "", ""},
	} {
		err := leafFault("hub h", tt.line)
		if errorCode(err) != tt.code || errorText(err) != tt.text {
			t.Errorf("%s\nis %s %q\nwant %s %q", tt.line, errorCode(err), errorText(err), tt.code, tt.text)
		}
	}
}

func TestServerLogSaysTheSameOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		heard := 0
		l := newServerLog(slog.New(slog.NewTextHandler(&out, nil)), false, func(string) { heard++ })
		for i := range 90 {
			l.Errorf("cannot connect (attempt %d)", i)
			<-time.After(time.Second) // of the bubble's clock
		}
		if n := strings.Count(out.String(), "\n"); n != 2 || !strings.Contains(out.String(), "repeated=59") {
			t.Errorf("%d lines:\n%s", n, out.String())
		}
		for i := range 10_000 {
			l.Warnf("other %s\n\x00%s", strings.Repeat("x", i), strings.Repeat("y", 2000))
		}
		if len(l.recent) > maxRepeats {
			t.Errorf("%d lines are remembered", len(l.recent))
		}
		if heard != 10_090 {
			t.Errorf("heard %d", heard)
		}
		if l.Noticef("nothing"); strings.Contains(out.String(), "nothing") {
			t.Error("a notice is told")
		}
		if l.Fatalf("Can't %s", "start"); fmt.Sprint(l.failed()) != "Can't start" {
			t.Errorf("failed is %v", l.failed())
		}
	})
}

func FuzzLeafFault(f *testing.F) {
	f.Add(`Error trying to connect as leafnode to remote server "h:7422" (attempt 3): dial tcp`)
	f.Add(`h:7422 - lid:5 - Leafnode Error 'Permissions Violation for Publish to "x"'`)
	f.Add(`h:7422 - lid:5 - TLS leafnode handshake error: `)
	f.Fuzz(func(t *testing.T, text string) {
		w := newLeafWatch(&LeafRemote{URLs: []string{"nats://h"}}, nil, nil)
		for range 2 * maxLeafLines {
			w.heard(text)
		}
		if len(w.lines) > maxLeafLines {
			t.Errorf("%d lines wait", len(w.lines))
		}
		for _, l := range w.lines {
			if err := w.judge("hub h", l, false); err != nil && errorCode(err) == "" {
				t.Errorf("no code: %v", err)
			}
		}
	})
}

func TestSafeURL(t *testing.T) {
	for url, want := range map[string]string{
		"nats://h:7422":                   "nats://h:7422",
		"tls://anna:secret@h":             "tls://h",
		"nats://anna:secret@h:1/x?secret": "nats://h:1",
		"://anna:secret@h":                "h",
		"secret@[::1":                     "[::1",
	} {
		if got := safeURL(url); got != want {
			t.Errorf("%s is %s, want %s", url, got, want)
		}
	}
}
