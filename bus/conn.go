package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
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
	keyStore   = "store"   // of our own: does not take what it is given
	keyDisk    = "disk"    // of our own: what it says itself
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
	b.disconnected(l, nil) // which NATS does not always tell
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
		opts = append(opts, credsOption(b.o.CredsFile))
	}
	if b.o.User != "" {
		opts = append(opts, nats.UserInfo(b.o.User, b.o.Password))
	}
	if b.o.TLS != nil {
		opts = append(opts, tlsOption(b.o.TLS, b.o.URLs))
	}
	return opts
}

// credsOption takes credentials from a file at every attempt to connect. NATS's
// own option wants the file to be there when the bus begins.
func credsOption(file string) nats.Option {
	read := func() (o nats.Options, err error) {
		return o, nats.UserCredentials(file)(&o)
	}
	return func(o *nats.Options) error {
		o.UserJWT = func() (string, error) {
			now, err := read()
			if err != nil {
				return "", err
			}
			return now.UserJWT()
		}
		o.SignatureCB = func(nonce []byte) ([]byte, error) {
			now, err := read()
			if err != nil {
				return nil, err
			}
			return now.SignatureCB(nonce)
		}
		return nil
	}
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
	if err == nil || errors.Is(err, io.EOF) && b.trouble.err(keyServer) != nil {
		return // we ended it, or it is known why it was ended
	}
	if dialed := l.dialed.Load(); errors.Is(err, nats.ErrNoServers) && dialed != nil && *dialed != nil {
		err = *dialed
	}
	b.trouble.begin(b.why(keyServer, err))
}

// watchAttempts tells, until ctx ends, why a connection that was made came to
// nothing: NATS tells of those only that could not be made.
func (b *Bus) watchAttempts(ctx context.Context, l *link) {
	failed := l.nc.StatusChanged(nats.RECONNECTING)
	defer l.nc.RemoveStatusListener(failed)
	for {
		select {
		case _, ok := <-failed:
			if !ok {
				return
			}
		case <-ctx.Done():
			return
		}
		err := l.nc.LastError()
		if err == nil || codeOf(err) != fault.BusTLS && codeOf(err) != fault.BusAuth {
			continue
		}
		b.trouble.begin(b.why(keyServer, err))
		if l.nc.IsConnected() { // by now, and who was told so was earlier than we
			b.trouble.end(keyServer)
		}
	}
}

// why is what to say of an error of the connection, as troubles take it. What
// is wrong with a file of credentials says more than that the server does not
// take them.
func (b *Bus) why(key string, err error) (string, fault.Code, string, error) {
	code := codeOf(err)
	if (code == fault.BusAuth || code == fault.BusDenied) && b.o.CredsFile != "" {
		if f, ok := errors.AsType[*fault.Error](checkFile(b.o.CredsFile, b.o.Fleet, b.o.Rig)); ok {
			return key, f.Code, f.Object, f.Err
		}
	}
	return key, code, b.object(), plain(err)
}

// asyncError is told by the client: what the server, or it, objects to.
func (b *Bus) asyncError(sub *nats.Subscription, err error) {
	now := b.o.Now()
	switch {
	case isAny(err, refusals[:]):
		b.trouble.begin(b.why(keyServer, err))
	case errors.Is(err, nats.ErrPermissionViolation):
		key, code, object, cause := b.why(keyDenied, err)
		b.trouble.show(key, code, object, cause, now+fadeNs)
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
