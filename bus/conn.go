package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/internal/fault"
)

// Times of a connection: a cut line shows after two pings without an answer.
const (
	connectTimeout = 5 * time.Second
	pingInterval   = 10 * time.Second
	writeTimeout   = 10 * time.Second
	firstReconnect = 250 * time.Millisecond
	lastReconnect  = 10 * time.Second
)

// Keys of troubles that there is one of.
const (
	keyServer  = "server"  // the connection
	keyHub     = "hub"     // the leaf's
	keyDenied  = "denied"  // what the server does not let us say or hear
	keySlow    = "slow"    // what we do not hear, because too much comes
	keyStore   = "store"   // of our own
	keyBuckets = "buckets" // of the fleet
)

// link is a connection to a server, for as long as Run runs.
type link struct {
	nc      *nats.Conn
	js      jetstream.JetStream // of the server that nc is connected to
	fleet   jetstream.JetStream // where the fleet's buckets are
	server  *Server             // nil in mode Join
	keeping atomic.Bool         // the rig's own stream is there
	closed  chan struct{}       // when nothing of nc runs any more
	abort   context.CancelFunc  // ends an attempt to connect
	dialed  atomic.Pointer[error]

	settled chan struct{} // closed when it is known whether there is a stream
	mend    chan struct{} // of one: the stream is to be looked at

	claimsAgain chan struct{} // of one: what could not be done with the bucket may be possible
	entryAgain  chan struct{} // the same
}

// connect makes a link that goes on for ever. The error is one of the options.
// While the server cannot be reached it is connected later.
func (b *Bus) connect(ctx context.Context, s *Server) (*link, error) {
	l := &link{
		server: s, closed: make(chan struct{}), settled: make(chan struct{}),
		mend: make(chan struct{}, 1), claimsAgain: make(chan struct{}, 1), entryAgain: make(chan struct{}, 1),
	}
	// A dial ends with ctx while there is no connection; one that is there is
	// still needed then.
	dialing, abort := context.WithCancel(context.WithoutCancel(ctx))
	l.abort = abort
	stop := context.AfterFunc(ctx, abort)
	defer stop()
	nc, err := nats.Connect(strings.Join(b.o.URLs, ","), b.natsOptions(dialing, l)...)
	if err != nil {
		abort()
		return nil, classify(b.object(), err)
	}
	l.nc = nc
	if l.js, err = jetstream.New(nc); err == nil {
		l.fleet = l.js
		if b.o.Mode == Leaf {
			l.fleet, err = jetstream.NewWithDomain(nc, HubDomain)
		}
	}
	if err != nil {
		b.disconnect(l)
		return nil, classify(b.object(), err)
	}
	return l, nil
}

// disconnect ends a link, and returns when nothing of it runs.
func (b *Bus) disconnect(l *link) {
	l.abort()
	l.nc.Close()
	<-l.closed
}

func (b *Bus) natsOptions(ctx context.Context, l *link) []nats.Option {
	opts := []nats.Option{
		nats.Name("sensord " + b.o.Rig),
		nats.CustomInboxPrefix(inboxPrefix(b.o.Rig)),
		nats.Timeout(connectTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(writeTimeout), nats.ReconnectOnFlusherError(),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.ReconnectBufSize(-1), // what waits, waits in the outbox, with rules of its own
		nats.ConnectHandler(func(nc *nats.Conn) { b.connected(l, nc) }),
		nats.ReconnectHandler(func(nc *nats.Conn) { b.connected(l, nc) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(l, err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(l, err) }),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) { b.asyncError(sub, err) }),
		nats.ClosedHandler(func(*nats.Conn) { close(l.closed) }),
	}
	if l.server != nil {
		return append(opts, l.server.InProcess())
	}
	opts = append(opts, nats.SetCustomDialer(dialer{ctx: ctx, failed: &l.dialed}), nats.DontRandomize(), nats.SkipHostLookup())
	if b.o.CredsFile != "" {
		opts = append(opts, nats.UserCredentials(b.o.CredsFile))
	}
	if b.o.User != "" {
		opts = append(opts, nats.UserInfo(b.o.User, b.o.Password))
	}
	if b.o.TLS != nil {
		opts = append(opts, tlsOption(b.o.TLS, b.o.URLs))
	}
	return opts
}

// tlsOption takes what TLS is to be spoken with, without making a nats:// URL
// one that must have it.
func tlsOption(c *tls.Config, urls []string) nats.Option {
	return func(o *nats.Options) error {
		o.TLSConfig = c.Clone()
		for _, u := range urls {
			o.Secure = o.Secure || strings.HasPrefix(u, "tls://")
		}
		return nil
	}
}

