package rest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

func TestLoginTravelsInHeaders(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    rest.Options
		want http.Header
	}{
		{"user wins", rest.Options{User: "joe", Password: "a:b&c", APIKey: "KEY"}, http.Header{"Authorization": {"Basic am9lOmE6YiZj"}}},
		{"API key", rest.Options{APIKey: "K EY"}, http.Header{"Cookie": {"KISMET=K+EY"}}},
		{"nobody", rest.Options{UserAgent: "sensord/1"}, http.Header{"User-Agent": {"sensord/1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got *http.Request
				tt.o.NetDial = pipes(t, func(w http.ResponseWriter, r *http.Request) { got = r.Clone(context.Background()) })
				c := client(t, tt.o)
				if err := c.UpdateMetaGPS(t.Context(), "van", here(1, 2, 3)); err != nil {
					t.Fatal(err)
				}
				if got.RequestURI != "/gps/meta/van/update.cmd" || got.Method != http.MethodPost {
					t.Errorf("%s %s", got.Method, got.RequestURI)
				}
				h := http.Header{}
				for _, name := range []string{"Authorization", "Cookie", "User-Agent"} {
					if v := got.Header.Values(name); v != nil && !strings.HasPrefix(v[0], "Go-http") {
						h[name] = v
					}
				}
				if diff := cmp.Diff(tt.want, h); diff != "" {
					t.Errorf("headers (-want +got)\n%s", diff)
				}
			})
		})
	}
}

func TestAnswersThatAreNotKismets(t *testing.T) {
	const object = "server kismet.test:2501: "
	const doing = object + "update meta GPS van: "
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		code   fault.Code
		want   string
	}{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://evil.test/", http.StatusTemporaryRedirect)
		}, fault.RESTRefused, doing + `the server redirects to "http://evil.test/", which is not followed`},
		{"proxy without Kismet", status(502, ""), fault.RESTRefused, doing + "the server answered 502: no Kismet behind it"},
		{"a reason", status(500, "ERROR: bad\x1b[2J "+strings.Repeat("x", 100)+"\nmore"), fault.RESTRefused, doing + `the server answered 500: "ERROR: bad\x1b[2J ` + strings.Repeat("x", 65) + `..."`},
		{"a whole lot", status(500, strings.Repeat("y", 1<<20)), fault.RESTRefused, doing + `the server answered 500: "` + strings.Repeat("y", 80) + `..."`},
		{"teapot", status(418, ""), fault.RESTRefused, doing + "the server answered 418"},
		{"not Kismet", status(404, ""), fault.RESTRefused, object + "no Kismet at http://kismet.test:2501 (404)"},
		{"TLS there", status(400, "The plain HTTP request was sent to HTTPS port"), fault.LinkPlain, object + "plain HTTP sent to a TLS port"},
		{"no answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, fault.LinkLost, object + "the server ended the connection without an answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, rest.Options{NetDial: pipes(t, tt.answer), APIKey: "SECRET"})
				err := c.UpdateMetaGPS(t.Context(), "van", here(1, 2, 3))
				wantFault(t, err, tt.code, tt.want)
			})
		})
	}
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func TestServerThatDoesNotAnswer(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"at all": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"to the end": func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, rest.Options{NetDial: pipes(t, answer)})
				began := time.Now()
				_, err := c.MetaGPS(t.Context(), "van")
				wantFault(t, err, fault.LinkTimeout, "server kismet.test:2501: no answer of its REST within 5s")
				if took := time.Since(began); took != rest.Timeout {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestQuestionEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := client(t, rest.Options{NetDial: pipes(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })})
		_, err := c.MetaGPS(ctx, "van")
		wantFault(t, err, fault.LinkLost, "server kismet.test:2501: asking its REST: context canceled")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v does not wrap the context's error", err)
		}
	})
}

