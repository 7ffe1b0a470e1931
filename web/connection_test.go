package web_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/web"
)

// A link is an open connection.
type link struct {
	net.Conn
	answers chan int      // their status
	closed  chan struct{} // by the server
}

// silent opens a connection that says nothing.
func (r *rig) silent() *link {
	r.t.Helper()
	c, err := r.dial(r.t.Context(), "", "")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	l := &link{Conn: c, answers: make(chan int, 10), closed: make(chan struct{})}
	go func() {
		defer close(l.closed)
		for in := bufio.NewReader(c); ; {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			l.answers <- resp.StatusCode
		}
	}()
	return l
}

func (l *link) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// ask sends a request with the token, and returns the status; 0 if there is no
// answer.
func (l *link) ask() int {
	_, _ = io.WriteString(l, "GET /session/check_session HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\n\r\n")
	select {
	case status := <-l.answers:
		synctest.Wait() // the server takes it for idle
		return status
	case <-l.closed:
		return 0
	}
}

// closed waits until nothing moves, and counts.
func closed(links []*link) (n int) {
	synctest.Wait()
	for _, l := range links {
		if l.isClosed() {
			n++
		}
	}
	return n
}

func TestSilentConnectionsLockNobodyOut(t *testing.T) {
	for _, tt := range []struct {
		name   string
		from   func(i int) string
		closed int // of 200
	}{
		{"of one address", func(i int) string { return fmt.Sprintf("127.0.0.1:%d", i+1) }, 200 - web.MaxStrangers},
		{"of one network", func(i int) string { return fmt.Sprintf("[2001:db8::%x]:1", i+1) }, 200 - web.MaxStrangers},
		{"of many", func(i int) string { return fmt.Sprintf("192.0.2.%d:1", i) }, 200 - web.MaxConns},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t)
				for range web.MaxSockets { // these do not count
					r.socket(stream, bearer())
				}
				var links []*link
				for i := range 200 {
					links = append(links, r.from(tt.from(i)).silent())
				}
				if got := closed(links); got != tt.closed {
					t.Errorf("%d closed, want %d", got, tt.closed)
				}
				if !links[0].isClosed() || links[199].isClosed() {
					t.Error("the newest has made room, not the oldest")
				}
				began := time.Now()
				for _, from := range []string{tt.from(0), "198.51.100.1:1"} {
					if got := r.from(from).post(update, full); got.status != 200 || time.Since(began) != 0 {
						t.Errorf("%s: %+v after %v", from, got, time.Since(began))
					}
				}
			})
		})
	}
}

// As through a tunnel: all come from one address.
func TestIdleConnectionsWithALoginMakeRoomLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		var phones []*link
		for i := range web.MaxConns {
			phones = append(phones, r.silent())
			if got := phones[i].ask(); got != 200 {
				t.Fatalf("phone %d: status %d", i, got)
			}
		}
		if got := closed(phones); got != 0 {
			t.Fatalf("%d phones are closed", got)
		}
		phones[0].ask() // so that the second has waited longest
		one := r.silent()
		if closed(phones) != 1 || !phones[1].isClosed() {
			t.Errorf("%d phones are closed for a stranger", closed(phones))
		}
		r.silent()
		if closed(phones) != 1 || !one.isClosed() {
			t.Errorf("%d phones are closed for the next", closed(phones))
		}
		if got := phones[0].ask(); got != 200 {
			t.Errorf("status %d of the first phone", got)
		}
	})
}

func TestRunningRequestsMakeNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		var busy []*link
		for i := range web.MaxConns {
			l := r.from(fmt.Sprintf("192.0.2.%d:1", i)).silent()
			_, _ = fmt.Fprintf(l, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 2\r\n\r\n", "/gps/web/update.cmd", token)
			synctest.Wait() // the handler reads the body
			busy = append(busy, l)
		}
		if more := r.silent(); closed([]*link{more}) != 1 {
			t.Error("one more is let in")
		}
		_, _ = io.WriteString(busy[0], "{}")
		if closed(busy) != 0 {
			t.Error("a request was cut off")
		}
		if got := r.post(update, full); got.status != 200 {
			t.Errorf("after the first has ended: %+v", got)
		}
	})
}

func TestConnectionEndsWithoutALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		for _, tt := range []struct {
			request, header string
			close           bool
		}{
			{"GET /session/check_session", "Authorization: Bearer " + token, false},
			{"POST /gps/meta/nobody/update.cmd", "Authorization: Bearer " + token, false},
			{"GET /session/check_session", "Authorization: Bearer x", true},
			{"GET /session/check_session", "X: y", true},
			{"GET /nowhere", "X: y", true},
			{"PUT " + update, "X: y", true},
			{"OPTIONS *", "X: y", true},
		} {
			l := r.silent()
			_, _ = fmt.Fprintf(l, "%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", tt.request, tt.header)
			if got := closed([]*link{l}) == 1; got != tt.close {
				t.Errorf("%s, %s: closed %v", tt.request, tt.header, got)
			}
		}
	})
}

func TestSilentConnectionsMakeRoomBeforeTLS(t *testing.T) {
	s, _, _ := newServer(t)
	cert, _ := certificate(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{cert}}))
	var first net.Conn
	for range web.MaxStrangers + 1 {
		c, err := net.Dial("tcp", plain.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if first == nil {
			first = c
		}
	}
	_ = first.SetReadDeadline(time.Now().Add(web.ReadTimeout / 2))
	if _, err := first.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the first is left open")
	}
}
