package rest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const serverURL = "http://kismet.test:2501"

// client returns one of a server that is reached through dial.
func client(t testing.TB, o rest.Options) *rest.Client {
	t.Helper()
	if o.URL == "" {
		o.URL = serverURL
	}
	c, err := rest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type dialFunc = func(context.Context, string, string) (net.Conn, error)

// pipes serves a handler on net.Pipes, so that it works in a bubble.
func pipes(t testing.TB, handler http.HandlerFunc) dialFunc {
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: handler}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-ended })
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		select {
		case l.conns <- far:
			return near, nil
		case <-l.done:
			return nil, net.ErrClosed
		}
	}
}

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.done); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// wantFault compares code and text of an error.
func wantFault(t testing.TB, err error, code fault.Code, text string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("error %v is no fault, want %s %q", err, code, text)
	}
	if f.Code != code || f.Error() != text {
		t.Errorf("error %s %q, want %s %q", f.Code, f.Error(), code, text)
	}
	if f.Remedy() == "" {
		t.Errorf("%v has no remedy", err)
	}
}

// here is a position that only has a place.
func here(lat, lon, altMSL float64) gps.Position { return gps.NewFixed(lat, lon, altMSL, "test") }
