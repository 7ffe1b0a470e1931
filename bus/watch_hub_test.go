//go:build !lite

package bus_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// Who watches a hub with credentials of their own sees everything, until they
// are revoked.
func TestWatchHub(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	o := rigOptions(t, "rover-1")
	o.Mode, o.URLs, o.CredsFile, o.StoreDir = bus.Join, []string{hub.URL}, hub.Creds(t, "fleet", "rover-1"), ""
	r := startRig(t, o)
	r.connected(t)
	alice := watching(t, bus.WatchOptions{URLs: []string{hub.URL}, CredsFile: hub.WatchCreds(t, "fleet", "alice")})
	say := func(v *bus.FleetView) bool {
		r.PublishStatus(recording())
		r.PublishPosition(position(1))
		return v.State == bus.FleetRight && v.Rigs[0].Position != nil
	}
	sees(t, alice, "a rig", say)
	// What the bus remembers may be read with her credentials.
	bustest.Wait(t, "the memory of the bus", func() bool {
		w := watching(t, bus.WatchOptions{URLs: []string{hub.URL}, CredsFile: hub.WatchCreds(t, "fleet", "alice")})
		defer w.Close()
		sees(t, w, "a connection", func(v *bus.FleetView) bool { return v.Bus.Connected })
		<-w.Settled()
		v := w.View()
		return len(v.Rigs) == 1 && v.Rigs[0].Reported != nil
	})
	// A rig's own credentials do as well.
	own := watching(t, bus.WatchOptions{URLs: []string{hub.URL}, CredsFile: hub.Creds(t, "fleet", "rover-1")})
	sees(t, own, "what the bus remembers of it", func(v *bus.FleetView) bool { return len(v.Rigs) == 1 && v.Rigs[0].Reported != nil })
	sees(t, own, "the rig itself", say)
	if n, err := hub.Authority().Revoke("fleet", "alice"); err != nil || n == 0 {
		t.Fatalf("%d %v", n, err)
	}
	sees(t, alice, "the revocation", func(*bus.FleetView) bool { return fault.CodeOf(alice.Err()) == fault.BusAuth })
	hub.Restart(t, nil)
	sees(t, own, "the rig after the hub began again", say)
	if code := fault.CodeOf(alice.Err()); code == "" {
		t.Error("alice is let in again")
	}
}

func TestWatchCertificates(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler()) // which has a certificate
	defer web.Close()
	hub := bustest.StartHub(t, func(o *bus.HubOptions) {
		o.TLS = &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}
	})
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	for _, tt := range []struct {
		name string
		tls  *tls.Config
		code fault.Code
	}{
		{"of an authority that we know", &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}, ""},
		{"of one that we do not", nil, fault.BusTLS},
		{"of another name", &tls.Config{RootCAs: trusted, ServerName: "hub.invalid", MinVersion: tls.VersionTLS12}, fault.BusTLS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := watching(t, bus.WatchOptions{URLs: []string{hub.URL}, CredsFile: hub.WatchCreds(t, "fleet", "alice"), TLS: tt.tls})
			sees(t, w, "how it is", func(v *bus.FleetView) bool { return v.Bus.Connected || w.Err() != nil })
			if got := fault.CodeOf(w.Err()); got != tt.code {
				t.Errorf("%v: %s", w.Err(), got)
			}
		})
	}
}
