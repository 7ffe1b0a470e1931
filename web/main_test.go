package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token  = "to&ken+ 100%=ä"
	update = "/gps/meta/phone/update.cmd"
	full   = `{"lat":1.5,"lon":2.5,"alt":3,"spd":36}`
)

// A rig is a server with the receivers phone and browser, the second behind
// /gps/web, reached through pipes, so that it works in a bubble.
type rig struct {
	t     testing.TB
	fixes chan gps.Fix // of both
	log   *lockedBuffer
	pipe  *pipeListener
	dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	stop  func() error // ends Serve, and returns its error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newServer returns a server, and starts its receivers.
func newServer(t testing.TB) (*web.Server, chan gps.Fix, *lockedBuffer) {
	began := time.Now()
	now := func() int64 { return int64(time.Since(began)) }
	fixes := make(chan gps.Fix, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	receivers := map[string]*meta.Receiver{}
	for _, name := range []string{"phone", "browser"} {
		r := meta.New(meta.Options{Name: name, Now: now})
		receivers[name] = r
		running.Go(func() {
			_ = r.Run(ctx, func(e gps.Event) {
				if f, ok := e.(gps.Fix); ok {
					f.Receiver = name
					fixes <- f
				}
			})
		})
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	log := &lockedBuffer{}
	return web.New(web.Options{
		Token: token,
		Meta:  func(name string) (*meta.Receiver, bool) { r, ok := receivers[name]; return r, ok },
		Web:   func() (*meta.Receiver, bool) { return receivers["browser"], true },
		Log:   slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}), fixes, log
}

// start serves through pipes.
func start(t testing.TB) *rig {
	s, fixes, log := newServer(t)
	l := newPipe()
	return &rig{t: t, fixes: fixes, log: log, pipe: l, dial: l.dial, stop: serve(t, s, l)}
}

// from is the rig as seen from another address.
func (r *rig) from(remote string) *rig {
	other := *r
	other.dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return r.pipe.dialFrom(ctx, remote) }
	return &other
}

// serve runs Serve until the function it returns is called, or the test ends.
func serve(t testing.TB, s *web.Server, l net.Listener) func() error {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var err error
	go func() { defer close(ended); err = s.Serve(ctx, l) }()
	stop := func() error { cancel(); <-ended; return err }
	t.Cleanup(func() { _ = stop() })
	return stop
}

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipe() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return l.dialFrom(ctx, "192.0.2.7:4444")
}

func (l *pipeListener) dialFrom(ctx context.Context, remote string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- namedConn{far, remote}:
		return near, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error { l.once.Do(func() { close(l.done) }); return nil }

func (l *pipeListener) Addr() net.Addr { return address("127.0.0.1:2510") }

// A namedConn says that it comes from somewhere.
type namedConn struct {
	net.Conn
	remote string
}

func (c namedConn) RemoteAddr() net.Addr { return address(c.remote) }

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

// An answer is what is of interest in a response.
type answer struct {
	status int
	body   string
	header http.Header
}

// do sends a request on a connection of its own.
func (r *rig) do(method, target string, h http.Header, body string) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, "http://sensor.test:2510"+target, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if h != nil {
		req.Header = h
	}
	client := http.Client{Transport: &http.Transport{DialContext: r.dial, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(text), resp.Header}
}

// post sends JSON with the token.
func (r *rig) post(target, body string) answer {
	r.t.Helper()
	return r.do(http.MethodPost, target, bearer(), body)
}

func bearer() http.Header {
	return http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
}

func basic(user, password string) http.Header {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header
}

// fix returns the next fix.
func (r *rig) fix() gps.Fix {
	r.t.Helper()
	select {
	case f := <-r.fixes:
		return f
	case <-time.After(time.Second):
		r.t.Fatal("no fix")
		return gps.Fix{}
	}
}

// socket opens a websocket; nil and the refusal if there is none.
func (r *rig) socket(target string, h http.Header) (*websocket.Conn, answer) {
	r.t.Helper()
	d := websocket.Dialer{NetDialContext: r.dial, EnableCompression: true}
	ws, resp, err := d.Dial("ws://sensor.test:2510"+target, h)
	if resp == nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	if ws != nil {
		r.t.Cleanup(func() { _ = ws.Close() })
	}
	return ws, answer{resp.StatusCode, string(body), resp.Header}
}

// say sends a message and returns the answer.
func (r *rig) say(ws *websocket.Conn, kind int, text string) string {
	r.t.Helper()
	if err := ws.WriteMessage(kind, []byte(text)); err != nil {
		r.t.Fatal(err)
	}
	got, body, err := ws.ReadMessage()
	if err != nil {
		r.t.Fatal(err)
	}
	if got != websocket.TextMessage {
		r.t.Errorf("answer of type %d", got)
	}
	return string(body)
}
