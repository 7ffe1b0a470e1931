//go:build !lite

package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// selfSigned returns a certificate of 127.0.0.1 that is its own authority.
func selfSigned(tb testing.TB) (tls.Certificate, *x509.CertPool) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestLeafOverTLS(t *testing.T) {
	cert, pool := selfSigned(t)
	_, wrong := selfSigned(t)
	hub := bustest.StartHub(t, func(o *bus.HubOptions) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	})
	plain := bustest.StartHub(t)
	creds := hub.Creds(t, "fleet", "rover")
	config := func(p *x509.CertPool, name string) *tls.Config {
		return &tls.Config{RootCAs: p, ServerName: name, MinVersion: tls.VersionTLS12}
	}
	untold := strings.Replace(hub.LeafURL, "tls://", "nats://", 1)
	for _, tt := range []struct {
		name, url, creds string
		tls              *tls.Config
		code             fault.Code
		text             string
	}{
		{"right", hub.LeafURL, creds, config(pool, ""), "", ""},
		{"right name", hub.LeafURL, creds, config(pool, "localhost"), "", ""},
		{"right authority, URL without TLS", untold, creds, config(pool, ""), "", ""},
		{"wrong authority", hub.LeafURL, creds, config(wrong, ""), fault.BusTLS, "certificate"},
		{"the system's authorities", hub.LeafURL, creds, nil, fault.BusTLS, "unknown authority"},
		{"the same, URL without TLS", untold, creds, nil, fault.BusTLS, "unknown authority"},
		{"wrong name", hub.LeafURL, creds, config(pool, "hub.example"), fault.BusTLS, "hub.example"},
		{"no TLS there", strings.Replace(plain.LeafURL, "nats://", "tls://", 1), plain.Creds(t, "fleet", "rover"), config(pool, ""), fault.BusTLS, "no TLS"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Each under a name of its own would need credentials of its own; so
			// those that get in may end each other.
			l := startLeaf(t, "rover", tt.url, tt.creds, func(o *bus.ServerOptions) { o.Leaf.TLS = tt.tls })
			if tt.code != "" {
				l.fails(t, tt.code, tt.text)
				return
			}
			bustest.Wait(t, "the leaf to join", func() bool { return l.Leaf().Connected })
		})
	}
}

// With an authority for clients, credentials alone do not open the door.
func TestHubThatWantsCertificates(t *testing.T) {
	cert, pool := selfSigned(t)
	hub := bustest.StartHub(t, func(o *bus.HubOptions) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	})
	creds := hub.Creds(t, "fleet", "rover")
	without := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	l := startLeaf(t, "rover", hub.LeafURL, creds, func(o *bus.ServerOptions) { o.Leaf.TLS = without })
	l.fails(t, fault.BusTLS, "certificate")
	if nc, err := nats.Connect(hub.URL, nats.Secure(without), nats.UserCredentials(creds)); err == nil {
		nc.Close()
		t.Error("a client without a certificate got in")
	}
	with := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	startLeaf(t, "roof", hub.LeafURL, hub.Creds(t, "fleet", "roof"), func(o *bus.ServerOptions) { o.Leaf.TLS = with }).joined(t)
}

// A rig that joins a hub over TLS speaks none with the server inside itself.
func TestRigAtAHubWithTLS(t *testing.T) {
	cert, pool := selfSigned(t)
	hub := bustest.StartHub(t, func(o *bus.HubOptions) {
		o.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	})
	trusting := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	people := watching(t, bus.WatchOptions{URLs: []string{hub.URL}, CredsFile: hub.WatchCreds(t, "fleet", "anna"), TLS: trusting})
	js, err := jetstream.NewWithDomain(connect(t, hub.URL, nats.Secure(trusting), nats.UserCredentials(hub.WatchCreds(t, "fleet", "bob")),
		nats.CustomInboxPrefix("_INBOX_watch")), bus.HubDomain)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []bus.Options{leafOptions(t, "leaf", hub.LeafURL), joinOptions(t, "client", hub.URL)} {
		t.Run(o.Rig, func(t *testing.T) {
			o.CredsFile, o.TLS = hub.Creds(t, "fleet", o.Rig), trusting
			r := startRig(t, o)
			bustest.Wait(t, "a connection, or why there is none", func() bool { return r.State().Connected || r.State().Err != nil })
			if err := r.State().Err; err != nil {
				t.Fatal(err)
			}
			sees(t, people, "the rig", func(v *bus.FleetView) bool {
				r.PublishStatus(recording())
				r.PublishPosition(position(1))
				return slices.ContainsFunc(v.Rigs, func(one bus.FleetRig) bool { return one.Name == o.Rig && one.Position != nil })
			})
			if o.Mode == bus.Leaf {
				r.joined(t)
				before := r.State().Kept
				r.publishKept(t, 0, 5)
				bustest.Wait(t, "all of it at the hub", func() bool {
					s, err := js.Stream(t.Context(), "FLEET_fleet")
					if err != nil {
						return false
					}
					info, err := s.Info(t.Context())
					return err == nil && info.State.Msgs >= before+10
				})
			}
			if s := r.State(); s.Err != nil || s.Leaf.Err != nil {
				t.Errorf("state %+v", s)
			}
		})
	}
}
