package kismettest

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A Server is a Kismet server in memory. Make one with New or Start.
type Server struct {
	URL     string // of the HTTP side, "http://127.0.0.1:port"; set by Listen
	Addr    string // of the HTTP side, "127.0.0.1:port"; set by Listen
	TCPAddr string // of the legacy TCP side; set by Listen

	cfg   Config
	http  *http.Server
	pipes *pipeListener
	fault atomic.Pointer[Faults]

	// goroutines counts the server's own and the running HTTP handlers.
	goroutines sync.WaitGroup

	mu       sync.Mutex // guards all below, and the state of sessions and sources
	closed   bool
	refusing bool
	sockets  []net.Listener // while listening and not refusing: HTTP, legacy TCP
	stall    chan struct{}  // closed when the stall ends; nil when there is none
	sources  []*source
	rejected []string
	running  map[*session]struct{}
	accepted int
	madeUp   int               // UUIDs made up so far
	tokens   map[string]string // session cookies handed out, and their roles
	metas    []*metaGPS
	drops    dropRecord
	bells    map[chan struct{}]struct{}

	connMu sync.Mutex // guards conns; taken inside mu, never the other way round
	conns  map[*conn]struct{}
}

// New returns a running server without sockets: reach it with DialContext and
// DialTCP, or let it Listen. The caller owes it a Close.
func New(cfg Config) *Server {
	s := &Server{
		cfg:     cfg.withDefaults(),
		pipes:   newPipeListener(),
		running: map[*session]struct{}{},
		tokens:  map[string]string{},
		bells:   map[chan struct{}]struct{}{},
		conns:   map[*conn]struct{}{},
	}
	s.fault.Store(&Faults{})
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serveHTTP),
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
	}
	s.serve(s.pipes, nil)
	return s
}

// Start is New and Listen. Like httptest.NewServer it panics when there is no
// loopback to listen on.
func Start(cfg Config) *Server {
	s := New(cfg)
	if err := s.Listen(); err != nil {
		s.Close()
		panic("kismettest: " + err.Error())
	}
	return s
}

// Listen opens two sockets on 127.0.0.1, one for HTTP with the websocket and
// one for legacy TCP, and sets URL, Addr and TCPAddr. Call it once, before
// others use those fields.
func (s *Server) Listen() error {
	if err := s.open("127.0.0.1:0", "127.0.0.1:0"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Addr, s.TCPAddr = s.sockets[0].Addr().String(), s.sockets[1].Addr().String()
	s.URL = "http://" + s.Addr
	if s.cfg.TLS != nil {
		s.URL = "https://" + s.Addr
	}
	return nil
}

// open listens on both addresses and serves them.
func (s *Server) open(addr, tcpAddr string) error {
	web, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	legacy, err := net.Listen("tcp", tcpAddr)
	if err != nil {
		_ = web.Close()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.Join(http.ErrServerClosed, web.Close(), legacy.Close())
	}
	s.sockets = []net.Listener{web, legacy}
	s.serve(web, legacy)
	return nil
}

// serve starts serving the listeners; legacy may be nil.
func (s *Server) serve(web, legacy net.Listener) {
	web = trackingListener{web, s}
	if s.cfg.TLS != nil {
		web = tls.NewListener(web, s.cfg.TLS)
	}
	// Serve ends with its listener, which Refuse and Close close.
	s.goroutines.Go(func() { _ = s.http.Serve(web) })
	if legacy == nil {
		return
	}
	s.goroutines.Go(func() {
		for l := (trackingListener{legacy, s}); ; {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.goroutines.Go(func() { s.serveTCP(c.(*conn)) })
		}
	})
}

// Close ends all sessions and connections and waits for all goroutines.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	sockets := s.sockets
	s.sockets = nil
	s.mu.Unlock()

	for _, l := range sockets {
		_ = l.Close()
	}
	_ = s.pipes.Close()
	_ = s.http.Close()
	s.connMu.Lock()
	open := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	s.connMu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
	s.goroutines.Wait()
}

// Endpoint returns the websocket URL, prefix included, of a server that
// listens; otherwise that of a made-up host, for DialContext.
func (s *Server) Endpoint() string {
	scheme, host := "ws://", "kismet.test:2501"
	if s.cfg.TLS != nil {
		scheme = "wss://"
	}
	if s.Addr != "" {
		host = s.Addr
	}
	return scheme + host + s.cfg.Prefix + EndpointPath
}

// enter counts an HTTP handler in, unless the server is closing; the handler
// then owes goroutines.Done.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.goroutines.Add(1)
	}
	return !s.closed
}
