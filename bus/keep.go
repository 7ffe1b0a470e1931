package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/internal/fault"
)

// How often the rig's stream is looked at, and how long it may take to answer.
const (
	keepEvery   = 10 * time.Second
	keepTimeout = 5 * time.Second
	firstMend   = 500 * time.Millisecond
	lastMend    = 30 * time.Second
)

// streamConfig describes what keeps what the rig says, until the hub has it and
// beyond.
func (b *Bus) streamConfig() jetstream.StreamConfig {
	storage := jetstream.FileStorage
	if b.o.StoreDir == "" {
		storage = jetstream.MemoryStorage
	}
	return jetstream.StreamConfig{
		Name: rigStream, Description: "positions and events of " + b.o.Rig,
		Subjects: []string{b.subjects.position, b.subjects.event},
		Storage:  storage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxBytes: b.o.StoreBytes, MaxAge: b.o.StoreAge, MaxMsgSize: 8 << 10,
		MaxMsgs: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, Replicas: 1, AllowDirect: true,
		Metadata: map[string]string{bootKey: bootID()},
	}
}

// keep sees to it that there is a stream, until ctx ends. While there is none,
// what is published reaches only who is there to hear.
func (b *Bus) keep(ctx context.Context, l *link) {
	delay := firstMend
	settled := false
	for {
		err := b.keepOnce(ctx, l)
		if ctx.Err() != nil {
			return
		}
		wait := keepEvery
		if err != nil {
			b.notKept(l, err)
			wait, delay = delay, min(2*delay, lastMend)
		} else {
			delay = firstMend
		}
		if !settled {
			settled = true
			close(l.settled)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-l.mend:
		case <-ctx.Done():
		}
		t.Stop()
	}
}

// keepOnce makes the stream if it is not there.
func (b *Bus) keepOnce(ctx context.Context, l *link) error {
	// A server that ends while it makes a stream leaves it open, so what was
	// begun is waited for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	if l.keeping.Load() {
		if _, err := l.js.Stream(ctx, rigStream); err == nil || !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
	}
	if err := b.leaveGap(ctx, l); err != nil {
		return err
	}
	if _, err := l.js.CreateOrUpdateStream(ctx, b.streamConfig()); err != nil {
		return err
	}
	l.keeping.Store(true)
	b.trouble.end(keyStore)
	return nil
}

// notKept says that the store does not do as told. When it does not answer at
// all, nothing is given to it until it does.
func (b *Bus) notKept(l *link, err error) {
	var refusal *jetstream.APIError
	if !errors.As(err, &refusal) && l.keeping.CompareAndSwap(true, false) {
		kick(l.mend)
	}
	if b.store.Load().Err != nil { // which says more
		return
	}
	b.trouble.beginShown(keyStore, fault.BusStore, b.storeObject(), storeCause(err))
}

func storeCause(err error) error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return f.Err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return errors.New("it does not answer")
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse),
		errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("it is closed")
	}
	return plain(err)
}

func (b *Bus) storeObject() string {
	if b.o.StoreDir == "" {
		return "store of the bus"
	}
	return fmt.Sprintf("store %s", b.o.StoreDir)
}
