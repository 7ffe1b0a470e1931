//go:build !lite

package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/sensord/sensord/internal/fault"
)

// A directory that is removed, moved or mounted over goes on taking what is
// written to the files that were open in it, and nobody will find that there.

// streamLook is in how many looks at the directory there is one at each stream's.
const streamLook = 3

// mark notes which directory the server keeps its streams in.
func (s *serverStore) mark() {
	if s.onDisk() {
		s.made, _ = os.Stat(s.streams()) // else whoever looks sees no more than before
	}
}

// taken reports whether the directory is the one that was taken.
func (s *serverStore) taken() bool {
	if s.lock == nil {
		return false
	}
	lock, err := s.lock.Stat()
	return err != nil || isStill(filepath.Join(s.wanted, lockName), lock)
}

// isStill reports whether a file has this name, as far as can be seen: a disk that
// fails is another matter.
func isStill(path string, file os.FileInfo) bool {
	is, err := os.Stat(path)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
	}
	return os.SameFile(is, file)
}

// isGone looks whether what the server writes to is where it is looked for at the
// next start.
func (w *storeWatch) isGone() bool {
	s := w.store
	if s.wanted == "" || s.dir != s.wanted { // it goes with the server in any case
		return false
	}
	w.looks++
	gone := !s.taken() || s.made != nil && !isStill(s.streams(), s.made)
	if !gone && (w.gone > 0 || w.looks%streamLook == 0) {
		gone = w.lacksStream()
	}
	if !gone {
		w.gone = 0
		return false
	}
	w.gone++ // a stream may be about to be made or removed: one look is none
	return true
}

// lacksStream reports whether the directory of a stream is missing. Of a hub's
// accounts, which change while it runs, nats-server cannot be asked.
func (w *storeWatch) lacksStream() bool {
	account := w.nats.GlobalAccount().GetName()
	js, err := w.nats.JszAccount(&server.JSzOptions{Account: account, Streams: true, Config: true})
	if err != nil {
		return false // JetStream is off: whoever looks sees it
	}
	for _, st := range js.Streams {
		if st.Config == nil || st.Config.Storage != server.FileStorage {
			continue
		}
		dir := filepath.Join(w.store.streams(), account, "streams", st.Name)
		for _, name := range [...]string{server.JetStreamMetaFile, "msgs"} {
			if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
				return true
			}
		}
	}
	return false
}

const (
	removedCause  = "its directory was removed or replaced while it was in use"
	removedAdvice = "leave the directory alone while sensord runs: what was kept in it is lost, as far as nobody has it yet, unless it was moved"
)

// beginAnew makes the directory again, and JetStream begin with what is there.
// While that cannot be, nothing is kept, and so nothing is acknowledged.
func (w *storeWatch) beginAnew(ctx context.Context, opts *server.Options) {
	_ = w.nats.ShutdownJetStream() // it may be off
	next := *w.store               // of which others see nothing before it is as it should be
	err := next.takeAgain()
	if err == nil {
		err = w.enableMended(ctx, &next, opts)
	}
	said := &fault.Error{Code: fault.BusStore, Object: next.object(), Advice: removedAdvice}
	if err != nil {
		said.Err = fmt.Errorf("%s, and it cannot be begun anew: %w", removedCause, err)
		w.mu.Lock()
		w.store.lock = next.lock
		w.mu.Unlock()
		w.say(said)
		return
	}
	next.mark()
	said.Err = fmt.Errorf("begun anew: %s", removedCause)
	w.mu.Lock()
	*w.store, w.broken = next, nil
	w.store.err = said
	w.mu.Unlock()
	w.gone = 0
	if w.notify != nil {
		w.notify()
		return
	}
	w.log.Warn("store of the bus is not as it should be", "err", said)
}

// enableMended starts JetStream on a directory that somebody may have put there,
// and puts aside what is damaged in it.
func (w *storeWatch) enableMended(ctx context.Context, s *serverStore, opts *server.Options) error {
	for {
		err := w.enable(opts)
		if err != nil {
			return err
		}
		bad := s.damaged(w.nats)
		if bad == nil {
			return nil
		}
		_ = w.nats.ShutdownJetStream()
		if err := s.aside(bad); err != nil {
			return errors.Join(bad, err)
		}
		// What nats-server has just started may only be about to look where its
		// queues are, and starting again makes others of them.
		if !pause(ctx, storeLook) {
			return ctx.Err()
		}
	}
}

// takeAgain takes the directory that is there now, or makes one.
func (s *serverStore) takeAgain() error {
	if s.taken() {
		return nil
	}
	if s.lock != nil {
		_ = s.lock.Close()
		s.lock = nil
	}
	return s.take()
}
