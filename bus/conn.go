package bus

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/internal/fault"
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
	remote  remote              // of mode Join
	keeping atomic.Bool         // the rig's own stream is there
	closed  chan struct{}       // when nothing of nc runs any more
	abort   context.CancelFunc  // ends an attempt to connect

	settled chan struct{} // closed when it is known whether there is a stream
	mend    chan struct{} // of one: the stream is to be looked at

	claimsAgain chan struct{} // of one: what could not be done with the bucket may be possible
	entryAgain  chan struct{} // the same
}

// connect makes a link that goes on until the server ends it with words that the
// client does not know. The error is one of the options. While the server cannot
// be reached it is connected later.
func (b *Bus) connect(ctx context.Context, s *Server) (*link, error) {
	l := &link{
		server: s, closed: make(chan struct{}), settled: make(chan struct{}),
		mend: make(chan struct{}, 1), claimsAgain: make(chan struct{}, 1), entryAgain: make(chan struct{}, 1),
		remote: remote{
			login: login{file: b.o.CredsFile, fleet: b.o.Fleet, rig: b.o.Rig},
			user:  b.o.User, password: b.o.Password, tls: b.o.TLS,
		},
	}
	if b.o.Mode == Join {
		l.remote.urls = b.o.URLs // else they are the hub's, whom our own server joins
	}
	// A dial ends with ctx while there is no connection; one that is there is
	// still needed then.
	dialing, abort := context.WithCancel(context.WithoutCancel(ctx))
	l.abort = abort
	stop := context.AfterFunc(ctx, abort)
	defer stop()
	nc, err := nats.Connect(l.remote.url(), b.natsOptions(dialing, l)...)
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
	opts := append(clientOptions("sensord "+b.o.Rig, inboxPrefix(b.o.Rig)),
		nats.ConnectHandler(func(nc *nats.Conn) { b.connected(l, nc) }),
		nats.ReconnectHandler(func(nc *nats.Conn) { b.connected(l, nc) }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(l, err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { b.disconnected(l, err) }),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) { b.asyncError(l, sub, err) }),
		nats.ClosedHandler(func(*nats.Conn) { close(l.closed) }),
	)
	if l.server != nil {
		return append(opts, l.server.InProcess())
	}
	return append(opts, l.remote.options(ctx)...)
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
	if f, wrong := errors.AsType[*fault.Error](l.wrongLogin()); wrong && b.o.Mode == Join {
		b.trouble.begin(keyDenied, f.Code, f.Object, f.Err)
	} else {
		b.trouble.end(keyDenied)
	}
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
	b.sayWhy(l, err)
}

// sayWhy says why there is no connection.
func (b *Bus) sayWhy(l *link, err error) {
	if err = l.remote.reason(err, b.trouble.err(keyServer) != nil); err != nil {
		b.trouble.begin(b.why(keyServer, err))
	}
}

// lookAt says what the client does not tell of a link.
func (b *Bus) lookAt(l *link) {
	err := unmade(l.nc)
	if err == nil {
		return
	}
	b.sayWhy(l, err)
	if l.nc.IsConnected() { // by now, and who was told so was earlier than we
		b.trouble.end(keyServer)
	}
}

// wrongLogin returns why the server, or the hub, takes the rig for another one,
// as *fault.Error, or nil.
func (l *link) wrongLogin() error {
	if l.server != nil {
		return l.server.wrongLogin()
	}
	return l.remote.login.wrong()
}

// renew makes the connection anew if the credentials that it was made with do
// not let us say what we have to, and others are there now.
func (b *Bus) renew(l *link) {
	if b.o.Mode != Join || !l.nc.IsConnected() || l.wrongLogin() == nil && b.trouble.err(keyDenied) == nil || !l.remote.login.mended() {
		return
	}
	b.o.Log.Info("the bus is joined again, with the credentials that are there now", "file", b.o.CredsFile)
	_ = l.nc.ForceReconnect() // fails if it is closed, and then is made anew as well
}

// why is what to say of an error of the connection, as troubles take it. What
// is wrong with a file of credentials says more than that the server does not
// take them.
func (b *Bus) why(key string, err error) (string, fault.Code, string, error) {
	code := codeOf(err)
	if code == fault.BusAuth && b.o.CredsFile != "" {
		if f, ok := errors.AsType[*fault.Error](checkFile(b.o.CredsFile, b.o.Fleet, b.o.Rig)); ok {
			return key, f.Code, f.Object, f.Err
		}
	}
	return key, code, b.object(), plain(err)
}

// asyncError is told by the client: what the server, or it, objects to.
func (b *Bus) asyncError(l *link, sub *nats.Subscription, err error) {
	now := b.o.Now()
	switch {
	case isAny(err, refusals[:]):
		b.trouble.begin(b.why(keyServer, err))
	case codeOf(err) == fault.BusDenied && b.o.Mode == Join && l.wrongLogin() != nil: // it is said already
	case codeOf(err) == fault.BusDenied:
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
