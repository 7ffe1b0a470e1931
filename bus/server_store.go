//go:build !lite

package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/sensord/sensord/internal/fault"
)

// lockName is the file of a store's directory that who has it locks.
const lockName = "lock"

const (
	lockTries = 4
	lockPause = 25 * time.Millisecond
)

var (
	errLocked  = errors.New("another process has it")
	errCorrupt = errors.New("it is corrupt")
)

// A serverStore is where a server keeps its streams. nats-server needs a
// directory even for what is in memory, and locks none: two servers on one
// directory would destroy it.
type serverStore struct {
	wanted string   // as it was asked for; "" is memory
	dir    string   // in use; below it nats-server makes "jetstream"
	lock   *os.File // of dir; nil if dir is temporary
	off    bool     // there is not even a temporary directory
	err    error    // why it is not as it was asked for

	made os.FileInfo // what the server keeps its streams in; nil is not known
}

// openStore takes the directory, or a temporary one in its place if that cannot
// be: nothing that is wrong with a disk keeps a server from starting.
func openStore(wanted string) *serverStore {
	s := &serverStore{wanted: wanted, dir: wanted}
	if wanted == "" {
		s.temporary(nil)
		return s
	}
	if err := s.take(); err != nil {
		s.temporary(err)
	}
	return s
}

// take makes the directory and locks it.
func (s *serverStore) take() error {
	if err := os.MkdirAll(s.wanted, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(s.wanted, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = lockFile(f)
	for range lockTries { // another rig may just look whether we have it
		if !errors.Is(err, errLocked) {
			break
		}
		_ = pause(context.Background(), lockPause)
		err = lockFile(f)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.lock = f
	return nil
}

// temporary changes to a directory that goes when the server ends.
func (s *serverStore) temporary(why error) {
	s.release()
	if why != nil {
		s.err = s.fault(fmt.Errorf("kept in memory only: %w", why))
	}
	dir, err := os.MkdirTemp("", "sensord-bus-")
	if err != nil {
		s.off, s.dir = true, ""
		s.err = s.fault(fmt.Errorf("nothing is kept: %w", err))
		return
	}
	s.dir = dir
}

// aside moves away what is damaged, so that the next server begins anew there.
// Only the last one of a name that was moved is kept: the disk has an end.
func (s *serverStore) aside(bad *storeError) error {
	what := cmp.Or(bad.what, s.streams())
	aside := filepath.Join(s.dir, "corrupt", filepath.Base(what))
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(aside), 0o700); err != nil {
		return err
	}
	if err := os.Rename(what, aside); err != nil {
		return err
	}
	s.err = s.fault(fmt.Errorf("begun anew, what was there is now in %s: %w", aside, bad.err))
	return nil
}

// A storeError is why a server did not start on its store.
type storeError struct {
	what string // the directory that is damaged; "" is all
	err  error
}

// Error implements error.
func (e *storeError) Error() string { return e.err.Error() }

// mend is what is done about a store that a server did not start on.
func (s *serverStore) mend(bad *storeError) {
	if s.lock == nil { // a temporary one
		s.release()
		s.off, s.dir = true, ""
		s.err = s.fault(fmt.Errorf("nothing is kept: %w", bad.err))
		return
	}
	if err := s.aside(bad); err != nil {
		s.temporary(errors.Join(bad.err, err))
	}
}

func (s *serverStore) fault(err error) error { return fault.New(fault.BusStore, s.object(), err) }

func (s *serverStore) object() string {
	if s.wanted == "" {
		return "store of the bus"
	}
	return "store of the bus " + s.wanted
}

func (s *serverStore) streams() string { return filepath.Join(s.dir, server.JetStreamStoreDir) }

func (s *serverStore) onDisk() bool { return s.lock != nil }

// release gives the directory back.
func (s *serverStore) release() {
	if s.lock != nil {
		_ = s.lock.Close()
		s.lock = nil
		return
	}
	if s.dir != "" && s.dir != s.wanted {
		_ = os.RemoveAll(s.dir)
	}
}

// damaged returns the first stream that is on disk and that the server has not
// found there: its description is damaged, and nats-server leaves it out with a
// warning. nil is none.
func (s *serverStore) damaged(ns *server.Server) *storeError {
	if s.off || !s.onDisk() {
		return nil
	}
	js, err := ns.Jsz(&server.JSzOptions{Accounts: true, Streams: true})
	if err != nil {
		return nil //nolint:nilerr // JetStream is off: whoever looks sees it
	}
	found := map[string]bool{}
	for _, a := range js.AccountDetails {
		for _, st := range a.Streams {
			found[filepath.Join(a.Id, st.Name)] = true
		}
	}
	files, _ := filepath.Glob(filepath.Join(s.streams(), "*", "streams", "*", server.JetStreamMetaFile))
	for _, f := range files {
		stream := filepath.Dir(f)
		account, name := filepath.Base(filepath.Dir(filepath.Dir(stream))), filepath.Base(stream)
		if !found[filepath.Join(account, name)] {
			return &storeError{stream, fmt.Errorf("stream %s: %w", name, errCorrupt)}
		}
	}
	return nil
}
