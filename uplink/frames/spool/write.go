package spool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

const (
	flushBytes   = 256 << 10       // written at a time
	retryEvery   = 3 * time.Second // after the disk refused something
	rotateEvery  = time.Hour       // so that a quiet source's frames can go one day, too
	repeatPoints = 2               // of the segment before, so that a segment's first frames are placed
)

// writer is what the writing goroutine knows.
type writer struct {
	seg     *segment // nil before the first frame
	f, pts  file
	began   time.Time
	number  uint32 // of the newest segment, ever
	ordinal uint64 // frames written, ever

	buf, pbuf  []byte // what is to be written to f and to pts
	size, psiz int64  // what is
	runs       []run  // of both, what is not in seg yet
	committed  uint64 // the end of what is
	head, last header // of the oldest record in runs and of the newest

	points  []gps.Point // the newest, for the next segment,
	safe    []gps.Point // and the newest that are part of the store
	pointNs int64       // of the newest,
	safeNs  int64       // and of the newest that is part of the store
	state   State       // the newest, if hasState

	hasState bool
	dirty    bool // something is not synced

	cursorFile file
	cursor     cursor
	saved      cursor // as it is on disk
	before     Counts // of earlier runs
	tally      Tally  // of this one
	retry      time.Time
	lame       bool // something could not be made safe: that a file takes bytes is no proof then,
	proved     bool // but that something was made safe since
}

// Write appends the frames of b from frame from on; first is the number of frame
// 0. They are read no later than the call returns, and are on disk, and part of
// the store, after Commit. After an error, Committed says which are.
func (s *Store) Write(first uint64, b *capture.Batch, from int) error {
	if err := s.begin(); err != nil {
		return err
	}
	w := &s.w
	h := header{first: first + uint64(from), ordinal: w.ordinal, boot: s.rig.boot}
	w.buf = appendBatch(w.buf, h, b, from)
	h, _ = parseHeader(w.buf[len(w.buf)-recordSize(b, from):])
	w.ordinal += uint64(h.count)
	if len(w.runs) == 0 {
		w.head = h
	}
	w.runs = append(w.runs, run{h.first, h.end()})
	w.last = h
	if len(w.buf) < flushBytes {
		return nil
	}
	return s.flush()
}

func recordSize(b *capture.Batch, from int) int {
	n := headerSize
	for i := from; i < b.Len(); i++ {
		n += frameHead + len(b.Frame(i).Data)
	}
	return n
}

// begin makes sure that there is a segment to append to.
func (s *Store) begin() error {
	w := &s.w
	if now := time.Now(); s.failing() && now.Before(w.retry) {
		return s.failure()
	}
	if w.seg != nil && (w.size+int64(len(w.buf)) < s.rig.long.Load() && time.Since(w.began) < s.rig.rotate) {
		return nil
	}
	if err := s.seal(); err != nil {
		return err
	}
	if err := s.settle(); err != nil {
		return s.fail(err)
	}
	if err := s.open(); err != nil {
		return s.fail(err)
	}
	return nil
}

// open begins the next segment.
func (s *Store) open() (err error) {
	w := &s.w
	number := w.number + 1
	name := filepath.Join(s.dir, segmentName(number))
	pname := filepath.Join(s.dir, pointsName(number))
	const flags = os.O_RDWR | os.O_CREATE | os.O_TRUNC
	if w.f, err = s.rig.o.files.open(name, flags); err != nil {
		return err
	}
	if w.pts, err = s.rig.o.files.open(pname, flags); err == nil && s.rig.o.Sync != Never {
		err = syncDir(s.dir)
	}
	if err != nil {
		s.closeFiles()
		_ = s.rig.o.files.remove(name)
		_ = s.rig.o.files.remove(pname)
		return err
	}
	w.number, w.began = number, time.Now()
	w.size, w.psiz = 0, 0
	h := header{first: s.w.cursor.next, ordinal: w.ordinal, boot: s.rig.boot}
	if w.buf == nil {
		w.buf = make([]byte, 0, flushBytes+maxPayload)
	}
	w.buf = appendFile(w.buf[:0], h, s.uuid)
	w.pbuf = appendFile(w.pbuf[:0], h, s.uuid)
	if w.hasState {
		w.pbuf = appendState(w.pbuf, s.rig.boot, &w.state)
	}
	if len(w.points) > 0 {
		w.pbuf = appendPoints(w.pbuf, s.rig.boot, w.points)
	}
	w.seg = &segment{number: number, boot: s.rig.boot}
	s.mu.Lock()
	s.segments = append(slices.Clip(s.segments), w.seg)
	s.mu.Unlock()
	return nil
}

