package spool

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// Defaults of Options.
const (
	DefaultSizeBytes    = 2 << 30
	DefaultSyncEvery    = time.Second
	DefaultSegmentBytes = 8 << 20

	smallSegmentBytes = 1 << 20
	smallSizeBytes    = 16 * DefaultSegmentBytes
	minSegmentBytes   = 64 << 10
)

// ErrFull says that the rig's bytes are used up, and nothing can be given up for
// more. It is the cause of a fault.DiskFull.
var ErrFull = errors.New("its size is used up")

// A Rig is the spool directory of one sensord.
type Rig struct {
	o      Options
	boot   Boot
	rotate time.Duration // no segment is written to for longer
	used   atomic.Int64
	long   atomic.Int64 // bytes of a segment

	mu     sync.Mutex
	stores []*Store
	closed bool
}

// Open makes the directory if needed. It locks nothing yet: each source has a
// lock of its own. Errors: fault.DiskFull, DiskFailed; there is a rig then, too,
// for Source makes what Open could not.
func Open(o Options) (*Rig, error) {
	o.SizeBytes = cmp.Or(max(o.SizeBytes, 0), DefaultSizeBytes)
	o.SyncEvery = cmp.Or(max(o.SyncEvery, 0), DefaultSyncEvery)
	o.Sync, o.Drop = cmp.Or(o.Sync, Every), cmp.Or(o.Drop, Oldest)
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = DefaultSegmentBytes
		if o.SizeBytes < smallSizeBytes {
			o.SegmentBytes = max(min(smallSegmentBytes, o.SizeBytes/8), minSegmentBytes)
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.files == nil {
		o.files = system{}
	}
	r := &Rig{o: o, boot: bootOf(o.BootID), rotate: rotateEvery}
	if o.MaxAge > 0 {
		r.rotate = min(r.rotate, max(o.MaxAge/8, time.Second))
	}
	return r, r.Make()
}

// Make makes the directory, if it is not there. Errors: as Open.
func (r *Rig) Make() error { return diskFault(r.o.Dir, os.MkdirAll(r.o.Dir, 0o750)) }

// bootOf reads a boot id as the kernel writes it, and asks the kernel for an
// empty one. Where there is none, every process is a boot of its own.
func bootOf(id string) (b Boot) {
	if id == "" {
		text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
		id = string(text)
	}
	id = strings.ReplaceAll(strings.TrimSpace(id), "-", "")
	if n, err := hex.Decode(b[:], []byte(id[:min(len(id), 2*len(b))])); err == nil && n == len(b) {
		return b
	}
	_, _ = rand.Read(b[:]) // never fails
	return b
}

// Source opens the store of a source, with what earlier runs left in it. name
// and kind, its Kismet type, are what List shows. A store is closed with its rig.
// Errors: fault.SpoolLocked, SpoolVersion, DiskFull, DiskFailed.
func (r *Rig) Source(uuid capture.UUID, name, kind string, live bool) (*Store, error) {
	dir := filepath.Join(r.o.Dir, uuid.String())
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, diskFault(dir, err)
	}
	held, err := lock(dir)
	if err != nil {
		return nil, diskFault(dir, err)
	}
	s := &Store{
		rig: r, uuid: uuid, name: name, dir: dir, lock: held, clocks: map[Boot][]State{},
		log: r.o.Log.With("source", name),
	}
	s.meta = meta{Version: version, UUID: uuid.String(), Name: name, Type: kind, Live: live}
	if err := s.recover(); err != nil {
		_ = held.Close()
		return nil, diskFault(dir, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, diskFault(dir, errors.Join(errClosed, s.Close()))
	}
	r.used.Add(s.bytes())
	r.stores = append(r.stores, s)
	// The segments that are written to cannot be given up: they must not be all.
	r.long.Store(min(r.o.SegmentBytes, max(minSegmentBytes, r.o.SizeBytes/int64(4*len(r.stores)))))
	return s, nil
}

var errClosed = errors.New("it is closed")

// Orphans lists the sources in the directory that are none of known.
func (r *Rig) Orphans(known []capture.UUID) ([]Info, error) {
	list, err := List(r.o.Dir)
	return slices.DeleteFunc(list, func(i Info) bool { return slices.Contains(known, i.UUID) }), err
}

// Usage returns the bytes that this rig's sources hold, how many they may, and
// how many are free on the disk, -1 if that is not known.
func (r *Rig) Usage() (bytes, limit, free int64) {
	return r.used.Load(), r.o.SizeBytes, freeBytes(r.o.Dir)
}

// Options returns the rig's, with the defaults filled in.
func (r *Rig) Options() Options { return r.o }

// Close closes all stores; nobody may use them any more. What is in them stays
// for the next start.
func (r *Rig) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for _, s := range r.stores {
		err = errors.Join(err, s.Close())
	}
	r.stores, r.closed = nil, true
	return diskFault(r.o.Dir, err)
}

// reserve makes room for n bytes of a source, by the rule.
func (r *Rig) reserve(n int64) error {
	r.used.Add(n)
	for r.used.Load() > r.o.SizeBytes {
		if !r.reclaim() {
			r.used.Add(-n)
			return &fault.Error{
				Code: fault.DiskFull, Object: "spool " + r.o.Dir, Err: ErrFull,
				Advice: "give it more with spool: {size: …}; with drop: oldest what comes takes the place of what is old",
			}
		}
	}
	return nil
}

// reclaim deletes one segment: one that is confirmed, or else, by the rule, the
// oldest of the source that has most.
func (r *Rig) reclaim() bool {
	r.mu.Lock()
	stores := slices.Clone(r.stores)
	r.mu.Unlock()
	for _, s := range stores {
		if g := s.done(); g != nil {
			s.erase(g)
			return true
		}
	}
	if r.o.Drop == Newest {
		return false
	}
	most := map[*Store]int64{}
	for _, s := range stores {
		u, _, _ := s.Usage()
		most[s] = u.Bytes
	}
	slices.SortFunc(stores, func(a, b *Store) int { return cmp.Compare(most[b], most[a]) })
	for _, s := range stores {
		all := func(*segment) bool { return true }
		if g := s.give(func(d *Drops) *uint64 { return &d.Size }, all); g != nil {
			s.erase(g)
			s.lost("the spool's size is used up, and the oldest frames are dropped")
			return true
		}
	}
	return false
}
