package web

import (
	"context"
	"net/http"
)

// Handler is what Serve serves, without a listener.
func (s *Server) Handler() http.Handler {
	v := &service{Server: s, ctx: context.Background()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), connectionKey{}, &connection{})))
	})
}

// Limits, for the tests.
const (
	MaxConns      = maxConns
	MaxSockets    = maxSockets
	MaxBodyBytes  = maxBodyBytes
	MaxStrangers  = maxStrangers
	ReadTimeout   = readTimeout
	RefusalDelay  = refusalDelay
	IdleTimeout   = idleTimeout
	PingEvery     = pingEvery
	SocketTimeout = socketTimeout
	MaxBuckets    = maxBuckets
)
