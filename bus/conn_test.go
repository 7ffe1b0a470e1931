//go:build !lite

package bus_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// testTLS is what a server shows, and what a client trusts that knows it.
func testTLS(tb testing.TB) (server, client *tls.Config) {
	tb.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func TestWhyABusCannotBeJoined(t *testing.T) {
	plain := bustest.StartHub(t, func(o *bus.HubOptions) { o.Fleets = []string{"fleet", "other"} })
	server, trusting := testTLS(t)
	secure := bustest.StartHub(t, func(o *bus.HubOptions) { o.TLS = server })
	expired := plain.Issue(t, bus.IssueRequest{Fleet: "fleet", Name: "rover", Expires: time.Now().Add(-time.Hour)})
	revoked := plain.Creds(t, "fleet", "revoked")
	if _, err := plain.Authority().Revoke("fleet", "revoked"); err != nil {
		t.Fatal(err)
	}
	password := bustest.NATSServer(t, "authorization: {user: rover, password: right}\n")
	away := bustest.NewProxy(t, strings.TrimPrefix(plain.URL, "nats://"))
	away.Cut()

	for _, c := range []struct {
		name   string
		change func(*bus.Options)
		code   fault.Code
		text   string
	}{
		{"nobody there", func(o *bus.Options) { o.URLs = []string{"nats://" + away.Addr()} }, fault.BusRefused, ""},
		{"nobody listens", func(o *bus.Options) { o.URLs = []string{"nats://127.0.0.1:1"} }, fault.BusRefused, "nats://127.0.0.1:1: connection refused"},
		{"the port for leaves", func(o *bus.Options) { o.URLs = []string{plain.LeafURL} }, fault.BusRefused, "port for leaves"},
		{"a name that there is not", func(o *bus.Options) { o.URLs = []string{"nats://hub.invalid"} }, fault.BusRefused, ""},
		{"no credentials", func(o *bus.Options) { o.CredsFile = "" }, fault.BusAuth, ""},
		{"credentials that are not there", func(o *bus.Options) { o.CredsFile = filepath.Join(t.TempDir(), "none.creds") }, fault.BusAuth, "none.creds"},
		{"expired credentials", func(o *bus.Options) { o.CredsFile = expired }, fault.BusAuth, ""},
		{"revoked credentials", func(o *bus.Options) { o.CredsFile, o.Rig = revoked, "revoked" }, fault.BusAuth, ""},
		{"credentials of another hub", func(o *bus.Options) { o.CredsFile = secure.Creds(t, "fleet", "rover") }, fault.BusAuth, ""},
		{"credentials of another rig", func(o *bus.Options) { o.CredsFile = plain.Creds(t, "fleet", "other-rig") }, fault.BusDenied, ""},
		{"credentials of another fleet", func(o *bus.Options) { o.CredsFile = plain.Creds(t, "other", "rover") }, fault.BusDenied, ""},
		{"wrong password", func(o *bus.Options) {
			o.URLs, o.CredsFile, o.User, o.Password = []string{password.URL}, "", "rover", "wrong-secret"
		}, fault.BusAuth, ""},
		{"wrong CA", func(o *bus.Options) { o.URLs, o.CredsFile = []string{secure.URL}, secure.Creds(t, "fleet", "rover") }, fault.BusTLS, ""},
		{"no TLS there", func(o *bus.Options) {
			o.URLs, o.TLS = []string{strings.Replace(plain.URL, "nats:", "tls:", 1)}, trusting
		}, fault.BusTLS, "there is no TLS there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := joinOptions(t, "rover", plain.URL)
			o.CredsFile = plain.Creds(t, "fleet", "rover")
			c.change(&o)
			r := startRig(t, o)
			for range 3 {
				r.PublishEvent(event(1))
			}
			e := r.says(t, c.code)
			if !strings.Contains(e.Error(), c.text) || e.Remedy() == "" || e.Object == "" {
				t.Errorf("says %q, remedy %q", e, e.Remedy())
			}
			if text := e.Error() + e.Object + r.State().Server; strings.Contains(text, "secret") || strings.Contains(text, "nats: ") {
				t.Errorf("says %q", text)
			}
			if got := fault.CodeOf(r.State().Err); got != c.code {
				t.Errorf("state says %s", got)
			}
			t.Log(e)
			r.stop()
		})
	}
}

func TestABusThatIsJoinedLater(t *testing.T) {
	server, trusting := testTLS(t)
	hub := bustest.StartHub(t, func(o *bus.HubOptions) { o.TLS = server })
	line := bustest.NewProxy(t, strings.TrimPrefix(hub.URL, "tls://"))
	line.Cut()
	o := joinOptions(t, "rover", "tls://"+line.Addr())
	o.TLS, o.CredsFile = trusting, hub.Creds(t, "fleet", "rover")
	r := startRig(t, o)
	r.PublishEvent(event(1))
	r.PublishPosition(position(1))
	_ = r.says(t, fault.BusRefused)
	var heard box
	r.Hear(bus.Filter{Kind: bus.KindEvent, Rig: bus.Any}, heard.put)
	line.Heal()
	r.connected(t)
	r.saysNoMore(t, fault.BusRefused)
	r.PublishEvent(event(2))
	heard.await(t, 1)
	bustest.Wait(t, "both events", func() bool { return r.State().Published == 2 })

	line.Cut()
	_ = r.says(t, fault.BusRefused)
	r.PublishEvent(event(3))
	before := len(heard.all())
	line.Heal()
	bustest.Wait(t, "what waited", func() bool { return len(heard.all()) > before })
	s := r.State()
	if s.Published != 3 || s.Failed != 1 || s.Err != nil || s.Server != "tls://"+line.Addr() {
		t.Errorf("state %+v", s)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*bus.Options)
		want   string
	}{
		{"no fleet", func(o *bus.Options) { o.Fleet = "" }, "fleet is missing"},
		{"a rig that is no token", func(o *bus.Options) { o.Rig = "a.b" }, `rig "a.b" has other characters than letters, digits, - and _`},
		{"no id", func(o *bus.Options) { o.RigID = "" }, "rig id is missing"},
		{"no clock", func(o *bus.Options) { o.Now = nil }, "a clock is missing"},
		{"no URL", func(o *bus.Options) { o.URLs = nil }, "a URL is missing"},
		{"no host", func(o *bus.Options) { o.URLs = []string{"secret"} }, "a URL is not one: it should be nats://HOST[:PORT] or tls://HOST[:PORT]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := joinOptions(t, "rover", "nats://127.0.0.1:1")
			c.change(&o)
			_, err := bus.New(o)
			if err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}
