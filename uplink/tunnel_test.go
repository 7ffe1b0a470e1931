package uplink_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// connectProxy is an HTTP proxy that does nothing but CONNECT.
type connectProxy struct {
	addr  *net.TCPAddr
	login string // user:password that it wants; "" is none

	mu    sync.Mutex
	asked []string // for what
}

func newConnectProxy(t *testing.T, login string, secured *tls.Config) *connectProxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &connectProxy{addr: l.Addr().(*net.TCPAddr), login: login}
	var conns sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer context.AfterFunc(ctx, func() { _ = c.Close() })()
				defer c.Close()
				inner := c
				if secured != nil {
					inner = tls.Server(c, secured)
				}
				p.serve(inner)
			})
		}
	})
	t.Cleanup(func() { cancel(); _ = l.Close(); conns.Wait() })
	return p
}

func (p *connectProxy) serve(c net.Conn) {
	r := bufio.NewReader(c)
	req, err := http.ReadRequest(r)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.RequestURI)
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.login))
	if p.login != "" && req.Header.Get("Proxy-Authorization") != want {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
		return
	}
	there, err := net.Dial("tcp", req.RequestURI)
	if err != nil {
		_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer there.Close()
	_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	done := make(chan struct{}, 2)
	go func() { _, _ = io.Copy(there, r); done <- struct{}{} }()
	go func() { _, _ = io.Copy(c, there); done <- struct{}{} }()
	<-done
	_, _ = c.Close(), there.Close()
	<-done
}

// through is the proxy as a dialer is told of it.
func (p *connectProxy) through(user, password string, secured *tls.Config) *uplink.Proxy {
	return &uplink.Proxy{Host: "127.0.0.1", Port: p.addr.Port, TLS: secured, User: user, Password: password}
}

// newSocketRig is newRig with a server on sockets of this machine.
func newSocketRig(t *testing.T, cfg kismettest.Config, tcp bool) *rig {
	t.Helper()
	r := newRig(t, cfg, tcp)
	if err := r.srv.Listen(); err != nil {
		t.Fatal(err)
	}
	addr := r.srv.Addr
	if tcp {
		addr = r.srv.TCPAddr
	}
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	r.dialer.NetDial = nil
	r.dialer.Server.Host, r.dialer.Server.Port = at.IP.String(), at.Port
	return r
}

func TestFramesArriveThroughAProxy(t *testing.T) {
	ca := newAuthority(t, "Test CA")
	for _, kind := range []string{"http", "https"} {
		for _, transport := range []string{"ws", "wss", "tcp"} {
			t.Run(kind+" "+transport, func(t *testing.T) {
				var cfg kismettest.Config
				if transport == "wss" {
					cfg.TLS = ca.server("127.0.0.1")
				}
				r := newSocketRig(t, cfg, transport == "tcp")
				if transport == "wss" {
					r.dialer.Server.TLS = &tls.Config{RootCAs: ca.pool()}
				}
				var theirs, ours *tls.Config
				if kind == "https" {
					theirs, ours = ca.server("127.0.0.1"), &tls.Config{RootCAs: ca.pool()}
				}
				p := newConnectProxy(t, "rover:pass word", theirs)
				r.dialer.Server.Proxy = p.through("rover", "pass word", ours)
				r.capture(500)
				r.session.Log.Close()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if lost := r.links(ctx); lost != 0 {
					t.Errorf("%d links were lost", lost)
				}
				got, _ := r.arrived()
				if diff := cmp.Diff(upTo(500), got); diff != "" {
					t.Errorf("frames (-want +got):\n%s", diff)
				}
				if want := "CONNECT " + r.dialer.Server.Addr(); !slices.Contains(p.asked, want) {
					t.Errorf("the proxy was asked %q, want %q", p.asked, want)
				}
			})
		}
	}
}

