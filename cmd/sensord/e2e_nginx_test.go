package main_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// nginx reaches Kismet through a real nginx, set up as docs/operations.md says,
// with TLS, a private CA and a path prefix.
func (e *endToEnd) nginx(t *testing.T) {
	srv := serve(t, kismettest.Config{})
	dir := t.TempDir()
	ca := newAuthority(t, "Home CA")
	right := write(t, dir, "ca.pem", ca.pem())
	wrong := write(t, dir, "other-ca.pem", newAuthority(t, "Other CA").pem())
	now := time.Now()
	good := certificate{hosts: []string{"localhost"}}
	sites := map[string]*site{
		"good":    {cert: good, upstream: srv.Addr},
		"down":    {cert: good, upstream: closedPort(t)},
		"name":    {cert: certificate{hosts: []string{"kismet.example", "www.kismet.example"}}, upstream: srv.Addr},
		"expired": {cert: certificate{hosts: good.hosts, from: now.AddDate(-1, 0, 0), until: now.AddDate(0, 0, -2)}, upstream: srv.Addr},
		"future":  {cert: certificate{hosts: good.hosts, from: now.AddDate(0, 0, 2), until: now.AddDate(1, 0, 0)}, upstream: srv.Addr},
	}
	startNginx(t, e, dir, ca, sites)
	flags := func(site, ca string, more ...string) []string {
		return slices.Concat(login, []string{
			"--connect", "localhost:" + sites[site].port, "--ssl=" + ca, "--source", e.walk + ":name=golden",
		}, more)
	}
	const endpoint = "/kismet/datasource/remote/remotesource.ws"
	once := []string{"--endpoint", endpoint, "--once", "--fixed-gps", "52.1,4.3,10"}
	t.Run("frames arrive", func(t *testing.T) {
		e.run(t, flags("good", right, once...)...)
		src := source(t, srv)
		arrived(t, srv.Frames(src.UUID), e.frames, &here)
		if src.Sessions != 1 {
			t.Errorf("%d sessions", src.Sessions)
		}
	})
	for _, test := range []struct {
		name   string
		args   []string
		status int
		want   []string
	}{
		{"wrong CA", flags("good", wrong, once...), 4, []string{"issued by CN=Home CA", "name the right authority with --ssl=CA.pem"}},
		{"wrong host name", flags("name", right, once...), 4, []string{
			`the certificate is not for "localhost" but for kismet.example, www.kismet.example`, "connect by a name in the certificate",
		}},
		{"expired", flags("expired", right, once...), 4, []string{"the certificate expired on " + now.AddDate(0, 0, -2).UTC().Format(time.DateOnly), "renew the server's certificate"}},
		{"not yet valid", flags("future", right, once...), 4, []string{"not valid before " + now.AddDate(0, 0, 2).UTC().Format(time.DateOnly), "check this machine's clock"}},
		{"Kismet is down", flags("down", right, append(once, "--disable-retry")...), 4, []string{
			"a web server (nginx/", "answered 502: no Kismet behind it", "start Kismet behind the proxy",
		}},
		{"prefix missing", flags("good", right, "--once"), 4, []string{
			"no Kismet at /datasource/remote/remotesource.ws", "answered 404", "behind a proxy the path has the proxy's prefix in front",
		}},
		{"TLS missing", slices.Concat(login, []string{"--connect", "localhost:" + sites["good"].port, "--source", e.walk}, once), 4, []string{
			"plain HTTP sent to a TLS port", "add --ssl",
		}},
		{"legacy TCP", []string{"--connect", "localhost:" + sites["good"].port, "--tcp", "--source", e.walk, "--once"}, 6, []string{
			"hangs up on both protocols", "needs no --tcp",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := e.start(t, invocation{args: test.args})
			if status := p.exit(t); status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			_, message, _ := strings.Cut(p.errs.String(), "\nsensord: ")
			has(t, message, append(test.want, "server localhost:")...)
		})
	}
}

// A site is one server of nginx.
type site struct {
	cert     certificate
	upstream string
	port     string // set by startNginx
}

// startNginx starts nginx with the server of docs/operations.md, once for each
// site.
func startNginx(t *testing.T, e *endToEnd, dir string, ca *authority, sites map[string]*site) {
	t.Helper()
	documented := fenced(t, filepath.Join(e.root, "docs/operations.md"), "nginx")
	if len(documented) != 1 {
		t.Fatalf("docs/operations.md has %d configurations of nginx", len(documented))
	}
	var servers strings.Builder
	for name, s := range sites {
		address := closedPort(t)
		_, s.port, _ = net.SplitHostPort(address)
		cert, key := ca.issue(t, s.cert)
		servers.WriteString(replaceAll(t, documented[0], map[string]string{
			"listen 443 ssl;":         "listen " + address + " ssl;",
			"/etc/nginx/kismet.crt":   write(t, dir, name+".crt", cert),
			"/etc/nginx/kismet.key":   write(t, dir, name+".key", key),
			"http://127.0.0.1:2501/;": "http://" + s.upstream + "/;",
		}))
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	config := write(t, dir, "nginx.conf", fmt.Sprintf(`%sdaemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	%s
}
`, user, servers.String()))
	cmd := command(t, "nginx", "-p", dir+"/", "-c", config, "-e", "stderr")
	var errs output
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it stops its workers itself
		<-ended
		if t.Failed() {
			t.Logf("nginx said\n%s", errs.String())
		}
	})
	for _, s := range sites {
		if err := answers("127.0.0.1:"+s.port, ended); err != nil {
			t.Fatalf("nginx: %v\n%s", err, errs.String())
		}
	}
}

// answers waits until somebody accepts connections there.
func answers(address string, ended <-chan struct{}) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ended:
			return errEnded
		case <-late:
			return errors.Join(err, os.ErrDeadlineExceeded)
		case <-tick.C:
		}
	}
}

// replaceAll replaces texts that have to be there.
func replaceAll(t *testing.T, text string, with map[string]string) string {
	t.Helper()
	for before, after := range with {
		if !strings.Contains(text, before) {
			t.Fatalf("there is no %q in\n%s", before, text)
		}
		text = strings.ReplaceAll(text, before, after)
	}
	return text
}
