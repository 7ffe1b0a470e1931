//go:build !lite

package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
)

// HubOptions describe a hub.
type HubOptions struct {
	Name       string      // of the server; a token
	StateDir   string      // keys and streams
	Listen     string      // host:port for clients; port 0 is any
	LeafListen string      // host:port for leaves; port 0 is any
	Fleets     []string    // to make if they are missing; there may be more in StateDir
	StoreBytes int64       // of each fleet, on disk; default 1 GiB
	TLS        *tls.Config // of both ports; nil is plain
	Log        *slog.Logger
}

// Hub is a server at which rigs meet: clients, leaves and what it keeps of each
// fleet.
type Hub struct{}

// StartHub starts a hub and returns when it takes connections.
func StartHub(context.Context, HubOptions) (*Hub, error) { return nil, errors.ErrUnsupported }

// ClientAddr returns host:port for clients.
func (h *Hub) ClientAddr() string { return "" }

// LeafAddr returns host:port for leaves.
func (h *Hub) LeafAddr() string { return "" }

// Authority returns who decides at this hub.
func (h *Hub) Authority() *Authority { return nil }

// Close ends the hub and waits until it has.
func (h *Hub) Close() {}
