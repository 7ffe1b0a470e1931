package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// worldOfServers starts the servers that the files of testdata/check-server
// speak of in braces, and goes to a directory with what their configurations
// name. It returns words with addresses for them, in pairs.
func worldOfServers(t *testing.T) (places []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	home := newIssuer(t, "Home CA", nil)
	middle := newIssuer(t, "Home CA of the garage", home)
	writeFile(t, "home.pem", home.pem())
	writeFile(t, "other.pem", newIssuer(t, "Other CA", nil).pem())
	writeFile(t, "home.key", []byte(datasourceKey+"\n"))
	writeFile(t, "readonly.key", []byte(readonlyKey+"\n"))
	writeFile(t, "blow.txt", []byte("blow\n"))
	writeFile(t, "wrong.key", []byte(strings.Repeat("0", 32)+"\n"))
	writePair(t, "fresh", home.issue(t, days{-1, 300}, "rover-1"))
	writePair(t, "old", home.issue(t, days{-30, -2}, "rover-1"))
	writePair(t, "ending", home.issue(t, days{-1, 6}, "rover-1"))
	trusted := x509.NewCertPool()
	trusted.AddCert(home.cert)
	year := days{-1, 365}
	for name, c := range map[string]*tls.Config{
		"plain":   nil,
		"good":    {Certificates: []tls.Certificate{middle.issue(t, year, "localhost", "kismet.example", "a.example", "b.example")}},
		"ending":  {Certificates: []tls.Certificate{home.issue(t, days{-1, 6}, "localhost")}},
		"expired": {Certificates: []tls.Certificate{home.issue(t, days{-30, -2}, "localhost")}},
		"future":  {Certificates: []tls.Certificate{home.issue(t, days{3, 30}, "localhost")}},
		"name":    {Certificates: []tls.Certificate{home.issue(t, year, "kismet.example", "www.kismet.example")}},
		"old":     {Certificates: []tls.Certificate{home.issue(t, year, "localhost")}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"mutual":  {Certificates: []tls.Certificate{home.issue(t, year, "localhost")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted},
	} {
		s := server(t, func(cfg *kismettest.Config) { cfg.TLS = c })
		places = append(places, "{"+name+"}", "localhost:"+portOf(s.Addr))
		if c == nil {
			places = append(places, "{legacy}", s.TCPAddr)
		}
	}
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	return append(places, "{web}", web.Listener.Addr().String(), "{nobody}", closedPort(t), "{proxy}", connectProxy(t))
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// connectProxy is an HTTP proxy for who logs in to it as joe.
func connectProxy(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
		if user, password, _ := r.BasicAuth(); user != "joe" || password != "blow" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		far, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer far.Close()
		near, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer near.Close()
		_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			_, _ = io.Copy(far, buf)
			_ = far.Close()
		}()
		_, _ = io.Copy(near, far)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// What is different each time: dates, and to how much clocks agree.
var (
	dateTime = regexp.MustCompile(`20\d\d-\d\d-\d\d( \d\d:\d\d:\d\d)?`)
	agree    = regexp.MustCompile(`agree to \S+`)
	resolved = regexp.MustCompile(`localhost is .*`)
)

// TestCheckOfServers checks the servers of every file of testdata/check-server:
// each fault with the line that a user sees.
func TestCheckOfServers(t *testing.T) {
	files, err := filepath.Abs("testdata/check-server/*.view")
	if err != nil {
		t.Fatal(err)
	}
	places := worldOfServers(t)
	var words []string
	for i := 0; i < len(places); i += 2 {
		words = append(words, places[i+1], places[i])
	}
	for _, variable := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		t.Setenv(variable, "")
	}
	eachGolden(t, files, func(t *testing.T, file, input string) {
		text := strings.NewReplacer(places...).Replace(input) + "\nsources: [{interface: wlan7, type: linuxwifi}]\nstate_dir: /state\n"
		writeFile(t, "rig.yaml", []byte(text))
		loaded, err := configs.Load("rig.yaml", nil, configs.Flags{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := &checklist{out: &out}
		c.servers(t.Context(), loaded.Config.Servers)
		lines := took.ReplaceAllStringFunc(out.String(), func(s string) string { return strings.Repeat(" ", len([]rune(s))) })
		lines = agree.ReplaceAllString(dateTime.ReplaceAllString(lines, "…"), "agree to …")
		lines = resolved.ReplaceAllString(lines, "localhost is …")
		lines = strings.NewReplacer(words...).Replace(lines)
		lines = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(lines, "127.0.0.1:…")
		golden(t, file, fmt.Sprintf("exit %d %s\n%s", c.status, c.failed, lines))
	})
}

// Clocks that differ are a warning, and told from those that do not.
func TestCheckOfAServersClock(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   []string
	}{
		{"ahead", clockOf(90 * time.Minute), []string{"warn  server clock", "the server's clock is 1h30m0s ahead of this machine's (to ", "start an NTP client there and here"}},
		{"behind", clockOf(-10 * time.Second), []string{"warn  server clock", "the server's clock is 10s behind this machine's (to "}},
		{"near", clockOf(500 * time.Millisecond), []string{"ok    server clock", "500ms ahead of"}},
		{"in front of it", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx")
			w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusNotFound)
		}, []string{"warn  server clock", "the clock of the web server in front of it is 1h0m0s ahead of"}},
		{"none", func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }, []string{"warn  server clock", "the server does not say what time it is (200)", "check rest: {url: …}"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(tt.answer)
			defer s.Close()
			var out bytes.Buffer
			c := &checklist{out: &out}
			c.serverClock(t.Context(), configs.Server{Name: "home", Host: "127.0.0.1", Port: 1, REST: configs.REST{URL: s.URL}, Proxy: configs.Proxy{Mode: configs.ProxyNone}})
			for _, part := range tt.want {
				if !strings.Contains(out.String(), part) {
					t.Errorf("no %q in\n%s", part, out.String())
				}
			}
			if c.status != 0 {
				t.Errorf("exit %d", c.status)
			}
		})
	}
}

func clockOf(ahead time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now().Add(ahead)
		_, _ = fmt.Fprintf(w, `{"kismet.system.timestamp.sec": %d, "kismet.system.timestamp.usec": %d}`, now.Unix(), now.Nanosecond()/1000)
	}
}

// A server that is not asked for its time, and none at all.
func TestCheckWithoutAServersTime(t *testing.T) {
	var out bytes.Buffer
	c := &checklist{out: &out}
	c.serverClock(t.Context(), configs.Server{Name: "home"})
	c.servers(t.Context(), nil)
	const want = "skip  server clock            not asked: it takes rest: {url: …} to know where\n" +
		"skip  server                  there is none: frames are recorded, and sent nowhere\n"
	if out.String() != want || c.status != fault.ExitOK {
		t.Errorf("exit %d\n%s", c.status, out.String())
	}
}
