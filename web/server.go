// Package web is sensord's HTTP side: positions that others post come in here.
package web

import (
	"context"
	"log/slog"
	"net"

	"github.com/sensord/sensord/gps/meta"
)

// Options say what to serve, and for whom.
type Options struct {
	Token string                                   // what every request must carry; never empty
	Meta  func(name string) (*meta.Receiver, bool) // the receiver of that name
	Web   func() (*meta.Receiver, bool)            // the receiver behind /gps/web
	Log   *slog.Logger
}

// A Server serves HTTP on listeners that it is given.
type Server struct{ o Options }

// New returns a server.
func New(o Options) *Server { return &Server{o} }

// Serve serves l, which has TLS around it already if that is wanted, until ctx
// is done, and closes it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error { panic("web: not built yet") }
