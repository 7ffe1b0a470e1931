//go:build !lite

// Package bustest is for tests of the bus: a hub, nats-server processes, and a
// line between them that can be cut.
package bustest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
)

// Hub is a hub in this process, with files of credentials.
type Hub struct {
	*bus.Hub
	StateDir string
	URL      string // for clients
	LeafURL  string // for leaves

	options bus.HubOptions
	creds   string
}

// StartHub starts a hub on ports of the kernel's choice, with the fleet
// "fleet". It ends with the test. Each of opts may change what it is started
// with.
func StartHub(tb testing.TB, opts ...func(*bus.HubOptions)) *Hub {
	tb.Helper()
	h := &Hub{StateDir: tb.TempDir(), creds: tb.TempDir()}
	h.options = bus.HubOptions{
		Name: "hub", StateDir: h.StateDir, Listen: "127.0.0.1:0", LeafListen: "127.0.0.1:0",
		Fleets: []string{"fleet"}, StoreBytes: 256 << 20, Log: slog.New(slog.DiscardHandler),
	}
	for _, change := range opts {
		change(&h.options)
	}
	h.start(tb)
	h.options.Listen, h.options.LeafListen = h.ClientAddr(), h.LeafAddr()
	h.URL, h.LeafURL = "nats://"+h.ClientAddr(), "nats://"+h.LeafAddr()
	if h.options.TLS != nil {
		h.URL, h.LeafURL = "tls://"+h.ClientAddr(), "tls://"+h.LeafAddr()
	}
	tb.Cleanup(func() { h.Close() })
	return h
}

func (h *Hub) start(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	started, err := bus.StartHub(ctx, h.options)
	if err != nil {
		tb.Fatal(err)
	}
	h.Hub = started
}

// Restart ends the hub, and starts it again with the same state on the same
// ports. between runs while there is none; it may be nil.
func (h *Hub) Restart(tb testing.TB, between func()) {
	tb.Helper()
	h.Close()
	if between != nil {
		between()
	}
	h.start(tb)
}

// Creds writes the credentials of a rig, and returns the file.
func (h *Hub) Creds(tb testing.TB, fleet, rig string) string {
	tb.Helper()
	return h.Issue(tb, bus.IssueRequest{Fleet: fleet, Name: rig})
}

// WatchCreds writes credentials that may only hear, and returns the file.
func (h *Hub) WatchCreds(tb testing.TB, fleet, name string) string {
	tb.Helper()
	return h.Issue(tb, bus.IssueRequest{Fleet: fleet, Name: name, Watch: true})
}

// Issue writes credentials as they are asked for, and returns the file.
func (h *Hub) Issue(tb testing.TB, r bus.IssueRequest) string {
	tb.Helper()
	creds, err := h.Authority().Issue(r)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := os.CreateTemp(h.creds, r.Fleet+"-"+r.Name+"-*.creds")
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := f.Write(creds); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return filepath.Clean(f.Name())
}

// Wait waits until cond holds, for a minute at most.
func Wait(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			tb.Fatalf("waited for a minute for %s", what)
		case <-tick.C:
		}
	}
}
