//go:build !lite

package bus

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus/pb"
)

const (
	fleetAge     = 7 * 24 * time.Hour
	fleetMessage = 8 << 10
	fleetSources = 5_000
	fleetAgain   = 2 * time.Second  // between two attempts to make what is missing
	fleetGather  = time.Second      // rigs that come together are added together
	fleetThere   = 5 * time.Second  // between two looks at whether all is still there
	askTime      = 30 * time.Second // for JetStream's answers: a busy disk
	readerLeft   = time.Hour        // what nobody reads the stream by any more is forgotten; `nats stream view` asks for as much
	hubConsumers = 10_000           // of each stream: every rig watches the claims, and nats-server's own limit is 1 000
)

// A fleetKeeper keeps what a hub keeps of a fleet: the bucket of its rigs, that
// of their claims, and the stream that holds what each rig's own stream held,
// whenever that rig is there to be asked.
type fleetKeeper struct {
	hub   *Hub
	fleet string
	log   *slog.Logger
	rigs  chan string // seen with a store of their own
}

// run keeps it until ctx ends, and begins again whatever fails.
func (k *fleetKeeper) run(ctx context.Context) {
	k.rigs = make(chan string, 1024)
	for ctx.Err() == nil {
		if err := k.keep(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("fleet is not kept", "err", err)
		}
		if wait(ctx, fleetAgain) != nil {
			return
		}
	}
}

func (k *fleetKeeper) keep(ctx context.Context) error {
	nc, js, err := k.connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	// A server that ends while it makes a stream leaves it open, so what was begun
	// is waited for.
	making, cancel := outlasting(ctx, keepTimeout)
	defer cancel()
	for _, cfg := range [...]jetstream.KeyValueConfig{
		rigsConfig(k.fleet, jetstream.FileStorage, k.hub.options.StoreBytes/8), claimsConfig(k.fleet),
	} {
		if err := keepBucket(making, js, cfg); err != nil {
			return err
		}
	}
	cfg, err := k.stream(making, js)
	if err != nil {
		return err
	}
	sub, err := nc.Subscribe(Subject(k.fleet, Any, KindStatus), k.status)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	return k.source(ctx, making, js, cfg)
}

// keepBucket makes a bucket, or makes one of before what it is to be. Watches
// that were made when they could be left for longer than now do not hinder that.
func keepBucket(ctx context.Context, js jetstream.JetStream, cfg jetstream.KeyValueConfig) error {
	want := bucketStream(cfg)
	_, err := js.CreateOrUpdateStream(ctx, want)
	if _, refused := errors.AsType[*jetstream.APIError](err); refused {
		want.ConsumerLimits = jetstream.StreamConsumerLimits{}
		_, err = js.CreateOrUpdateStream(ctx, want)
	}
	return err
}

// connect joins the fleet's account without a socket.
func (k *fleetKeeper) connect() (*nats.Conn, jetstream.JetStream, error) {
	token, user, err := k.hub.authority.ownCreds(k.fleet)
	if err != nil {
		return nil, nil, err
	}
	nc, err := nats.Connect("", nats.InProcessServer(k.hub.nats), nats.Name("hub"), nats.NoReconnect(),
		nats.UserJWT(func() (string, error) { return token, nil }, user.Sign))
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.NewWithAPIPrefix(nc, hubOrders(k.hub.word), jetstream.WithDefaultTimeout(askTime))
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return nc, js, nil
}

// stream makes the fleet's stream if it is missing, and returns it as it is.
// What it asked of rigs before a restart it goes on asking.
func (k *fleetKeeper) stream(ctx context.Context, js jetstream.JetStream) (jetstream.StreamConfig, error) {
	want := jetstream.StreamConfig{
		Name: fleetStream(k.fleet), Description: "positions and events of all rigs that have a store of their own",
		Subjects:  []string{"_FLEET." + k.fleet}, // without any, NATS would take the stream's name for one
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld, Storage: jetstream.FileStorage,
		MaxBytes: k.hub.options.StoreBytes / 4 * 3, MaxAge: fleetAge, MaxMsgSize: fleetMessage,
		ConsumerLimits: jetstream.StreamConsumerLimits{InactiveThreshold: readerLeft},
	}
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, want)
	}
	if err != nil {
		return want, err
	}
	is := s.CachedInfo().Config
	if is.MaxBytes == want.MaxBytes && !is.AllowDirect && is.ConsumerLimits == want.ConsumerLimits {
		return is, nil
	}
	is.MaxBytes, is.AllowDirect, is.ConsumerLimits = want.MaxBytes, false, want.ConsumerLimits
	updated, err := js.UpdateStream(ctx, is)
	if _, refused := errors.AsType[*jetstream.APIError](err); refused { // as in keepBucket
		is.ConsumerLimits = jetstream.StreamConsumerLimits{}
		updated, err = js.UpdateStream(ctx, is)
	}
	if err != nil {
		return want, err
	}
	return updated.CachedInfo().Config, nil
}

// source asks each rig that is heard of for its stream, until ctx or the
// connection ends. What it asks of the server may take until making ends.
func (k *fleetKeeper) source(ctx, making context.Context, js jetstream.JetStream, cfg jetstream.StreamConfig) error {
	f := &fleetSourcing{js: js, cfg: cfg, rigs: map[string]*askedRig{}, log: k.log}
	gather, there := time.NewTicker(fleetGather), time.NewTicker(fleetThere)
	defer gather.Stop()
	defer there.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case rig := <-k.rigs:
			f.hear(rigSource(k.fleet, rig), rig, time.Now())
		case <-there.C:
			for _, stream := range [...]string{cfg.Name, "KV_" + rigsBucket(k.fleet), "KV_" + claimsBucket(k.fleet)} {
				if _, err := js.Stream(making, stream); err != nil {
					return err
				}
			}
		case <-gather.C:
			if !js.Conn().IsConnected() {
				return nats.ErrConnectionClosed
			}
			if err := f.look(making, time.Now()); err != nil {
				return err
			}
		}
	}
}

// rigSource is where a rig's stream is found, over its leaf.
func rigSource(fleet, rig string) *jetstream.StreamSource {
	return &jetstream.StreamSource{
		Name: rigStream, FilterSubject: Prefix + "." + fleet + "." + rig + ".>",
		External: &jetstream.ExternalStream{
			APIPrefix: "$JS." + rigDomain(rig) + ".API", DeliverPrefix: sourcePrefix(rig),
		},
	}
}

// status hears that a rig has a store of its own. The rig's name is that of the
// subject, which the server has let it publish on.
func (k *fleetKeeper) status(m *nats.Msg) {
	from, ok := ParseSubject(m.Subject)
	if !ok {
		return
	}
	st, err := pb.DecodeStatus(m.Data)
	if err != nil || st.GetDomain() != rigDomain(from.Rig) {
		return
	}
	select {
	case k.rigs <- from.Rig:
	default: // it says it again
	}
}

// outlasting returns a context that ends so long after ctx.
func outlasting(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	later, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = wait(later, d)
		cancel()
	})
	return later, func() {
		stop()
		cancel()
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