// flush gives what was appended to the kernel.
func (s *Store) flush() error {
	w := &s.w
	if w.seg == nil || len(w.buf)+len(w.pbuf) == 0 {
		return nil
	}
	if err := s.rig.reserve(int64(len(w.buf) + len(w.pbuf))); err != nil {
		return s.fail(err)
	}
	_, err := w.pts.Write(w.pbuf) // first, so that frames are not without
	if err == nil {
		_, err = w.f.Write(w.buf)
	}
	w.size, w.psiz = w.size+int64(len(w.buf)), w.psiz+int64(len(w.pbuf))
	if err != nil {
		return s.fail(err)
	}
	w.buf, w.pbuf, w.dirty = w.buf[:0], w.pbuf[:0], true
	if s.rig.o.Sync != Always {
		s.publish()
	}
	return nil
}

// publish makes what was written part of the store.
func (s *Store) publish() {
	w, g := &s.w, s.w.seg
	s.mu.Lock()
	if len(w.runs) > 0 {
		g.note(&w.head, &w.last)
	}
	for _, r := range w.runs {
		g.add(r.first, r.end)
		w.committed = r.end
		if from := max(r.first, s.cursors.Acked); from < r.end {
			s.frames += r.end - from
		}
	}
	g.size, g.points = w.size, w.psiz
	s.mu.Unlock()
	w.runs, w.safeNs = w.runs[:0], w.pointNs
	w.safe = append(w.safe[:0], w.points...)
	w.cursor.ordinal = w.ordinal
	w.proved = w.proved || s.rig.o.Sync == Never
	if !w.lame {
		s.works()
	}
}

// Commit writes what was appended: with Always to the disk itself, else to the
// kernel. Then it is part of the store.
func (s *Store) Commit() error {
	if err := s.flush(); err != nil {
		return err
	}
	if s.rig.o.Sync != Always || !s.w.dirty {
		return nil
	}
	if err := s.sync(); err != nil {
		return s.fail(err)
	}
	s.publish()
	return nil
}

// Committed returns the number behind the newest frame that became part of the
// store, also when an error came behind it; 0 before the first.
func (s *Store) Committed() uint64 { return s.w.committed }

func (s *Store) sync() error {
	w := &s.w
	if !w.dirty || w.f == nil || s.rig.o.Sync == Never {
		return nil
	}
	if err := errors.Join(w.pts.Sync(), w.f.Sync()); err != nil {
		return err
	}
	w.dirty, w.proved = false, true
	return nil
}

// seal ends the segment.
func (s *Store) seal() error {
	w := &s.w
	if w.seg == nil {
		return nil
	}
	if err := s.Commit(); err != nil {
		return err
	}
	if err := s.sync(); err != nil {
		w.lame = true
		return s.fail(err)
	}
	s.endSegment()
	return nil
}

func (s *Store) endSegment() {
	w := &s.w
	s.closeFiles()
	s.mu.Lock()
	w.seg.sealed = true
	s.mu.Unlock()
	w.seg, w.dirty = nil, false
	w.buf, w.pbuf, w.runs = w.buf[:0], w.pbuf[:0], w.runs[:0]
}

func (s *Store) closeFiles() {
	for _, f := range [...]file{s.w.f, s.w.pts} {
		if f != nil {
			_ = f.Close() // what had to be safe was synced
		}
	}
	s.w.f, s.w.pts = nil, nil
}
