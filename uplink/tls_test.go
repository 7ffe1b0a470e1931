package uplink_test

import (
	"crypto/tls"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares what a person reads with what is written down.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a file of the repository
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// serverTLS is one server of the golden file: its TLS and the dialer's.
type serverTLS struct {
	name   string
	theirs *tls.Config // nil is plain
	ours   *tls.Config
	tcp    bool // what listens is Kismet's TCP
}

func TestEachFaultOfTLSIsNamed(t *testing.T) {
	ca, other := newAuthority(t, "Home CA"), newAuthority(t, "Other CA")
	day := func(y int) time.Time { return time.Date(y, 6, 1, 12, 0, 0, 0, time.UTC) }
	host := "127.0.0.1"
	with := func(c tls.Certificate) *tls.Config {
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{c}}
	}
	asking := func() *tls.Config {
		c := ca.server(host)
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool()
		return c
	}
	trusting := &tls.Config{RootCAs: ca.pool()}
	showing := func(c tls.Certificate) *tls.Config {
		return &tls.Config{RootCAs: ca.pool(), Certificates: []tls.Certificate{c}}
	}
	old := ca.server(host)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 //nolint:gosec // that is the point
	older := asking()
	older.MaxVersion = tls.VersionTLS12
	tests := []serverTLS{
		{"right", ca.server(host), trusting, false},
		{"expired", with(ca.issue([2]time.Time{day(2020), day(2021)}, host)), trusting, false},
		{"not yet valid", with(ca.issue([2]time.Time{day(2100), day(2101)}, host)), trusting, false},
		{"wrong name", with(ca.issue(always, "kismet.example", "www.kismet.example")), trusting, false},
		{"wrong name, overridden", with(ca.issue(always, "kismet.example")), &tls.Config{RootCAs: ca.pool(), ServerName: "kismet.example"}, false},
		{"unknown authority", other.server(host), trusting, false},
		{"plain port", nil, trusting, false},
		{"TLS port, plain sensor", ca.server(host), nil, false},
		{"Kismet's TCP port", nil, trusting, true},
		{"TLS 1.1", old, trusting, false},
		{"certificate wanted", asking(), trusting, false},
		{"certificate wanted with TLS 1.2", older, trusting, false},
		{"certificate shown", asking(), showing(ca.issue(always, "rover-1")), false},
		{"certificate of another authority", asking(), showing(other.issue(always, "rover-1")), false},
		{"our certificate expired", asking(), showing(ca.issue([2]time.Time{day(2020), day(2021)}, "rover-1")), false},
	}
	var all strings.Builder
	for _, tt := range tests {
		r := newSocketRig(t, kismettest.Config{TLS: tt.theirs}, tt.tcp)
		r.dialer.Server.TCP = false
		if r.dialer.Server.TLS = tt.ours; tt.ours != nil {
			r.dialer.Server.TLS = tt.ours.Clone()
		}
		err := r.dialer.Probe(t.Context())
		fmt.Fprintf(&all, "%s\n", tt.name)
		if r.srv.Close(); err == nil {
			all.WriteString("    connects\n")
			continue
		}
		text := strings.ReplaceAll(err.Error(), r.dialer.Server.Addr(), "127.0.0.1:2501")
		fmt.Fprintf(&all, "    %s\n    %s\n    %s\n", text, fault.CodeOf(err), fault.RemedyOf(err))
	}
	golden(t, "tls.txt", all.String())
}

// A Kismet behind a proxy may want a certificate: nginx says so with a page.
func TestNginxThatWantsACertificate(t *testing.T) {
	ca, other := newAuthority(t, "Home CA"), newAuthority(t, "Other CA")
	srv := kismettest.Start(kismettest.Config{APIKeys: map[string]string{apiKey: kismettest.RoleDatasource}})
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	cert, key := ca.write(dir, "server", ca.issue(always, "localhost", "127.0.0.1"))
	writePEM(t, filepath.Join(dir, "ca.pem"), "CERTIFICATE", ca.cert.Raw)
	port := startNginx(t, dir, fmt.Sprintf(`
		ssl_certificate %s;
		ssl_certificate_key %s;
		ssl_client_certificate %s/ca.pem;
		ssl_verify_client on;
		ssl_protocols TLSv1.2 TLSv1.3;
		location / {
			proxy_pass http://%s;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";
		}`, cert, key, dir, srv.Addr))
	day := func(y int) time.Time { return time.Date(y, 6, 1, 12, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name string
		ours []tls.Certificate
		want string
	}{
		{"none", nil, "the server wants a certificate of this sensor"},
		{"another authority's", []tls.Certificate{other.issue(always, "rover-1")}, "the server wants a certificate of another authority than CN=Other CA"},
		{"expired", []tls.Certificate{ca.issue([2]time.Time{day(2020), day(2021)}, "rover-1")}, "the server refuses this sensor's certificate: it expired on 2021-06-01 12:00:00"},
		{"right", []tls.Certificate{ca.issue(always, "rover-1")}, ""},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(tt.name+" "+tls.VersionName(version), func(t *testing.T) {
				d := &uplink.Dialer{Server: uplink.Server{
					Host: "127.0.0.1", Port: port, Path: kismettest.EndpointPath, APIKey: apiKey,
					TLS: &tls.Config{RootCAs: ca.pool(), Certificates: tt.ours, MaxVersion: version},
				}}
				err := d.Probe(t.Context())
				got := ""
				if err != nil {
					got = strings.TrimPrefix(err.Error(), "server "+d.Server.Addr()+": ")
				}
				if got != tt.want || err != nil && fault.CodeOf(err) != fault.LinkTLS {
					t.Errorf("got %q (%s), want %q", got, fault.CodeOf(err), tt.want)
				}
			})
		}
	}
}

func TestServerIsReachedOverIPv6(t *testing.T) {
	r := newRig(t, kismettest.Config{}, false)
	if err := r.srv.Listen(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	done := forward(l, r.srv.Addr)
	defer func() { _ = l.Close(); <-done }()
	r.dialer.NetDial = nil
	r.dialer.Server.Host, r.dialer.Server.Port = "::1", l.Addr().(*net.TCPAddr).Port
	if got := r.dialer.Server.URL(); !regexp.MustCompile(`^ws://\[::1\]:\d+/`).MatchString(got) {
		t.Errorf("URL %s", got)
	}
	link, err := r.dialer.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := link.LocalAddr().String(); got != "::1" {
		t.Errorf("goes out from %s", got)
	}
	if !uplink.HasAddress(link.LocalAddr()) {
		t.Error("the machine has lost its loopback address")
	}
	link.Close()
}

func TestStepTellsWhenTheCertificateEnds(t *testing.T) {
	ca := newAuthority(t, "Home CA")
	end := time.Date(2101, 2, 3, 4, 5, 6, 0, time.UTC)
	c := ca.issue([2]time.Time{always[0], end}, "127.0.0.1")
	r := newSocketRig(t, kismettest.Config{TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{c}}}, false)
	r.dialer.Server.TLS = &tls.Config{RootCAs: ca.pool()}
	var secured uplink.Step
	err := uplink.Check(t.Context(), r.dialer.Server, "", func(s uplink.Step) {
		if s.Name == "tls" {
			secured = s
		}
	})
	if err != nil || !secured.Until.Equal(end) {
		t.Errorf("until %v, %v", secured.Until, err)
	}
	if want := "TLS 1.3, certificate of 127.0.0.1 by Home CA until 2101-02-03"; secured.Detail != want {
		t.Errorf("got %q, want %q", secured.Detail, want)
	}
}