func TestEachWayThatAProxyFailsIsNamed(t *testing.T) {
	const object = "server home (kismet.test:2501): proxy http://proxy.test:3128: "
	tests := []struct {
		name   string
		answer string
		user   string
		code   fault.Code
		want   string
		remedy string
	}{
		{"login wanted", "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", "", fault.LinkProxy, "it wants a login (407)", "password_file"},
		{"login refused", "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n", "rover", fault.LinkProxy, `it refuses the login of user "rover" (407)`, "not Kismet's"},
		{"another login", "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n", "rover", fault.LinkProxy, "it wants a login by Negotiate, NTLM (407)", "Basic"},
		{"forbidden", "HTTP/1.1 403 Forbidden\r\n\r\n", "", fault.LinkProxy, "it does not allow a connection to kismet.test:2501 (403)", "allow CONNECT"},
		{"server away", "HTTP/1.1 503 Service Unavailable\r\n\r\n", "", fault.LinkProxy, "it cannot reach kismet.test:2501 (503)", "looks up its name"},
		{"web server", "HTTP/1.1 405 Method Not Allowed\r\n\r\n", "", fault.LinkProxy, "it answered 405 Method Not Allowed to a CONNECT", "is it a proxy?"},
		{"teapot", "HTTP/1.1 418 I'm a teapot\x1b[2J\r\n\r\n", "", fault.LinkProxy, "it answered 418 I'm a teapot.[2J", "HTTP_PROXY"},
		{"nothing", "", "", fault.LinkProxy, "it ended the connection without an answer", "is it an HTTP proxy?"},
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "", fault.LinkProxy, `no HTTP answer: malformed HTTP response "SSH-2.0-OpenSSH_9.2"`, "is it an HTTP proxy?"},
		{"no end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 10_000), "", fault.LinkProxy, "the answer has no end", "is it an HTTP proxy?"},
		{"no end of a line", strings.Repeat("x", 1<<20), "", fault.LinkProxy, "the answer has no end", "is it an HTTP proxy?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, kismettest.Config{}, false)
				r.dialer.Server.Proxy = &uplink.Proxy{Host: "proxy.test", Port: 3128, User: tt.user, Password: "s3cret"}
				r.dialer.NetDial = answering(t, "proxy.test:3128", tt.answer)
				_, err := r.dialer.Dial(t.Context())
				if fault.CodeOf(err) != tt.code || err.Error() != object+tt.want {
					t.Errorf("got  %v (%s)\nwant %s", err, fault.CodeOf(err), object+tt.want)
				}
				if byPerson := strings.Contains(tt.want, "login"); uplink.Final(err) != byPerson {
					t.Errorf("final is %v", !byPerson)
				}
				if got := fault.RemedyOf(err); !strings.Contains(got, tt.remedy) {
					t.Errorf("remedy %q does not say %q", got, tt.remedy)
				}
			})
		})
	}
}

// answering is a network on which whoever is dialled reads a request and says
// one thing.
func answering(t *testing.T, addr, answer string) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, asked string) (net.Conn, error) {
		if asked != addr {
			t.Errorf("dialled %s, want %s", asked, addr)
		}
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			if _, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
				_, _ = io.WriteString(theirs, answer)
			}
		}()
		return ours, nil
	}
}

func TestProxyThatCannotBeReachedIsNamed(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := closed.Addr().(*net.TCPAddr).Port
	_ = closed.Close()
	d := &uplink.Dialer{Server: uplink.Server{
		Host: "kismet.example", Port: 2501, Proxy: &uplink.Proxy{Host: "127.0.0.1", Port: port, User: "rover", Password: "s3cret"},
	}}
	_, err = d.Dial(t.Context())
	if want := fmt.Sprintf("server kismet.example:2501: proxy http://127.0.0.1:%d: connection refused", port); err == nil || err.Error() != want || fault.CodeOf(err) != fault.LinkProxy {
		t.Errorf("got %v, want %s", err, want)
	}
	d.Server.Proxy.TLS = &tls.Config{}
	d.Server.Proxy.Port = newConnectProxy(t, "", nil).addr.Port
	if _, err = d.Dial(t.Context()); err == nil || !strings.Contains(fault.RemedyOf(err), "write http:// instead") {
		t.Errorf("https:// to a plain proxy: %v: %s", err, fault.RemedyOf(err))
	}
}

func TestSilentProxyIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, kismettest.Config{}, false)
		r.dialer.Server.Proxy = &uplink.Proxy{Host: "proxy.test", Port: 3128}
		r.dialer.NetDial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			return ours, nil
		}
		start := time.Now()
		if _, err := r.dialer.Dial(t.Context()); fault.CodeOf(err) != fault.LinkProxy || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.dialer.Dial(ctx); fault.CodeOf(err) != fault.LinkLost || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// What the server says first may come with the proxy's answer.
func TestNothingThatComesWithTheProxysAnswerIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &uplink.Dialer{Server: uplink.Server{Host: "kismet.test", Port: 2501, Proxy: &uplink.Proxy{Host: "proxy.test", Port: 3128}}}
		d.NetDial = answering(t, "proxy.test:3128", "HTTP/1.1 200 OK\r\n\r\nhello from Kismet")
		c, err := d.DialContext(t.Context(), "tcp", "kismet.test:2501")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got, err := io.ReadAll(c); string(got) != "hello from Kismet" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func FuzzConnectAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nmore", "HTTP/1.1 407 No\r\nProxy-Authenticate: \r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "\x15\x03\x01",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		d := &uplink.Dialer{Server: uplink.Server{Host: "kismet.test", Port: 2501, Proxy: &uplink.Proxy{Host: "proxy.test", Port: 3128}}}
		d.NetDial = answering(t, "proxy.test:3128", answer)
		c, err := d.DialContext(t.Context(), "tcp", "kismet.test:2501")
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		if err != nil && fault.CodeOf(err) != fault.LinkProxy {
			t.Fatal(err)
		}
		if c != nil {
			_ = c.Close()
		}
	})
}
