//go:build !lite

package bus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/sensord/sensord/internal/fault"
)

// HubOptions describe a hub.
type HubOptions struct {
	Name       string      // of the server; a token; default "hub"
	StateDir   string      // keys and streams; one hub at a time
	Listen     string      // host:port for clients; port 0 is any
	LeafListen string      // host:port for leaves; port 0 is any
	Fleets     []string    // to make if they are missing; there may be more in StateDir
	StoreBytes int64       // of each fleet, on disk; default 1 GiB
	TLS        *tls.Config // of both ports; nil is plain
	Log        *slog.Logger
}

const (
	defaultHubStore = 1 << 30
	hubMemory       = 64 << 20 // of each fleet, for its claims
	hubPayload      = 4 << 20  // the description of a stream with fleetSources is larger than what rigs may send
	hubConns        = 2 * fleetConns
	hubLook         = time.Second
)

// Hub is a server at which rigs meet: clients, leaves, and what it keeps of each
// fleet.
type Hub struct {
	options   HubOptions
	authority *Authority
	store     *serverStore
	kept      *storeWatch
	nats      *server.Server
	resolver  *server.MemAccResolver
	reopen    *server.Options // to open the store again
	stop      context.CancelFunc
	running   sync.WaitGroup
	word      string              // of this run, with which JetStream takes all orders
	fleets    map[string]fileMark // known to the server; of the goroutine that watches
	unread    bool                // as is that the authority's fleets could not be read
}

