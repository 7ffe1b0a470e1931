package kismettest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

func listen(t testing.TB, cfg kismettest.Config) *kismettest.Server {
	t.Helper()
	srv := kismettest.Start(cfg)
	t.Cleanup(srv.Close)
	return srv
}

func TestSessionsOverSockets(t *testing.T) {
	for _, profile := range kismettest.Profiles() {
		for _, tr := range transports() {
			t.Run(profile.String()+" "+tr.name, func(t *testing.T) {
				srv := listen(t, kismettest.Config{Profile: profile})
				v := kismet.V3
				if profile == kismettest.T23 {
					v = kismet.V2
				}
				c := tr.dial(t, srv, v)
				c.open(uuid1)
				for i := range 1000 {
					c.frame(i)
				}
				await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 1000 })
				for i, f := range srv.Frames(uuid1) {
					if f.Usec != uint64(i) || f.Content[2] != byte(i>>8) || f.Content[3] != byte(i) {
						t.Fatalf("frame %d: %+v", i, f)
					}
				}
			})
		}
	}
}

// A sensor sees FIN, not RST, and no close frame; its own side stays open until
// it closes that too.
func TestHalfCloseIsAFin(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			srv := listen(t, kismettest.Config{})
			c := tr.dial(t, srv, kismet.V3)
			c.open(uuid1)
			await(t, srv, func(s *kismettest.Server) bool { src, ok := s.Source(uuid1); return ok && src.Listed })
			srv.HalfClose(uuid1)
			_, err := c.read()
			if c.ws != nil && !websocket.IsCloseError(err, websocket.CloseAbnormalClosure) || c.ws == nil && !errors.Is(err, io.EOF) {
				t.Fatalf("read: %v", err)
			}
			for range 10 {
				c.frame(1)
			}
			if got := source(t, srv, uuid1).Frames; got != 0 {
				t.Errorf("%d frames counted behind the end", got)
			}
		})
	}
}

func TestResetIsARst(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			srv := listen(t, kismettest.Config{})
			srv.SetFaults(kismettest.Faults{ResetAfter: func(string, int) int { return 1 }})
			c := tr.dial(t, srv, kismet.V3)
			c.open(uuid1)
			c.frame(1)
			if _, err := c.read(); !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("read: %v", err)
			}
		})
	}
}

// The PONG gets out before the reset.
func TestPongThenReset(t *testing.T) {
	srv := listen(t, kismettest.Config{})
	srv.SetFaults(kismettest.Faults{Pong: func(string, int, int) kismettest.PongFault { return kismettest.ResetAfter }})
	c := dialWS(t, srv, kismet.V3)
	c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
	if _, err := c.read(); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read: %v", err)
	}
}

func TestRefusedPortsComeBack(t *testing.T) {
	srv := listen(t, kismettest.Config{})
	c := dialWS(t, srv, kismet.V3)
	c.open(uuid1)
	if err := srv.Refuse(true); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{srv.Addr, srv.TCPAddr} {
		if c, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial %s: %v, %v", addr, c, err)
		}
	}
	c.frame(1)
	await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 1 })
	if err := srv.Refuse(false); err != nil {
		t.Fatal(err)
	}
	dialWS(t, srv, kismet.V3).open(uuid1)
	dialTCP(t, srv, kismet.V3).open(uuid2)
	if got := srv.Accepted(); got != 3 {
		t.Errorf("accepted %d connections", got)
	}
}

func TestPlainGetOverTheSocket(t *testing.T) {
	srv := listen(t, kismettest.Config{})
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(srv.URL + kismettest.EndpointPath)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNotFound || !resp.Close {
		t.Errorf("status %d, close %t", resp.StatusCode, resp.Close)
	}
}

func TestTLS(t *testing.T) {
	cert, pool := certificate(t)
	srv := listen(t, kismettest.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	if !strings.HasPrefix(srv.URL, "https://") || !strings.HasPrefix(srv.Endpoint(), "wss://") {
		t.Errorf("URL %s, endpoint %s", srv.URL, srv.Endpoint())
	}
	d := websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool}}
	ws, _, err := d.Dial(srv.Endpoint(), basic("kismet", "kismet"))
	if err != nil {
		t.Fatal(err)
	}
	c := &sensor{t: t, v: kismet.V3, conn: ws.NetConn(), ws: ws}
	c.open(uuid1)
	c.frame(1)
	await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 1 })
	srv.HalfClose(uuid1)
	c.wantEnd()
}

func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
