package spool

import (
	"errors"
	"time"
)

// fail takes back what is not part of the store, and ends the segment: what the
// disk did with it is not known. It returns why, as a user reads it, and says it
// once.
func (s *Store) fail(err error) error {
	w := &s.w
	err = diskFault(s.rig.o.Dir, err)
	w.retry = time.Now()
	if !errors.Is(err, ErrFull) {
		w.retry = w.retry.Add(retryEvery)
	}
	w.proved = false
	w.pointNs = w.safeNs // those behind are given again
	w.points = append(w.points[:0], w.safe...)
	if g := w.seg; g != nil {
		s.rig.used.Add(g.bytes() - w.size - w.psiz)
		w.ordinal -= unpublished(w.runs)
		if g.size > 0 {
			_ = errors.Join(w.f.Truncate(g.size), w.pts.Truncate(g.points)) // else the next start finds frames twice, and knows them
		}
		s.endSegment()
		if g.size == 0 {
			s.forget(g)
		}
	}
	s.mu.Lock()
	first := s.err == nil
	s.err = err
	s.mu.Unlock()
	if first {
		s.log.Warn("frames cannot be kept on disk, and stay in memory", "err", err)
	}
	return err
}

func unpublished(runs []run) (n uint64) {
	for _, r := range runs {
		n += r.end - r.first
	}
	return n
}

// forget deletes a segment to which nothing was written.
func (s *Store) forget(g *segment) {
	s.mu.Lock()
	for i := range s.segments {
		if s.segments[i] == g {
			s.segments = append(s.segments[:i:i], s.segments[i+1:]...)
			break
		}
	}
	s.mu.Unlock()
	s.erase(g)
}

// works says that the disk does again, once.
func (s *Store) works() {
	s.mu.Lock()
	failed := s.err != nil
	s.err = nil
	s.mu.Unlock()
	if failed {
		s.log.Info("frames are kept on disk again")
	}
}

// Retry lets the next write be tried, however short ago the disk failed.
func (s *Store) Retry() { s.w.retry = time.Time{} }

func (s *Store) failing() bool { return s.failure() != nil }

func (s *Store) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
