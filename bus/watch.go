package bus

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/internal/fault"
)

// How much may wait for a Watcher that is busy: a second of a thousand rigs.
const (
	maxWatched      = 16 << 10
	maxWatchedBytes = 32 << 20
)

// watchTick is how often it is looked who has had the time to be heard.
const watchTick = 200 * time.Millisecond

// WatchOptions says which bus to listen to, and as whom.
type WatchOptions struct {
	URLs      []string    // nats://HOST[:PORT] or tls://HOST[:PORT], tried in order
	CredsFile string      // NATS credentials; "" is none
	User      string      // "" is none
	Password  string      //
	Rig       string      // whose credentials these are; "" is one who only watches
	TLS       *tls.Config // nil takes the system's authorities, where TLS is spoken
	Fleet     string      // a token

	Every time.Duration // in which rigs say how they are, where they do not say it; default FleetEvery
	Log   *slog.Logger  // for us; nil is none
}

// A Watcher listens to a fleet for people. It is no rig: it publishes nothing
// but its questions to JetStream. Its methods may be called from any goroutine.
type Watcher struct {
	o       WatchOptions
	settled chan struct{}
	changed chan struct{} // of one: the connection is to be looked at
	cancel  context.CancelFunc
	working sync.WaitGroup

	remote  remote
	failure atomic.Pointer[error] // why it is not connected, or hears nothing though it is

	mu    sync.Mutex // guards what follows; nothing is called with it but Fleet
	fleet *Fleet
	err   error
}

