package spool

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// List describes the sources in a spool directory, in order of their UUIDs. It
// keeps no locks, and a running sensord may own them. What is wrong with one
// source's directory is in its Info, and of no other's concern. Errors:
// fault.SpoolAbsent, DiskFailed.
func List(dir string) ([]Info, error) {
	sources, err := sourceDirectories(dir)
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(sources))
	for _, uuid := range sources {
		info := describe(filepath.Join(dir, uuid.String()), uuid)
		if fault.CodeOf(info.Err) != fault.SpoolAbsent { // it was emptied just now
			list = append(list, info)
		}
	}
	return list, nil
}

func describe(path string, uuid capture.UUID) Info {
	m, _ := readMeta(path) // who is it, even of a later version
	i := Info{UUID: uuid, Name: m.Name, Type: m.Type, Live: m.Live}
	v, err := look(path)
	if err != nil {
		i.Err, i.Bytes = err, bytesIn(path)
		i.Locked, _ = locked(path)
		return i
	}
	i.Frames, i.Lost, i.Counts = v.frames(), v.lost, v.counts
	i.Locked, i.Damaged = v.locked, v.lost > 0 || v.lostBytes > 0
	for _, g := range v.segments {
		i.Bytes += g.bytes()
		if g.count(v.acked, g.end()) == 0 {
			continue
		}
		if i.First.IsZero() {
			i.First = v.utc(g, g.from)
		}
		i.Last = v.utc(g, g.to)
	}
	return i
}

// bytesIn is how much the files of a directory hold, as far as that can be seen.
func bytesIn(path string) (n int64) {
	entries, _ := os.ReadDir(path)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			n += info.Size()
		}
	}
	return n
}

// utc corrects the time of a segment's frame by what is known of the clock.
func (v *survey) utc(g *segment, m moment) time.Time {
	ns := m.ns
	if m.live {
		ns += correction(v.clocks[g.boot], ns-m.offsetNs, m.offsetNs)
	}
	return time.Unix(0, ns).UTC()
}

// locked reports whether a running sensord has a source's directory, as far as
// the lock may be looked at.
func locked(path string) (held, known bool) {
	f, err := os.Open(filepath.Join(path, lockName))
	if err != nil {
		return false, errors.Is(err, os.ErrNotExist)
	}
	defer func() { _ = f.Close() }()
	err = tryLock(f)
	return errors.Is(err, errLocked), err == nil || errors.Is(err, errLocked)
}

// Empty deletes what is kept of a source. Errors: fault.SpoolAbsent,
// SpoolLocked, DiskFailed.
func Empty(dir string, uuid capture.UUID) error {
	path := filepath.Join(dir, uuid.String())
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return fault.Newf(fault.SpoolAbsent, "spool "+dir, "no frames of %s are kept there", uuid)
	}
	held, err := lock(path)
	if err != nil {
		return diskFault(path, err)
	}
	defer func() { _ = held.Close() }()
	return diskFault(path, os.RemoveAll(path))
}