func TestNoConnection(t *testing.T) {
	const object = "server kismet.test:2501: "
	for _, tt := range []struct {
		name string
		err  error
		code fault.Code
		want string
	}{
		{"no address", &net.DNSError{Err: "no such host", Name: "kismet.test", IsNotFound: true}, fault.LinkResolve, `no address for "kismet.test": no such host`},
		{"nobody listens", syscall.ECONNREFUSED, fault.LinkRefused, "connection refused"},
		{"no route", syscall.ENETUNREACH, fault.LinkUnreachable, "network is unreachable"},
		{"silence", syscall.ETIMEDOUT, fault.LinkTimeout, "no answer of its REST within 5s"},
		{"something else", errors.New("strange"), fault.LinkUnreachable, "strange"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.err
			if errno, ok := errors.AsType[syscall.Errno](err); ok {
				err = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
			}
			c := client(t, rest.Options{NetDial: func(context.Context, string, string) (net.Conn, error) { return nil, err }})
			_, got := c.MetaGPS(t.Context(), "van")
			wantFault(t, got, tt.code, object+tt.want)
		})
	}
}

func TestTLS(t *testing.T) {
	srv := httptest.NewUnstartedServer(status(http.StatusMethodNotAllowed, ""))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	srv.StartTLS()
	defer srv.Close()
	plain := httptest.NewServer(status(http.StatusMethodNotAllowed, ""))
	defer plain.Close()
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	for _, tt := range []struct {
		name string
		url  string
		tls  *tls.Config
		code fault.Code
		want string
	}{
		{"trusted", srv.URL, &tls.Config{RootCAs: pool}, "", ""},
		{"unknown authority", srv.URL, nil, fault.LinkTLS, "certificate signed by an unknown authority"},
		{"another name", srv.URL, &tls.Config{RootCAs: pool, ServerName: "kismet.test"}, fault.LinkTLS, "the certificate is for another name"},
		{"plain on a TLS port", "http" + strings.TrimPrefix(srv.URL, "https"), nil, fault.LinkPlain, "plain HTTP sent to a TLS port"},
		{"TLS on a plain port", "https" + strings.TrimPrefix(plain.URL, "http"), nil, fault.LinkTLS, "the server does not speak TLS"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := client(t, rest.Options{URL: tt.url, TLS: tt.tls})
			_, host, _ := strings.Cut(tt.url, "://")
			got, err := c.MetaGPS(t.Context(), "van")
			if tt.code == "" {
				if !got || err != nil {
					t.Errorf("%t, %v", got, err)
				}
				return
			}
			wantFault(t, err, tt.code, "server "+host+": "+tt.want)
		})
	}
}

// A question meets a server that has closed the connection that waited.
func TestConnectionThatWasClosedMeanwhile(t *testing.T) {
	var conns atomic.Int32
	srv := httptest.NewUnstartedServer(status(http.StatusOK, "Updated\n"))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	c := client(t, rest.Options{URL: srv.URL})
	for range 20 {
		if err := c.UpdateMetaGPS(t.Context(), "van", here(1, 2, 3)); err != nil {
			t.Fatal(err)
		}
		srv.CloseClientConnections()
	}
	if conns.Load() < 2 {
		t.Error("one connection did it")
	}
}

func TestURLs(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"http://kismet.test:2501", ""},
		{"https://kismet.test/kismet/", ""},
		{"http://[::1]:2501", ""},
		{"kismet.test:2501", "rest url: not of the form http://host:2501 or https://host"},
		{"", "rest url: not of the form http://host:2501 or https://host"},
		{"wss://kismet.test", "rest url: not of the form http://host:2501 or https://host"},
		{"http://:2501", "rest url: not of the form http://host:2501 or https://host"},
		{"http://joe:secret@kismet.test", "rest url: a login does not belong into a URL: give user and password, or an API key, beside it"},
		{"http://joe:secret@kismet.test:port", "rest url: not a URL"},
		{"http://kismet.test/?KISMET=secret", "rest url: nothing may be behind the path"},
	} {
		c, err := rest.New(rest.Options{URL: tt.url})
		if tt.want != "" {
			wantFault(t, err, fault.ConfigInvalid, tt.want)
			if c != nil {
				t.Errorf("%s: a client with an error", tt.url)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
		}
	}
}
