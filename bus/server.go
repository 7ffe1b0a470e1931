//go:build !lite

package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/internal/fault"
)

// Server is a NATS server inside this process. Its methods may be called from
// any goroutine.
type Server struct {
	options ServerOptions
	nats    *server.Server
	leaf    *leafWatch
	stop    context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	store  *serverStore
	broken error // what became of JetStream since
}

// StartServer starts a server and returns when it takes connections. A store
// that cannot be used is none of its errors: it is moved aside, or the server
// keeps in memory, and Store says so. Errors have the code bus.listen, or are
// ctx's own.
func StartServer(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.StoreBytes <= 0 {
		o.StoreBytes = defaultStore
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = defaultMemory
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := canListen(o.Listen); err != nil {
		return nil, err
	}
	s := &Server{options: o, store: &serverStore{off: true}}
	if o.Domain != "" {
		s.store = openStore(o.StoreDir)
	}
	if err := s.start(ctx); err != nil {
		s.store.release()
		return nil, err
	}
	if s.store.err != nil {
		o.Log.Warn("store of the bus is not as it should be", "err", s.store.err)
	}
	running, stop := context.WithCancel(context.Background())
	s.stop = stop
	if o.Leaf != nil {
		s.running.Go(func() { s.leaf.run(running, s.nats) })
	}
	if !s.store.off {
		s.running.Go(func() { s.keepStore(running) })
	}
	return s, nil
}

// start starts the server, on another store for each that it does not start on.
func (s *Server) start(ctx context.Context) error {
	for {
		err := s.startOnce(ctx)
		if err == nil {
			bad := s.damaged()
			if bad == nil {
				return nil
			}
			err = bad
		}
		if s.nats != nil {
			shutDown(s.nats)
		}
		bad, ok := errors.AsType[*storeError](err)
		if !ok || s.store.off {
			return err
		}
		s.store.mend(bad.err)
	}
}

// A storeError is why a server did not start on its store.
type storeError struct{ err error }

// Error implements error.
func (e *storeError) Error() string { return e.err.Error() }

func (s *Server) startOnce(ctx context.Context) error {
	opts, err := s.options.options(s.store)
	if err != nil {
		return err
	}
	s.leaf = newLeafWatch(s.options.Leaf, s.options.Notify)
	s.nats, err = startNATS(ctx, opts, s.options.Log, s.heard)
	return err
}

// startNATS starts a nats-server and waits until it takes connections. The
// server is returned with an error too, if there is one to shut down.
func startNATS(ctx context.Context, opts *server.Options, log *slog.Logger, heard func(string)) (*server.Server, error) {
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	lines := newServerLog(log, heard)
	ns.SetLoggerV2(lines, log.Enabled(ctx, slog.LevelDebug), false, false)
	ns.Start()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := lines.failed(); err != nil {
			return ns, startError(err)
		}
		if ns.ReadyForConnections(time.Millisecond) {
			return ns, nil
		}
		select {
		case <-ctx.Done():
			return ns, ctx.Err()
		case <-tick.C:
		}
	}
}

func startError(err error) error {
	text := err.Error()
	if why, ok := strings.CutPrefix(text, "Can't start JetStream: "); ok {
		return &storeError{errors.New(why)}
	}
	if strings.Contains(text, "listening on") {
		return fault.New(fault.BusListen, "bus", err)
	}
	return err
}

func shutDown(ns *server.Server) {
	ns.Shutdown()
	ns.WaitForShutdown()
}

// canListen says what keeps an address from being listened on, in better words
// than nats-server.
func canListen(addr string) error {
	if addr == "" {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return fault.New(fault.BusListen, "listen on "+addr, err)
	}
	return l.Close()
}

// damaged returns a *storeError if not all of the store is there.
func (s *Server) damaged() error {
	if s.store.off || !s.store.onDisk() {
		return nil
	}
	js, err := s.nats.Jsz(&server.JSzOptions{Accounts: true, Streams: true})
	if err != nil {
		return nil //nolint:nilerr // JetStream is off: Store says it
	}
	if name := s.store.missing(js); name != "" {
		return &storeError{fmt.Errorf("stream %s: %w", name, errCorrupt)}
	}
	return nil
}

// heard takes a line of the server's log.
func (s *Server) heard(text string) {
	s.leaf.heard(text)
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
func (s *Server) Leaf() LeafState { return s.leaf.get() }

// Store returns how it stands with what is kept.
func (s *Server) Store() ServerStore {
	s.mu.Lock()
	st := ServerStore{Disk: s.store.onDisk(), Err: s.broken}
	if st.Err == nil {
		st.Err = s.store.err
	}
	if st.Disk {
		st.Dir = s.store.dir
	}
	s.mu.Unlock()
	js, err := s.nats.Jsz(nil)
	if err != nil || !s.nats.JetStreamEnabled() {
		return st
	}
	st.Kept = true
	if used := js.Memory; !st.Disk {
		st.Bytes, st.Limit = int64(min(used, 1<<62)), js.Config.MaxMemory
		return st
	}
	st.Bytes, st.Limit = int64(min(js.Store, 1<<62)), js.Config.MaxStore
	return st
}

// keepStore looks after JetStream until ctx ends: it switches itself off when
// the disk fails or is full, and somebody has to switch it on again.
func (s *Server) keepStore(ctx context.Context) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	var tried time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		on := s.nats.JetStreamEnabled()
		if !on && time.Since(tried) >= storeRetry {
			if !tried.IsZero() {
				on = s.reopen() == nil
			}
			tried = time.Now()
		}
		if on {
			tried = time.Time{}
		}
		s.setBroken(on)
	}
}

func (s *Server) reopen() error {
	opts, err := s.options.options(s.store)
	if err != nil {
		return err
	}
	return s.nats.EnableJetStream(&server.JetStreamConfig{
		StoreDir: opts.StoreDir, MaxStore: opts.JetStreamMaxStore, MaxMemory: opts.JetStreamMaxMemory,
		Domain: opts.JetStreamDomain, SyncInterval: syncEvery, Strict: true,
	})
}

func (s *Server) setBroken(on bool) {
	s.mu.Lock()
	was := s.broken
	switch {
	case on:
		s.broken = nil
	case was == nil:
		s.broken = s.store.fault(errors.New("the disk is full or fails, so nothing is kept until that ends"))
	}
	changed := (was == nil) != (s.broken == nil)
	s.mu.Unlock()
	if changed && s.options.Notify != nil {
		s.options.Notify()
	}
}

// Close ends the server and waits until it has.
func (s *Server) Close() {
	s.stop()
	s.running.Wait()
	shutDown(s.nats)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store.release()
}
