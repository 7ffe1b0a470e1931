package web

import (
	"context"
	"net/http"
)

// Handler is what Serve serves, without a connection.
func (s *Server) Handler() http.Handler { return &service{Server: s, ctx: context.Background()} }

// Limits, for the tests.
const (
	MaxConns      = maxConns
	MaxSockets    = maxSockets
	MaxBodyBytes  = maxBodyBytes
	HeaderTimeout = headerTimeout
	IdleTimeout   = idleTimeout
	PingEvery     = pingEvery
	SocketTimeout = socketTimeout
	MaxBuckets    = maxBuckets
)
