//go:build lite

package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/internal/fault"
)

// Server is what this build lacks: a NATS server inside this process.
type Server struct{}

func errLite() error {
	return fault.New(fault.BusLite, "bus", errors.New("this build of sensord has no server of its own"))
}

// StartServer returns an error with the code bus.lite.
func StartServer(context.Context, ServerOptions) (*Server, error) { return nil, errLite() }

// InProcess makes a connection fail, as there is no server.
func (*Server) InProcess() nats.Option { return func(*nats.Options) error { return errLite() } }

// ClientURL returns "".
func (*Server) ClientURL() string { return "" }

// Leaf returns the state of a server that joins no hub.
func (*Server) Leaf() LeafState { return LeafState{} }

// Store returns the state of a server that keeps nothing.
func (*Server) Store() ServerStore { return ServerStore{} }

func (*Server) wrongLogin() error { return nil }

// Close does nothing.
func (*Server) Close() {}

func leftBehind(string, time.Duration) []string { return nil }
