package uplink_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

// dialerTo returns a dialer whose peer is a function, which reads and writes
// whatever it likes.
func dialerTo(t *testing.T, tcp bool, peer func(net.Conn)) *uplink.Dialer {
	t.Helper()
	return &uplink.Dialer{
		Server: uplink.Server{Host: "kismet.test", Port: 2501, Path: "/", APIKey: "k", TCP: tcp},
		NetDial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				peer(theirs)
			}()
			return ours, nil
		},
	}
}

// drain reads whatever comes, so that the other side can write.
func drain(c net.Conn) { go func() { _, _ = io.Copy(io.Discard, c) }() }

// Whatever listens there, the end has a code, and `check` and a session say it.
func TestPeersThatAreNoKismet(t *testing.T) {
	closeWith := func(code int) func(net.Conn) {
		return func(c net.Conn) {
			handled := make(chan struct{})
			srv := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(handled)
				ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
				if err != nil {
					return
				}
				defer ws.Close()
				_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "no"), time.Now().Add(time.Second))
				_, _, _ = ws.ReadMessage()
			})}
			_ = srv.Serve(&oneConn{conn: c})
			<-handled
		}
	}
	tests := []struct {
		name string
		tcp  bool
		peer func(net.Conn)
		code fault.Code
		text string
	}{
		{"headers without end", false, func(c net.Conn) {
			drain(c)
			_, err := io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n")
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000))
			}
		}, fault.LinkNotKismet, "the answer has no end"},
		{"rubbish", false, func(c net.Conn) { drain(c); _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n\r\n") }, fault.LinkNotKismet, "does not speak HTTP"},
		{"a websocket that closes for policy", false, closeWith(websocket.ClosePolicyViolation), fault.LinkProtocol, "hangs up on both protocols"},
		{"a websocket that will be back", false, closeWith(websocket.CloseServiceRestart), fault.LinkProtocol, "hangs up on both protocols"},
		{"an SSH server", true, func(c net.Conn) { drain(c); _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.2\r\n") }, fault.LinkNotKismet, ""},
		{"frames larger than any", true, func(c net.Conn) {
			drain(c)
			_, _ = c.Write([]byte{0xDE, 0xCA, 0xFB, 0xAD, 0xA9, 0xA9, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF})
		}, fault.LinkNotKismet, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := dialerTo(t, tt.tcp, tt.peer)
				var failed uplink.Step
				d.Trace = func(s uplink.Step) {
					if s.Err != nil {
						failed = s
					}
				}
				_, err := d.Dial(t.Context())
				if fault.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%v (%s), want %s with %q", err, fault.CodeOf(err), tt.code, tt.text)
				}
				if fault.CodeOf(failed.Err) != tt.code {
					t.Errorf("the failed step is %+v", failed)
				}
			})
		})
	}
}

// oneConn is a listener of one connection.
type oneConn struct {
	conn net.Conn
	done bool
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.done {
		return nil, net.ErrClosed
	}
	l.done = true
	return l.conn, nil
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return l.conn.LocalAddr() }
