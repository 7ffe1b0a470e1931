package spool

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// reading is what the reading goroutine knows.
type reading struct {
	seg    *segment // nil if no file is open
	f      file
	sc     scanner
	passed uint64 // the scanner stands behind every record that ends at or below
	place  *Place
	tries  int
	retry  time.Time
}

// maxTries is how often the disk is asked for the same bytes, retryEvery apart,
// before the frames in them are given up.
const maxTries = 3

// Next reads frames from the one with number from on, which Take has returned.
// The entry may begin before it. ok is false if the frame is not there any more,
// or cannot be read: then Take says which one is next. An error is the disk's,
// and means to try again later.
func (s *Store) Next(from uint64) (e Entry, ok bool, err error) {
	r := &s.r
	s.mu.Lock()
	g, first, found := s.seek(from)
	if !found || first != from {
		s.mu.Unlock()
		return e, false, nil
	}
	limit, end := g.size, g.end()
	s.mu.Unlock()
	if time.Now().Before(r.retry) {
		return e, false, errWait
	}
	if err := s.openReading(g, from); err != nil {
		return e, false, s.unreadable(g, from, end, err)
	}
	r.sc.end = limit
	for {
		h, at, err := r.sc.next()
		if errors.Is(err, io.EOF) {
			s.damaged(g, from, end)
			return e, false, nil
		}
		if err != nil {
			return e, false, s.unreadable(g, from, end, err)
		}
		if h.kind != kindBatch || h.end() <= from {
			r.passed = max(r.passed, h.end())
			continue
		}
		if h.first > from { // what was between cannot be read: begin behind it
			s.damaged(g, from, min(h.first, end))
			r.sc.off = at
			return e, false, nil
		}
		p, err := r.sc.payload(&h, at)
		if err != nil {
			return e, false, s.unreadable(g, from, end, err)
		}
		r.tries = 0
		r.passed = h.end()
		if b := readBatch(&h, p); p != nil && b != nil {
			return Entry{First: h.first, Batch: b, Boot: h.boot, Place: s.placeOf(g, h.boot)}, true, nil
		}
	}
}

// errWait says that the disk is not asked yet.
var errWait = errors.New("it could not be read a moment ago")

// openReading opens a segment's file, or goes back in it, so that the scanner
// stands in front of frame from.
func (s *Store) openReading(g *segment, from uint64) error {
	r := &s.r
	if r.seg != g {
		s.closeReading()
		f, err := s.rig.o.files.open(filepath.Join(s.dir, segmentName(g.number)), os.O_RDONLY)
		if err != nil {
			return err
		}
		r.f, r.seg, r.passed = f, g, 0
		r.sc = scanner{f: f, ahead: readAhead, buf: r.sc.buf[:0]}
	}
	if from < r.passed {
		r.sc.off, r.passed = 0, 0
	}
	return nil
}

// Rest lets go of the file that is read, and its buffer, when nothing is left to
// read.
func (s *Store) Rest() {
	if s.r.seg != nil {
		s.closeReading()
		s.r.sc = scanner{}
	}
}

func (s *Store) closeReading() {
	r := &s.r
	if r.f != nil {
		_ = r.f.Close()
	}
	r.f, r.seg, r.place = nil, nil, nil
}

// unreadable gives up the rest of a segment when the disk has refused it too
// often.
func (s *Store) unreadable(g *segment, from, end uint64, err error) error {
	r := &s.r
	s.closeReading()
	if r.tries++; r.tries < maxTries && !errors.Is(err, os.ErrNotExist) {
		r.retry = time.Now().Add(retryEvery)
		return diskFault(s.rig.o.Dir, err)
	}
	r.tries = 0
	s.damaged(g, from, end)
	return nil
}

// damaged counts the frames of a segment in [from, to) as lost.
func (s *Store) damaged(g *segment, from, to uint64) {
	s.mu.Lock()
	n := g.count(max(from, s.cursors.Acked), to)
	g.lose(from, to)
	s.drops.Damaged += n
	s.frames -= n
	s.mu.Unlock()
	s.lost("frames on disk cannot be read any more, and are lost")
}

// Place returns what tells when and where a frame on disk was heard, nil if it is
// not there. It is for the reading goroutine, and reads nothing yet.
func (s *Store) Place(from uint64) *Place {
	s.mu.Lock()
	g, _, ok := s.seek(from)
	if !ok {
		s.mu.Unlock()
		return nil
	}
	boot := g.boot
	s.mu.Unlock()
	return s.placeOf(g, boot)
}

// placeOf returns what tells when and where the frames of a segment were heard.
func (s *Store) placeOf(g *segment, boot Boot) *Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next *segment
	for i, other := range s.segments {
		if other == g && i+1 < len(s.segments) {
			next = s.segments[i+1]
		}
	}
	points := g.points
	if next != nil {
		points += next.points
	}
	clocks := s.clocks[boot]
	if p := s.r.place; p != nil && p.boot == boot && p.number == g.number && p.bytes == points && len(p.clocks) == len(clocks) {
		return p
	}
	numbers := []uint32{g.number}
	if next != nil {
		numbers = append(numbers, next.number)
	}
	s.r.place = &Place{
		SameBoot: boot == s.rig.boot,
		fs:       s.rig.o.files, dir: s.dir, number: g.number, numbers: numbers, bytes: points, boot: boot, clocks: clocks,
	}
	return s.r.place
}
