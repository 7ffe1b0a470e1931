package rest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

// kismetClock answers as Kismet does, with a clock that is ahead: the exact
// time for a login of the role readonly, else the second only.
func kismetClock(ahead, each time.Duration, readonly bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		<-time.After(each)
		now := time.Now().Add(ahead)
		<-time.After(each)
		w.Header()["Date"] = nil
		w.Header().Set("Server", "Kismet")
		switch {
		case r.URL.Path == "/system/timestamp.json" && readonly:
			_, _ = fmt.Fprintf(w, `{"kismet.system.timestamp.usec": %d,"kismet.system.timestamp.sec": %d}`, now.Nanosecond()/1000, now.Unix())
		case r.URL.Path == "/session/check_setup_ok":
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("Last-Modified", now.UTC().Format(http.TimeFormat))
			_, _ = io.WriteString(w, "Login configured in user config\n")
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
}

func TestServerTime(t *testing.T) {
	const round = 40 * time.Millisecond
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		ahead  time.Duration
		within time.Duration
		proxy  bool
	}{
		{"exact", kismetClock(90*time.Second, round/2, true), 90 * time.Second, round / 2, false},
		{"behind", kismetClock(-time.Hour, round/2, true), -time.Hour, round / 2, false},
		{"without the role", kismetClock(90*time.Second, round/2, false), 90 * time.Second, round/2 + 500*time.Millisecond, false},
		{"a clock that begins in 1970", kismetClock(-29*365*24*time.Hour, 0, true), -29 * 365 * 24 * time.Hour, 0, false},
		{"the web server in front", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx/1.22.1")
			w.Header().Set("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT") // of a file
			w.Header().Set("Date", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusNotFound)
		}, time.Minute, 500 * time.Millisecond, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, rest.Options{NetDial: pipes(t, tt.answer)})
				<-time.After(300 * time.Millisecond) // within a second
				got, err := c.ServerTime(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if off := got.Ahead - tt.ahead; off.Abs() > got.Within || got.Within != tt.within || got.Proxy != tt.proxy {
					t.Errorf("%+v, want %v within %v", got, tt.ahead, tt.within)
				}
				if beyond := tt.ahead.Abs() - 2*tt.within - time.Second; !got.Differs(beyond) || got.Differs(tt.ahead.Abs()+time.Second) {
					t.Errorf("%+v differs by more than %v: %t", got, beyond, got.Differs(beyond))
				}
			})
		})
	}
}

func TestServerTimeThatIsNotTold(t *testing.T) {
	const object = "server kismet.test:2501: "
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		code   fault.Code
		want   string
	}{
		{"nothing", func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil }, fault.RESTRefused, object + "the server does not say what time it is (200)"},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "yesterday")
			_, _ = io.WriteString(w, `{"kismet.system.timestamp.sec": 1e300, "kismet.system.timestamp.usec": -1}`)
		}, fault.RESTRefused, object + "the server does not say what time it is (200)"},
		{"a year that cannot be", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Sat, 01 Jan 9999 00:00:00 GMT")
			_, _ = io.WriteString(w, `{"kismet.system.timestamp.sec": 99999999999999, "kismet.system.timestamp.usec": 0}`)
		}, fault.RESTRefused, object + "the server does not say what time it is (200)"},
		{"never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, fault.LinkTimeout, object + "no answer of its REST within 5s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, rest.Options{NetDial: pipes(t, tt.answer)})
				_, err := c.ServerTime(t.Context())
				wantFault(t, err, tt.code, tt.want)
			})
		})
	}
}

// FuzzServerTime has a server answer with anything: it is a time or an error.
func FuzzServerTime(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 85\r\n\r\n" + `{"kismet.system.timestamp.sec": 1795412769,"kismet.system.timestamp.usec": 923110}   `,
		"HTTP/1.1 401 Unauthorized\r\nServer: Kismet\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nLast-Modified: Mon, 23 Nov 2026 05:46:09 GMT\r\nCache-Control: no-cache\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 404 Not Found\r\nDate: Mon, 23 Nov 2026 05:46:09 GMT\r\nContent-Length: 0\r\n\r\n",
		"\x15\x03\x01",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		c := client(t, rest.Options{NetDial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					_, _ = far.Write(answer)
				}
			}()
			return near, nil
		}})
		got, err := c.ServerTime(t.Context())
		if err == nil && got.Within < 0 || err != nil && (got != rest.ServerTime{} || fault.CodeOf(err) == "") {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
