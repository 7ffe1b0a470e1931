package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// rememberTimeout is how long the bus may take to tell whom it knows.
const rememberTimeout = 10 * time.Second

// remember asks the bus which rigs it knows: the hub, over a leaf as well as
// directly, or else the server itself. A bus that has no JetStream, or lets us
// not ask, knows none.
func (w *Watcher) remember(ctx context.Context, nc *nats.Conn) {
	ctx, cancel := context.WithTimeout(ctx, rememberTimeout)
	defer cancel()
	hub, err := jetstream.NewWithDomain(nc, HubDomain)
	if err == nil {
		err = w.rememberFrom(ctx, hub)
	}
	if err != nil {
		w.o.Log.Debug("no rigs of a hub", "err", err)
		var own jetstream.JetStream
		if own, err = jetstream.New(nc); err == nil {
			err = w.rememberFrom(ctx, own)
		}
	}
	if err != nil {
		w.o.Log.Debug("no rigs are remembered", "err", err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.fleet.joined.IsZero() {
		w.fleet.Remembered()
	}
}

// rememberFrom reads a fleet's bucket of rigs as it is now.
func (w *Watcher) rememberFrom(ctx context.Context, js jetstream.JetStream) error {
	ctx, cancel := context.WithTimeout(ctx, rememberTimeout/2)
	defer cancel()
	kv, err := js.KeyValue(ctx, rigsBucket(w.o.Fleet))
	if err != nil {
		return err
	}
	// How old an entry is, the server knows by one clock, its own.
	stream, err := js.Stream(ctx, "KV_"+rigsBucket(w.o.Fleet))
	if err != nil {
		return err
	}
	serverNow, now := stream.CachedInfo().TimeStamp, time.Now()
	keys, err := kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	defer func() { _ = keys.Stop() }() // fails if the connection is closed, which is as well
	for {
		select {
		case e, ok := <-keys.Updates():
			switch {
			case !ok:
				return errors.New("the watch has ended")
			case e == nil:
				return nil
			}
			w.mu.Lock()
			w.fleet.Remember(e.Key(), e.Value(), max(serverNow.Sub(e.Created()), 0), now)
			w.mu.Unlock()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
