package linuxwifi

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A store keeps the state of one radio through a crash, and is locked while
// the radio is open.
type store interface {
	Load() (state, error) // os.ErrNotExist if there is none
	Save(s state) error   // is on the disk when it returns
	Remove() error        // what was saved
	Close() error         // lets go of the lock
}

// errLocked means that a running process has the radio.
var errLocked = errors.New("another sensord has it open")

const (
	statePrefix = "radio-"
	stateSuffix = ".json"
	lockSuffix  = ".lock"
)

// memoryStore keeps nothing: for radios without a state directory.
type memoryStore struct{}

func (memoryStore) Load() (state, error) { return state{}, os.ErrNotExist }
func (memoryStore) Save(state) error     { return nil }
func (memoryStore) Remove() error        { return nil }
func (memoryStore) Close() error         { return nil }

// dirStore keeps the state in a folder: radio-wlan0.json, and radio-wlan0.lock,
// which is there while a process has the radio. The lock ends with its process,
// however that dies.
type dirStore struct {
	dir  string
	base string
	lock *os.File
}

// openStore locks the state of an interface. errLocked means that a process
// holds it.
func openStore(dir, iface string) (*dirStore, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	// Interface names may contain what confuses people in file names.
	base := filepath.Join(dir, statePrefix+strings.ReplaceAll(url.PathEscape(iface), ".", "%2E"))
	lock, err := lockFile(base + lockSuffix)
	if err != nil {
		return nil, err
	}
	return &dirStore{dir: dir, base: base, lock: lock}, nil
}

// lockFile takes the lock and makes sure that the file is still the one that
// has the name: whoever lets go removes it.
func lockFile(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, err
		}
		err = ignoringEINTR(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
		if err != nil {
			_ = f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, errLocked
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		ours, errOurs := f.Stat()
		named, errNamed := os.Lstat(path)
		if errOurs == nil && errNamed == nil && os.SameFile(ours, named) {
			return f, nil
		}
		_ = f.Close()
	}
}

func ignoringEINTR(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// Load reads what a killed run left.
func (s *dirStore) Load() (state, error) {
	f, err := os.OpenFile(s.base+stateSuffix, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return state{}, err
	}
	defer f.Close()
	return readState(f)
}

// Save writes a new file, waits for the disk, and puts it in the old one's
// place.
func (s *dirStore) Save(st state) error {
	data, err := st.encode()
	if err != nil {
		return err
	}
	next := s.base + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	if err := os.Rename(next, s.base+stateSuffix); err != nil {
		return err
	}
	return s.syncDir()
}

// Remove removes the state.
func (s *dirStore) Remove() error {
	err := os.Remove(s.base + stateSuffix)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return errors.Join(err, s.syncDir())
}

func (s *dirStore) syncDir() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close removes the lock's file while it is still locked, and lets go.
func (s *dirStore) Close() error {
	return errors.Join(os.Remove(s.base+lockSuffix), s.lock.Close())
}

// savedInterfaces returns the interfaces whose state a folder holds.
func savedInterfaces(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		base, isState := strings.CutSuffix(e.Name(), stateSuffix)
		escaped, isOurs := strings.CutPrefix(base, statePrefix)
		if !isState || !isOurs {
			continue
		}
		if name, err := url.PathUnescape(escaped); err == nil && validName(name) {
			names = append(names, name)
		}
	}
	return names, nil
}
