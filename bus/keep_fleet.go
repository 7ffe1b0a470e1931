package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/internal/fault"
)

// Times of what is done with a fleet's buckets, which may be far away.
const (
	bucketTimeout = 5 * time.Second
	firstBucket   = 500 * time.Millisecond
	lastBucket    = 30 * time.Second
	entryEvery    = 30 * time.Second
	leaveTimeout  = 2 * time.Second
	watchTimeout  = time.Second
)

// buckets are those of the fleet that cannot be used, though the server is
// there.
type buckets struct {
	mu   sync.Mutex
	lack map[string]bool
}

// lacks notes whether a bucket cannot be used, and reports whether any cannot.
func (l *buckets) lacks(bucket string, lack bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lack == nil {
		l.lack = make(map[string]bool)
	}
	if delete(l.lack, bucket); lack {
		l.lack[bucket] = true
	}
	return len(l.lack) > 0
}

// reachable reports whether there is a way to the fleet's buckets.
func (b *Bus) reachable() bool {
	return b.connection.Load().connected && (b.o.Mode != Leaf || b.leaf.Load().Connected)
}

// open returns a bucket of the fleet, made if it is missing. It goes on until it
// has it, and tries at once when again is kicked. It reports false when ctx
// ends.
func (b *Bus) open(ctx context.Context, l *link, again <-chan struct{}, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, bool) {
	delay := firstBucket
	for failures := 0; ctx.Err() == nil; {
		if b.reachable() {
			opening := ctx
			if b.o.Mode == Embedded { // as keepOnce has it
				opening = context.WithoutCancel(ctx)
			}
			kv, err := openOnce(opening, l.fleet, cfg)
			if err == nil {
				if !b.buckets.lacks(cfg.Bucket, false) {
					b.trouble.end(keyBuckets)
				}
				return kv, true
			}
			b.o.Log.Debug("bucket cannot be opened", "bucket", cfg.Bucket, "err", err)
			// The first time may be while the server, or the way to it, is
			// being made.
			if failures++; l.wrongLogin() != nil {
				failures = 0 // that is why, and said
			} else if failures > 1 && ctx.Err() == nil && b.reachable() {
				b.noBucket(cfg.Bucket, err)
			}
		} else {
			failures, delay = 0, firstBucket
		}
		t := time.NewTimer(delay)
		select {
		case <-t.C:
			delay = min(2*delay, lastBucket)
		case <-again:
			delay = firstBucket
		case <-ctx.Done():
		}
		t.Stop()
	}
	return nil, false
}

// noBucket says that a bucket cannot be used.
func (b *Bus) noBucket(bucket string, err error) {
	b.buckets.lacks(bucket, true)
	said := &fault.Error{Code: fault.BusNoStore, Object: b.bucketObject(), Err: bucketCause(err)}
	if b.o.Mode == Leaf { // which is what the table advises
		said.Advice = "switch JetStream on at the hub, with the domain hub, or let this rig be its client: bus: nats://HOST"
	}
	b.trouble.add(keyBuckets, trouble{change: Change{Code: said.Code, Object: said.Object, Err: said}})
}

// bucketObject is who has the buckets, as troubles name it.
func (b *Bus) bucketObject() string {
	if b.o.Mode == Leaf {
		return "hub " + b.leaf.Load().URL
	}
	return b.object()
}

func openOnce(ctx context.Context, js jetstream.JetStream, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	kv, err := js.KeyValue(ctx, cfg.Bucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = createBucket(ctx, js, cfg)
	}
	return kv, err
}

// unwatch ends a watch. A server that does not answer is not waited for: what it
// has for the watch ends by itself, and what asks it with the connection.
func unwatch(w jetstream.KeyWatcher) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Stop() // fails if the connection is closed, which is as well
	}()
	limit := time.NewTimer(watchTimeout)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
	}
}

func bucketCause(err error) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrJetStreamNotEnabled),
		errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return errors.New("it has no JetStream for this fleet")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return errors.New("its JetStream does not answer")
	}
	return plain(err)
}

// entry is the last status, as the value of the rig's key in the fleet's bucket.
type entry struct {
	changed chan struct{} // of one

	mu      sync.Mutex
	data    []byte
	leaving bool
}

func (e *entry) init() { e.changed = make(chan struct{}, 1) }

func (e *entry) set(data []byte, leaving bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.data, e.leaving = data, leaving
	kick(e.changed)
}

func (e *entry) get() (data []byte, leaving bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.data, e.leaving
}

// keepEntry keeps the rig's entry fresh, so that who comes later knows who was
// there: at once, then every 30 s, and at the end.
func (b *Bus) keepEntry(ctx context.Context, l *link) {
	var kv jetstream.KeyValue
	var put []byte
	storage := jetstream.FileStorage
	if b.o.Mode != Join && b.o.StoreDir == "" {
		storage = jetstream.MemoryStorage
	}
	for {
		select {
		case <-b.entry.changed:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		if kv == nil {
			var ok bool
			if kv, ok = b.open(ctx, l, l.entryAgain, rigsConfig(b.o.Fleet, storage, b.o.StoreBytes)); !ok {
				break
			}
		}
		data, _ := b.entry.get()
		if err := b.putEntry(ctx, kv, data); ctx.Err() != nil {
			break
		} else if err != nil {
			kv = nil
			kick(b.entry.changed)
		} else {
			put = data
		}
		if !pause(ctx, entryEvery) {
			break
		}
	}
	if data, _ := b.entry.get(); kv != nil && data != nil && !sameBytes(data, put) && b.reachable() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
		defer cancel()
		_ = b.putEntry(ctx, kv, data) // who is gone is soon missed
	}
}

// sameBytes reports whether two slices are the same, not only equal.
func sameBytes(a, b []byte) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }

func (b *Bus) putEntry(ctx context.Context, kv jetstream.KeyValue, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	_, err := kv.Put(ctx, rigKey(b.o.Rig), data)
	return err
}
