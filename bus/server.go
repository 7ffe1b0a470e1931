//go:build !lite

package bus

import (
	"context"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// Server is a NATS server inside this process.
type Server struct {
	options ServerOptions
	nats    *server.Server
}

// StartServer starts a server and returns when it takes connections. Errors
// have the codes bus.listen and bus.store, and ctx's own.
func StartServer(_ context.Context, o ServerOptions) (*Server, error) {
	opts := &server.Options{
		ServerName: o.Name, DontListen: o.Listen == "", NoSigs: true, NoLog: true,
		JetStream: o.Domain != "", JetStreamDomain: o.Domain, StoreDir: o.StoreDir,
		JetStreamMaxStore: o.StoreBytes, JetStreamMaxMemory: o.MemoryBytes, MaxPayload: MaxPayload,
	}
	s, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	s.Start()
	return &Server{options: o, nats: s}, nil
}

// InProcess makes a client connect to the server without a socket.
func (s *Server) InProcess() nats.Option { return nats.InProcessServer(s.nats) }

// ClientURL returns where local clients connect, "" if they cannot.
func (s *Server) ClientURL() string {
	if s.options.Listen == "" {
		return ""
	}
	return s.nats.ClientURL()
}

// Leaf returns how it stands with the hub.
func (s *Server) Leaf() LeafState { return LeafState{Wanted: s.options.Leaf != nil} }

// Store returns how it stands with what is kept.
func (s *Server) Store() ServerStore {
	return ServerStore{Kept: s.options.Domain != "", Disk: s.options.StoreDir != "", Dir: s.options.StoreDir, Limit: s.options.StoreBytes}
}

// Close ends the server and waits until it has.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}
