package spool

import (
	"io"
	"os"
	"sync/atomic"
	"syscall"
)

// Faults is a disk that can be told to fail.
type Faults struct {
	Writes  atomic.Pointer[error] // what writing says, after half of the bytes
	Cursors atomic.Pointer[error] // the same, of cursors
	Reads   atomic.Pointer[error]
	Syncs   atomic.Pointer[error]
}

// WithFaults returns the options with that disk.
func (o Options) WithFaults(f *Faults) Options {
	o.files = f
	return o
}

// Full is what a full disk says.
func Full() *error { err := error(syscall.ENOSPC); return &err }

// Broken is what a broken disk says.
func Broken() *error { err := error(syscall.EIO); return &err }

func (f *Faults) open(name string, flag int) (file, error) {
	if err := f.Writes.Load(); err != nil && flag&os.O_CREATE != 0 {
		return nil, *err
	}
	inner, err := system{}.open(name, flag)
	return &faultyFile{file: inner, f: f}, err
}

func (f *Faults) remove(name string) error { return system{}.remove(name) }

type faultyFile struct {
	file
	f *Faults
}

func (w *faultyFile) Write(p []byte) (int, error) {
	if err := w.f.Writes.Load(); err != nil {
		n, _ := w.file.Write(p[:len(p)/2])
		return n, *err
	}
	return w.file.Write(p)
}

func (w *faultyFile) WriteAt(p []byte, off int64) (int, error) {
	if err := w.f.Cursors.Load(); err != nil {
		n, _ := w.file.WriteAt(p[:len(p)/4], off)
		return n, *err
	}
	return w.file.WriteAt(p, off)
}

func (w *faultyFile) ReadAt(p []byte, off int64) (int, error) {
	if err := w.f.Reads.Load(); err != nil {
		return 0, *err
	}
	return w.file.ReadAt(p, off)
}

func (w *faultyFile) Sync() error {
	if err := w.f.Syncs.Load(); err != nil {
		return *err
	}
	return w.file.Sync()
}

// Scan goes over records as a reader does, and returns the frames and how many
// bytes were no whole record.
func Scan(f io.ReaderAt, size int64) (frames int, skipped int64, err error) {
	sc := scanner{f: f, end: size, ahead: walkAhead}
	for {
		h, at, err := sc.next()
		if err != nil {
			return frames, sc.skipped, ignoreEOF(err)
		}
		p, err := sc.payload(&h, at)
		if err != nil {
			return frames, sc.skipped, err
		}
		switch {
		case p == nil:
		case h.kind == kindBatch:
			if b := readBatch(&h, p); b != nil {
				frames += b.Len()
				b.Release()
			}
		case h.kind == kindPoints:
			readPoints(nil, &h, p)
		case h.kind == kindState:
			readState(p)
		}
	}
}

// Payload reads a payload as one of each kind.
func Payload(count uint16, p []byte) (frames, points int, state bool) {
	h := header{count: count}
	if b := readBatch(&h, p); b != nil {
		frames = b.Len()
		b.Release()
	}
	_, state = readState(p)
	return frames, len(readPoints(nil, &h, p)), state
}
