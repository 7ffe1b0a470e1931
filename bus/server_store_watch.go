//go:build !lite

package bus

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A storeWatch looks after a running server's store. On a disk that is full or
// fails nats-server stops a stream, or JetStream as a whole, for good: what is
// published then is not acknowledged, and only opening it again mends that.
type storeWatch struct {
	store  *serverStore
	log    logger
	notify func() // may be nil

	wake   chan struct{}
	failed atomic.Bool // said so

	// Of run: how many looks in turn have found that the directory is another
	// one, and how many there were.
	gone, looks int

	mu     sync.Mutex
	nats   *server.Server
	broken error
}

// logger is what a storeWatch needs of a log.
type logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

const (
	storeLook  = time.Second
	storeRetry = 10 * time.Second // between two looks whether the disk can be written again
	storeRoom  = 1 << 20          // so much has to be free for another try
)

func newStoreWatch(s *serverStore, log logger, notify func()) *storeWatch {
	return &storeWatch{store: s, log: log, notify: notify, wake: make(chan struct{}, 1)}
}

// heard takes a line of the log, in which alone nats-server says that it cannot
// write. It only notes it: nats-server holds locks.
func (w *storeWatch) heard(text string) {
	lower := strings.ToLower(text)
	if !strings.Contains(lower, "critical write error") && !strings.Contains(lower, "jetstream out of space") {
		return
	}
	w.failed.Store(true)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run looks after the store of ns until ctx ends.
func (w *storeWatch) run(ctx context.Context, opts *server.Options) {
	look := time.NewTicker(storeLook)
	defer look.Stop()
	var since, begun time.Time
	w.store.mark()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		case <-w.wake:
		}
		if w.isGone() {
			if w.gone > 1 && time.Since(begun) >= storeRetry {
				begun = time.Now()
				w.beginAnew(ctx, opts)
			}
			continue
		}
		if !w.failed.Load() && w.nats.JetStreamEnabled() {
			since = time.Time{}
			w.say(nil)
			continue
		}
		w.say(w.store.fault(errors.New("the disk is full or fails: nothing is kept until that ends")))
		if since.IsZero() || time.Since(since) < storeRetry {
			if since.IsZero() {
				since = time.Now()
			}
			continue
		}
		since = time.Now()
		if w.writable() {
			w.reopen(opts)
		}
	}
}

// reopen makes JetStream begin again with what is on the disk.
func (w *storeWatch) reopen(opts *server.Options) {
	_ = w.nats.ShutdownJetStream() // it may be off
	err := w.enable(opts)
	w.log.Info("store of the bus is opened again", "dir", opts.StoreDir, "err", err)
}

func (w *storeWatch) enable(opts *server.Options) error {
	w.failed.Store(false)
	return w.nats.EnableJetStream(&server.JetStreamConfig{
		StoreDir: opts.StoreDir, MaxStore: opts.JetStreamMaxStore, MaxMemory: opts.JetStreamMaxMemory,
		Domain: opts.JetStreamDomain, SyncInterval: opts.SyncInterval, Strict: !opts.NoJetStreamStrict,
	})
}

// writable reports whether there is some room on the disk.
func (w *storeWatch) writable() bool {
	f, err := os.CreateTemp(w.store.dir, ".room-*")
	if err != nil {
		return false
	}
	_, err = f.Write(make([]byte, storeRoom))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name())) == nil
}

// say notes what is wrong, and tells if that is new.
func (w *storeWatch) say(err error) {
	w.mu.Lock()
	changed := (w.broken == nil) != (err == nil)
	if changed {
		w.broken = err
	}
	w.mu.Unlock()
	if changed && w.notify != nil {
		w.notify()
	}
}

// state returns how it stands with what is kept.
func (w *storeWatch) state() ServerStore {
	w.mu.Lock()
	st := ServerStore{Disk: w.store.onDisk(), Err: w.broken}
	if st.Err == nil {
		st.Err = w.store.err
	}
	if st.Disk {
		st.Dir = w.store.dir
	}
	w.mu.Unlock()
	js, err := w.nats.Jsz(nil)
	if err != nil || !w.nats.JetStreamEnabled() {
		return st
	}
	st.Kept = true
	st.Bytes, st.Limit = int64(min(js.Store, 1<<62)), js.Config.MaxStore //nolint:gosec // bounded
	if !st.Disk {
		st.Bytes, st.Limit = int64(min(js.Memory, 1<<62)), js.Config.MaxMemory //nolint:gosec // bounded
	}
	return st
}