// StartHub starts a hub and returns when it takes connections. What it keeps is
// made, and fetched from the rigs, from then on. Errors have the codes
// bus.listen and bus.store, or are ctx's own.
func StartHub(ctx context.Context, o HubOptions) (*Hub, error) {
	if o.Name == "" {
		o.Name = "hub"
	}
	if o.StoreBytes <= 0 {
		o.StoreBytes = defaultHubStore
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, addr := range [...]string{o.Listen, o.LeafListen} {
		if err := canListen(addr); err != nil {
			return nil, err
		}
	}
	authority, err := OpenAuthority(o.StateDir)
	if err != nil {
		return nil, err
	}
	h := &Hub{
		options: o, authority: authority, resolver: &server.MemAccResolver{}, word: rand.Text(), fleets: map[string]fileMark{},
	}
	for _, f := range o.Fleets {
		if err := authority.AddFleet(f); err != nil {
			return nil, err
		}
	}
	if err := h.start(ctx); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.watch(running)
	h.running.Go(func() { h.kept.run(running, h.reopen) })
	h.running.Go(func() {
		tick := time.NewTicker(hubLook)
		defer tick.Stop()
		for {
			select {
			case <-running.Done():
				return
			case <-tick.C:
				h.watch(running)
			}
		}
	})
	return h, nil
}

func (h *Hub) start(ctx context.Context) error {
	h.store = &serverStore{wanted: filepath.Join(h.options.StateDir, "store")}
	h.store.dir = h.store.wanted
	if err := h.store.take(); err != nil {
		return &fault.Error{
			Code: fault.BusStore, Object: "hub " + h.options.StateDir, Err: withoutPath(err),
			Advice: "stop the hub that has it, or name another directory with --state",
		}
	}
	for {
		bad, err := h.startOnce(ctx)
		if err != nil {
			h.store.release()
			return err
		}
		if bad == nil {
			return nil
		}
		if err := h.store.aside(bad); err != nil {
			h.store.release()
			return h.store.fault(errors.Join(bad.err, err))
		}
		h.options.Log.Warn("part of the hub's store is begun anew", "err", h.store.err)
	}
}

// startOnce returns what is wrong with the store, or another error, and no
// server then.
func (h *Hub) startOnce(ctx context.Context) (*storeError, error) {
	opts, err := h.serverOptions()
	if err != nil {
		return nil, err
	}
	h.kept = newStoreWatch(h.store, h.options.Log, nil)
	ns, err := startNATS(ctx, opts, newServerLog(h.options.Log, false, h.kept.heard))
	if err == nil {
		bad := h.store.damaged(ns)
		if bad == nil {
			h.nats, h.kept.nats, h.reopen = ns, ns, opts
			return nil, nil
		}
		err = bad
	}
	if ns != nil {
		shutDown(ns)
	}
	if bad, ok := errors.AsType[*storeError](err); ok {
		return bad, nil
	}
	return nil, err
}

// serverOptions are nats-server's, in operator mode: it takes whom the
// authority's keys vouch for, and nobody else.
func (h *Hub) serverOptions() (*server.Options, error) {
	opts := baseOptions(h.options.Name, HubDomain)
	opts.MaxPayload, opts.MaxPending, opts.MaxConn = hubPayload, maxPending, hubConns
	// Where an answer goes tells whose it is, so that a rig may give its own only,
	// and is not told of a thousand others that are waited for.
	opts.FeatureFlags = map[string]bool{server.FeatureFlagJsAPIReplyFormatV2: true}
	var err error
	if opts.Host, opts.Port, err = hostPort(h.options.Listen); err != nil {
		return nil, err
	}
	if opts.LeafNode.Host, opts.LeafNode.Port, err = hostPort(h.options.LeafListen); err != nil {
		return nil, err
	}
	opts.LeafNode.NoAdvertise = true
	if t := h.options.TLS; t != nil {
		opts.TLSConfig, opts.TLS, opts.TLSTimeout = t, true, handshakeTime.Seconds()
		opts.LeafNode.TLSConfig, opts.LeafNode.TLSTimeout = t.Clone(), handshakeTime.Seconds()
		opts.TLSVerify = t.ClientAuth == tls.RequireAndVerifyClientCert
	}
	opts.LeafNode.AuthTimeout, opts.AuthTimeout = handshakeTime.Seconds(), handshakeTime.Seconds()
	opts.JetStream, opts.StoreDir = true, h.store.dir
	opts.JetStreamMaxStore, opts.JetStreamMaxMemory = h.options.StoreBytes*maxFleets, hubMemory*maxFleets
	opts.JetStreamLimits.DefaultMaxConsumers = hubConsumers
	operator, err := h.authority.operatorClaims()
	if err != nil {
		return nil, err
	}
	system, token, err := h.authority.systemClaims(h.word)
	if err != nil {
		return nil, err
	}
	opts.TrustedOperators, opts.SystemAccount, opts.AccountResolver = []*jwt.OperatorClaims{operator}, system, h.resolver
	if err := h.resolver.Store(system, token); err != nil {
		return nil, err
	}
	return opts, h.loadFleets()
}

// loadFleets tells the resolver of the fleets there are: the server restores
// what it keeps of them as it starts.
func (h *Hub) loadFleets() error {
	names, err := h.authority.Fleets()
	if err != nil {
		return err
	}
	for _, name := range names[:min(len(names), maxFleets)] {
		token, claims, err := h.authority.accountClaims(name, h.options.StoreBytes)
		if err != nil {
			return err
		}
		if err := h.resolver.Store(claims.Subject, token); err != nil {
			return err
		}
	}
	return nil
}

// watch looks for fleets that are new, and credentials that were revoked.
func (h *Hub) watch(ctx context.Context) {
	names, err := h.authority.Fleets()
	if err != nil {
		if !h.unread {
			h.options.Log.Warn("fleets cannot be read; the hub goes on with those it has", "err", err)
		}
		h.unread = true
		return
	}
	if h.unread {
		h.options.Log.Info("fleets can be read again")
	}
	h.unread = false
	for _, name := range names[:min(len(names), maxFleets)] {
		mark, err := h.authority.changed(name)
		known, ok := h.fleets[name]
		if err != nil || ok && known == mark {
			continue
		}
		if err := h.renew(name); err != nil {
			h.options.Log.Warn("fleet cannot be read", "fleet", name, "err", err)
			continue
		}
		h.fleets[name] = mark
		if !ok {
			k := &fleetKeeper{hub: h, fleet: name, log: h.options.Log.With("fleet", name)}
			h.running.Go(func() { k.run(ctx) })
		}
	}
}

// renew makes the server go by what the authority says now of a fleet. It ends
// the connections of those who were revoked.
func (h *Hub) renew(fleet string) error {
	token, claims, err := h.authority.accountClaims(fleet, h.options.StoreBytes)
	if err != nil {
		return err
	}
	if err := h.resolver.Store(claims.Subject, token); err != nil {
		return err
	}
	account, err := h.nats.LookupAccount(claims.Subject)
	if err != nil {
		return err
	}
	h.nats.UpdateAccountClaims(account, claims)
	return nil
}

// ClientAddr returns host:port for clients.
func (h *Hub) ClientAddr() string { return h.nats.Addr().String() }

// LeafAddr returns host:port for leaves.
func (h *Hub) LeafAddr() string {
	host, port, err := net.SplitHostPort(h.options.LeafListen)
	if err == nil && port == "0" {
		if v, err := h.nats.Varz(nil); err == nil {
			port = strconv.Itoa(v.LeafNode.Port)
		}
	}
	return net.JoinHostPort(host, port)
}

// Authority returns who decides at this hub.
func (h *Hub) Authority() *Authority { return h.authority }

// Store returns how it stands with what the hub keeps.
func (h *Hub) Store() ServerStore { return h.kept.state() }

// Close ends the hub and waits until it has.
func (h *Hub) Close() {
	h.stop()
	h.running.Wait()
	shutDown(h.nats)
	h.store.release()
}
