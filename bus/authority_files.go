//go:build !lite

package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nkeys"

	"github.com/sensord/sensord/internal/fault"
)

const (
	accountKey = "account.nk"
	issuedFile = "issued.json"
	newFile    = ".new-*" // one that is being written

	maxIssuedBytes = 8 << 20
)

// An issue is one file of credentials that was given out. The key is the public
// one: what lets a rig in is not kept.
type issue struct {
	Name    string `json:"name"`
	Key     string `json:"key"`
	Issued  int64  `json:"issued"`            // Unix seconds
	Expires int64  `json:"expires,omitempty"` // 0 is never
	Revoked int64  `json:"revoked,omitempty"` // 0 is not
	Watch   bool   `json:"watch,omitempty"`
}

// over reports whether nobody has to remember it any more.
func (i issue) over(now time.Time) bool { return i.Expires != 0 && i.Expires < now.Unix() }

// lock keeps other processes from changing the directory meanwhile. What is done
// under it takes milliseconds, so it waits.
func (a *Authority) lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(a.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, a.failed(err)
	}
	if err := waitLock(f); err != nil {
		_ = f.Close()
		return nil, a.failed(err)
	}
	return func() { _ = f.Close() }, nil
}

// keyFile reads a key, or makes one. Call it under the lock.
func (a *Authority) keyFile(name string, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	seed, err := a.read(name, 256)
	if err == nil {
		key, err := nkeys.FromSeed(seed)
		if err != nil {
			return nil, a.damaged(name, nil)
		}
		if got, _, err := nkeys.DecodeSeed(seed); err != nil || got != kind {
			return nil, a.damaged(name, nil)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, a.failed(err)
	}
	key, err := nkeys.CreatePair(kind)
	if err != nil {
		return nil, err
	}
	if seed, err = key.Seed(); err != nil {
		return nil, err
	}
	if err := a.write(name, seed); err != nil {
		return nil, a.failed(err)
	}
	return key, nil
}

// account returns the key of a fleet, which is made if it is new. Call it under
// the lock.
func (a *Authority) account(fleet string) (nkeys.KeyPair, error) {
	if err := CheckToken("fleet", fleet); err != nil {
		return nil, err
	}
	key := filepath.Join("fleets", fleet, accountKey)
	if _, err := os.Stat(filepath.Join(a.dir, key)); errors.Is(err, fs.ErrNotExist) {
		fleets, err := a.Fleets()
		if err != nil {
			return nil, err
		}
		if len(fleets) >= maxFleets { // the hub would not know it
			return nil, &fault.Error{
				Code: fault.ConfigInvalid, Object: "fleet " + fleet, Err: fmt.Errorf("the hub has %d fleets, and may have no more", len(fleets)),
				Advice: "name one of those that `sensord hub list` shows, or run another hub with a --state of its own",
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(a.dir, "fleets", fleet), 0o700); err != nil {
		return nil, a.failed(err)
	}
	return a.keyFile(key, nkeys.PrefixByteAccount)
}

// issued returns what was given out in a fleet, none if there is no such fleet.
// Call it under the lock.
func (a *Authority) issued(fleet string) ([]issue, error) {
	name := filepath.Join("fleets", fleet, issuedFile)
	data, err := a.read(name, maxIssuedBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, a.failed(err)
	}
	var list []issue
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, a.damaged(name, nil)
	}
	for _, i := range list {
		if !nkeys.IsValidPublicUserKey(i.Key) || !isToken(i.Name) {
			return nil, a.damaged(name, nil)
		}
	}
	return list, nil
}

func (a *Authority) saveIssued(fleet string, list []issue) error {
	data, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return err
	}
	if err := a.write(filepath.Join("fleets", fleet, issuedFile), append(data, '\n')); err != nil {
		return a.failed(err)
	}
	return nil
}

func (a *Authority) read(name string, limit int64) ([]byte, error) {
	f, err := os.Open(filepath.Join(a.dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// write replaces a file as a whole: a loss of power leaves the old one or the
// new one.
func (a *Authority) write(name string, data []byte) (err error) {
	file := filepath.Join(a.dir, name)
	f, err := os.CreateTemp(filepath.Dir(file), newFile) // which only the owner may read
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), file); err != nil {
		return err
	}
	// A key that was used and is gone would make credentials worthless.
	return errors.Join(syncDir(filepath.Dir(file)), syncDir(filepath.Dir(filepath.Dir(file))))
}

// tidy removes what processes left behind that were killed while they wrote.
// Call it under the lock.
func (a *Authority) tidy() {
	dirs := []string{a.dir}
	fleets, _ := os.ReadDir(filepath.Join(a.dir, "fleets"))
	for _, f := range fleets {
		dirs = append(dirs, filepath.Join(a.dir, "fleets", f.Name()))
	}
	for _, dir := range dirs {
		files, _ := os.ReadDir(dir)
		for _, f := range files {
			if left, _ := filepath.Match(newFile, f.Name()); left {
				_ = os.Remove(filepath.Join(dir, f.Name()))
			}
		}
	}
}

// syncDir makes the names in a directory survive a loss of power, on file systems
// that can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err = d.Sync(); errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// changed is what tells one state of a fleet's list from another without
// reading it.
func (a *Authority) changed(fleet string) (fileMark, error) {
	info, err := os.Stat(filepath.Join(a.dir, "fleets", fleet, issuedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fileMark{}, nil
	}
	if err != nil {
		return fileMark{}, err
	}
	return fileMark{info.ModTime(), info.Size()}, nil
}

type fileMark struct {
	modified time.Time
	size     int64
}

// Issued is one file of credentials, for people.
type Issued struct {
	Name    string
	Watch   bool
	Issued  time.Time
	Expires time.Time // zero is never
	Revoked time.Time // zero is not
}

// List returns what was issued in a fleet, the oldest first.
func (a *Authority) List(fleet string) ([]Issued, error) {
	unlock, err := a.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	list, err := a.issued(fleet)
	if err != nil {
		return nil, err
	}
	at := func(s int64) time.Time {
		if s == 0 {
			return time.Time{}
		}
		return time.Unix(s, 0)
	}
	all := make([]Issued, 0, len(list))
	for _, i := range list {
		all = append(all, Issued{i.Name, i.Watch, at(i.Issued), at(i.Expires), at(i.Revoked)})
	}
	return all, nil
}
