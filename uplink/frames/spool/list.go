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
// keeps no locks, and a running sensord may own them. Errors: fault.SpoolAbsent,
// SpoolVersion, DiskFailed.
func List(dir string) ([]Info, error) {
	sources, err := sourceDirectories(dir)
	if err != nil {
		return nil, err
	}
	list := make([]Info, 0, len(sources))
	for _, uuid := range sources {
		info, err := describe(filepath.Join(dir, uuid.String()), uuid)
		if err != nil {
			return nil, err
		}
		list = append(list, info)
	}
	return list, nil
}

func describe(path string, uuid capture.UUID) (Info, error) {
	v, err := look(path)
	if err != nil {
		return Info{}, err
	}
	m, err := readMeta(path)
	if err != nil {
		return Info{}, err
	}
	i := Info{
		UUID: uuid, Name: m.Name, Type: m.Type, Live: m.Live,
		Frames: v.frames(), Acked: v.acked, Lost: v.lost,
		Locked: v.running, Damaged: v.lost > 0 || v.lostBytes > 0,
	}
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
	return i, nil
}

// utc corrects the time of a segment's frame by what is known of the clock.
func (v *survey) utc(g *segment, m moment) time.Time {
	ns := m.ns
	if m.live {
		ns += correction(v.clocks[g.boot], ns-m.offsetNs, m.offsetNs)
	}
	return time.Unix(0, ns).UTC()
}

// locked reports whether a running sensord has a source's directory. Where the
// lock may not be looked at, as another user, it is taken to be.
func locked(path string) bool {
	f, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0)
	if err != nil {
		return errors.Is(err, os.ErrPermission)
	}
	defer func() { _ = f.Close() }()
	return tryLock(f) != nil
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