// Dial begins to listen, and goes on for ever: a bus that cannot be reached now
// is tried again until Close. The error is one of the options.
func Dial(o WatchOptions) (*Watcher, error) {
	if len(o.URLs) == 0 {
		return nil, &fault.Error{Code: fault.ConfigInvalid, Object: "bus", Err: errors.New("no server is named")}
	}
	if err := CheckToken("fleet", o.Fleet); err != nil {
		return nil, &fault.Error{Code: fault.ConfigInvalid, Err: err, Advice: "use at most 64 letters, digits, dashes and underscores"}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watcher{
		o: o, settled: make(chan struct{}), changed: make(chan struct{}, 1), cancel: cancel,
		fleet:  NewFleet(o.Fleet, o.Every),
		remote: remote{urls: o.URLs, login: login{file: o.CredsFile}, user: o.User, password: o.Password, tls: o.TLS},
	}
	w.working.Go(func() { w.work(ctx) })
	return w, nil
}

// View is the fleet as it is now. The caller owns it.
func (w *Watcher) View() FleetView {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fleet.View(time.Now())
}

// Err says why nothing can be heard, as a *fault.Error; nil while all can, and
// while that is not known yet.
func (w *Watcher) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Settled is closed when every rig that the bus remembers has been heard, or had
// the time to be.
func (w *Watcher) Settled() <-chan struct{} { return w.settled }

// Close ends listening, and waits until nothing of it runs.
func (w *Watcher) Close() {
	w.cancel()
	w.working.Wait()
}

// work keeps a connection until ctx ends. The client makes it again by itself,
// but where the server has ended it with words that the client does not know.
func (w *Watcher) work(ctx context.Context) {
	for again := (redials{}); ctx.Err() == nil; again.pause(ctx) {
		if err := w.listen(ctx); err != nil {
			w.fail(err)
			w.lost(*w.failure.Load())
		}
	}
}

// listen connects, and looks after the connection until it or ctx ends. It
// returns nil where it has been said why.
func (w *Watcher) listen(ctx context.Context) error {
	dialing, abort := context.WithCancel(ctx)
	defer abort()
	closed := make(chan struct{})
	nc, err := nats.Connect(w.remote.url(), w.natsOptions(dialing, closed)...)
	if err != nil {
		return err
	}
	defer func() {
		abort()
		nc.Close()
		<-closed
	}()
	sub, err := nc.Subscribe(w.subject(), w.hear)
	if err == nil {
		err = sub.SetPendingLimits(maxWatched, maxWatchedBytes)
	}
	if err != nil {
		return err
	}
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	for {
		w.look(ctx, nc)
		select {
		case <-w.changed:
		case <-tick.C:
		case <-closed:
			return cmp.Or(nc.LastError(), errEnded)
		case <-ctx.Done():
			return nil
		}
	}
}

// subject is all that a fleet's rigs say.
func (w *Watcher) subject() string { return Prefix + "." + w.o.Fleet + ".>" }

// look takes over how the connection is.
func (w *Watcher) look(ctx context.Context, nc *nats.Conn) {
	if err := unmade(nc); err != nil {
		w.sayWhy(err)
		if nc.IsConnected() { // by now, and who was told so was earlier than we
			w.failure.Store(nil)
		}
	}
	if failure := w.failure.Load(); failure != nil || !nc.IsConnected() {
		if failure != nil {
			w.lost(*failure)
		}
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if w.fleet.joined.IsZero() {
		w.fleet.Joined(now, withoutSecrets(nc.ConnectedUrl()))
		w.err = nil
		w.working.Go(func() { w.remember(ctx, nc) })
	}
	if w.fleet.Settled(now) {
		select {
		case <-w.settled:
		default:
			close(w.settled)
		}
	}
}

func (w *Watcher) lost(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fleet.Lost(err)
	w.err = err
}

// hear takes what a rig has published.
func (w *Watcher) hear(m *nats.Msg) {
	a, ok := ParseSubject(m.Subject)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !ok || redirected(m) { // the first, such as a later version may have
		w.fleet.refused++
		return
	}
	w.fleet.Hear(a, m.Data, now)
}

func (w *Watcher) natsOptions(ctx context.Context, closed chan struct{}) []nats.Option {
	prefix := watchInboxPrefix
	if w.o.Rig != "" {
		prefix = inboxPrefix(w.o.Rig)
	}
	if w.o.CredsFile != "" {
		prefix = cmp.Or(credsInbox(w.o.CredsFile), prefix)
	}
	well := func(*nats.Conn) {
		w.failure.Store(nil)
		kick(w.changed)
	}
	opts := append(clientOptions("sensord fleet", prefix),
		nats.ConnectHandler(well), nats.ReconnectHandler(well),
		nats.DisconnectErrHandler(w.disconnected), nats.ReconnectErrHandler(w.disconnected),
		nats.ErrorHandler(w.asyncError),
		nats.ClosedHandler(func(*nats.Conn) { close(closed) }),
	)
	return append(opts, w.remote.options(ctx)...)
}

// disconnected is told by the client, when the connection ends and when it
// cannot be made.
func (w *Watcher) disconnected(_ *nats.Conn, err error) {
	w.sayWhy(err) // nil, where listen will know
	kick(w.changed)
}

// sayWhy says why there is no connection.
func (w *Watcher) sayWhy(err error) {
	if err = w.remote.reason(err, w.failure.Load() != nil); err != nil {
		w.fail(err)
	}
}

// asyncError is told by the client: what the server, or it, objects to.
func (w *Watcher) asyncError(_ *nats.Conn, sub *nats.Subscription, err error) {
	w.o.Log.Debug("bus", "err", err)
	switch {
	case codeOf(err) == fault.BusAuth:
		w.fail(err) // and the end of the connection follows
	case errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `"`+w.subject()+`"`):
		w.fail(err) // others are of JetStream, which we can do without
	case errors.Is(err, nats.ErrSlowConsumer) && sub != nil && sub.Subject == w.subject():
		w.mu.Lock()
		defer w.mu.Unlock()
		w.fleet.Overflowed(time.Now())
	}
}

func (w *Watcher) fail(err error) {
	err = w.why(err)
	w.failure.Store(&err)
}

// why is an error of the connection with what a person who listens can do. The
// table's remedies are for rigs.
func (w *Watcher) why(err error) error {
	e := &fault.Error{Code: codeOf(err), Object: w.object(), Err: plain(err)}
	if errors.Is(err, nats.ErrSecureConnWanted) {
		e.Advice = "write nats://, or give the hub a certificate: `sensord hub --tls-cert FILE --tls-key FILE`"
		return e
	}
	switch e.Code {
	case fault.BusAuth:
		e.Advice = "name credentials with --creds FILE: `sensord hub rig NAME --watch` on the hub writes some"
	case fault.BusDenied:
		e.Advice = "use credentials of this fleet: `sensord hub rig NAME --watch --fleet " + w.o.Fleet + "` on the hub writes some"
	case fault.BusTLS:
		e.Advice = "name the certificate's CA: SENSORD_BUS_TLS_CA, or bus: {tls: {ca: FILE}} in the file of --config; if it is for another name, write that"
	}
	return e
}

// object is the server as errors name it.
func (w *Watcher) object() string { return "bus " + withoutSecrets(w.o.URLs[0]) }
