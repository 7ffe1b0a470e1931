package spool

import (
	"errors"
	"io"

	"github.com/sensord/sensord/capture"
)

type files interface{}

// A Rig is the spool directory of one sensord.
type Rig struct{ o Options }

// Open makes the directory if needed. It locks nothing yet: each source has a
// lock of its own.
func Open(o Options) (*Rig, error) { return &Rig{o: o}, nil }

// Source opens the store of a source, with what earlier runs left in it. name
// and kind, its Kismet type, are what List shows. A store is closed with its rig.
// Errors: fault.SpoolLocked, SpoolVersion, DiskFull, DiskFailed.
func (r *Rig) Source(uuid capture.UUID, name, kind string, live bool) (*Store, error) {
	return &Store{}, nil
}

// Orphans lists the sources in the directory that are none of known.
func (r *Rig) Orphans(known []capture.UUID) ([]Info, error) { return nil, nil }

// Usage returns the bytes that this rig's sources hold, how many they may, and
// how many are free on the disk, -1 if that is not known.
func (r *Rig) Usage() (bytes, limit, free int64) { return 0, r.o.SizeBytes, -1 }

// Close closes all stores. What is in them stays for the next start.
func (r *Rig) Close() error { return nil }

// Store is one source's spool, open for writing.
type Store struct{}

// Place tells when and where frames were heard, by what was recorded with them.
type Place struct{}

// List describes the sources in a spool directory, in order of their UUIDs. It
// takes no locks, and a running sensord may own them.
func List(dir string) ([]Info, error) { return nil, nil }

// Empty deletes what is kept of a source. Errors: fault.SpoolAbsent,
// SpoolLocked, DiskFailed.
func Empty(dir string, uuid capture.UUID) error { return errors.ErrUnsupported }

// A Reader reads what is kept of a source, from what no server has confirmed.
type Reader struct{}

// OpenReader opens one, also beside a running sensord. Errors:
// fault.SpoolAbsent, SpoolVersion, DiskFailed.
func OpenReader(dir string, uuid capture.UUID) (*Reader, error) { return nil, errors.ErrUnsupported }

// Next returns the next frames, or io.EOF.
func (r *Reader) Next() (Entry, error) { return Entry{}, io.EOF }

// Close ends the reading.
func (r *Reader) Close() error { return nil }