// dialer dials until its context ends, and ends what was dialed by then and
// says nothing yet, too.
type dialer struct {
	ctx    context.Context // NATS dials without one
	failed *atomic.Pointer[error]
}

// Dial is net.Dialer's.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, connectTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	d.failed.Store(&err)
	if err != nil {
		return nil, err
	}
	return &dialed{Conn: conn, forget: context.AfterFunc(d.ctx, func() { _ = conn.Close() })}, nil
}

type dialed struct {
	net.Conn
	forget func() bool
}

func (d *dialed) Close() error {
	d.forget()
	return d.Conn.Close()
}

// reconnectDelay returns how long to wait after all servers were tried attempts
// times.
func reconnectDelay(attempts int) time.Duration {
	d := min(firstReconnect<<min(max(attempts-1, 0), 10), lastReconnect)
	return d/2 + rand.N(d/2)
}

// connected is told by the client, at the first connection and at each other.
func (b *Bus) connected(l *link, nc *nats.Conn) {
	server := "embedded"
	if b.o.Mode == Join {
		server = withoutSecrets(nc.ConnectedUrl())
	}
	if c := b.connection.Load(); !c.connected {
		b.connection.Store(&connection{connected: true, server: server, sinceNs: b.o.Now()})
	}
	b.trouble.end(keyServer)
	b.failed.Add(b.out.setOpen(true))
	kick(l.claimsAgain)
	kick(l.entryAgain)
	kick(l.mend)
}

// disconnected is told by the client, when the connection ends and when it
// cannot be made.
func (b *Bus) disconnected(l *link, err error) {
	if c := b.connection.Load(); c.connected {
		b.connection.Store(&connection{server: c.server, sinceNs: b.o.Now()})
	}
	b.failed.Add(b.out.setOpen(false))
	if err == nil { // we ended it
		return
	}
	if dialed := l.dialed.Load(); errors.Is(err, nats.ErrNoServers) && dialed != nil && *dialed != nil {
		err = *dialed
	}
	err = classify("", err)
	b.trouble.begin(keyServer, fault.CodeOf(err), b.object(), errors.Unwrap(err))
}

// asyncError is told by the client: what the server, or it, objects to.
func (b *Bus) asyncError(sub *nats.Subscription, err error) {
	now := b.o.Now()
	switch {
	case errors.Is(err, nats.ErrPermissionViolation):
		b.trouble.show(keyDenied, fault.BusDenied, b.object(), plain(err), now+fadeNs)
	case errors.Is(err, nats.ErrSlowConsumer) && sub != nil:
		b.refused.Add(1)
		b.trouble.show(keySlow, fault.BusFlood, "subject "+sub.Subject, errors.New("more comes than this rig can take"), now+fadeNs)
	default:
		b.o.Log.Debug("bus", "err", err)
	}
}

// object is the server as troubles name it.
func (b *Bus) object() string {
	if b.o.Mode == Join {
		return "bus " + withoutSecrets(b.o.URLs[0])
	}
	return "bus"
}

// classify gives an error of a connection its code.
func classify(object string, err error) error {
	return fault.New(codeOf(err), object, plain(err))
}

func codeOf(err error) fault.Code {
	if code := fault.CodeOf(err); code != "" {
		return code
	}
	for _, e := range [...]error{
		nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired, nats.ErrNkeysNotSupported,
		fs.ErrNotExist, fs.ErrPermission,
	} {
		if errors.Is(err, e) {
			return fault.BusAuth
		}
	}
	for _, e := range [...]error{nats.ErrSecureConnRequired, nats.ErrSecureConnWanted, nats.ErrTLS} {
		if errors.Is(err, e) {
			return fault.BusTLS
		}
	}
	if errors.Is(err, nats.ErrPermissionViolation) {
		return fault.BusDenied
	}
	if isTLS(err) {
		return fault.BusTLS
	}
	if text := strings.ToLower(err.Error()); strings.Contains(text, "authorization violation") || strings.Contains(text, "nkey") {
		return fault.BusAuth
	}
	return fault.BusRefused
}

func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &host) || strings.Contains(err.Error(), "tls: ")
}

// plain is a cause without NATS's own prefix.
func plain(err error) error {
	text, cut := strings.CutPrefix(err.Error(), "nats: ")
	switch {
	case errors.Is(err, io.EOF):
		text = "the server has ended the connection"
	case !cut || text == "":
		return err
	}
	return &plainError{strings.ToLower(text[:1]) + text[1:], err}
}

// plainError is another error in other words.
type plainError struct {
	text string
	err  error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }

// withoutSecrets is a URL as it may be shown.
func withoutSecrets(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// kick wakes who waits on a channel of one.
func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
