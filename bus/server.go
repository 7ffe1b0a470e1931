//go:build !lite

package bus

import (
	"context"
	"errors"
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
	store   *serverStore
	leaf    *leafWatch
	kept    *storeWatch
	stop    context.CancelFunc
	running sync.WaitGroup
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
		opts, err := s.options.options(s.store)
		if err != nil { // it was good a moment ago
			s.Close()
			return nil, err
		}
		s.running.Go(func() { s.kept.run(running, opts) })
	}
	return s, nil
}

// start starts the server, on another store for each that it does not start on.
func (s *Server) start(ctx context.Context) error {
	for {
		err := s.startOnce(ctx)
		if err == nil {
			bad := s.store.damaged(s.nats)
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
		s.store.mend(bad)
	}
}

func (s *Server) startOnce(ctx context.Context) error {
	opts, err := s.options.options(s.store)
	if err != nil {
		return err
	}
	s.leaf = newLeafWatch(s.options.Leaf, s.options.Log, s.options.Notify)
	s.leaf.shows(opts)
	s.kept = newStoreWatch(s.store, s.options.Log, s.options.Notify)
	s.nats, err = startNATS(ctx, opts, newServerLog(s.options.Log, s.options.Leaf != nil, s.leaf.heard, s.kept.heard))
	s.kept.nats = s.nats
	return err
}

// startNATS starts a nats-server and waits until it takes connections. The
// server is returned with an error too, if there is one to shut down.
func startNATS(ctx context.Context, opts *server.Options, lines *serverLog) (*server.Server, error) {
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	ns.SetLoggerV2(lines, lines.wantsAll(), false, false)
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
		return &storeError{err: errors.New(why)}
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

// wrongLogin returns why the hub takes the rig for another one, or nil.
func (s *Server) wrongLogin() error { return s.leaf.login.wrong() }

// Store returns how it stands with what is kept.
func (s *Server) Store() ServerStore { return s.kept.state() }

// Close ends the server and waits until it has.
func (s *Server) Close() {
	s.stop()
	s.running.Wait()
	shutDown(s.nats)
	s.store.release()
}
