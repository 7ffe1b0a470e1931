package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

var errReplaced = errors.New("it is another one than before")

// here returns why the source's directory is not the one that is written to: its
// medium was taken out, or somebody deleted it, or what is in it. Bytes would go
// on into files that nobody finds.
func (s *Store) here() error {
	name := filepath.Join(s.dir, cursorName)
	found, err := os.Stat(name)
	if err != nil {
		return err
	}
	if ours, err := s.w.cursorFile.Stat(); err != nil || !os.SameFile(ours, found) {
		return &fs.PathError{Op: "find", Path: name, Err: errReplaced}
	}
	if w := &s.w; w.f != nil && unlinked(w.f) {
		return &fs.PathError{Op: "find", Path: filepath.Join(s.dir, segmentName(w.number)), Err: fs.ErrNotExist}
	}
	return nil
}

// attend makes sure that the directory is there, between the segments that do.
func (s *Store) attend() error {
	err := s.here()
	if err == nil {
		return nil
	}
	if s.w.seg == nil {
		if s.failing() && time.Now().Before(s.w.retry) {
			return s.failure()
		}
		err = s.settle()
	}
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// settle goes on in the directory that is there now, if it is another one; one
// that somebody deleted is made again. What is not found in it stays known until
// it is read; what is, and is not known, is found by the next start. No segment is
// open.
func (s *Store) settle() error {
	if s.here() == nil {
		return nil
	}
	deleted := unlinked(s.w.cursorFile)
	if _, err := os.Stat(s.rig.o.Dir); err != nil && (!deleted || !errors.Is(err, fs.ErrNotExist)) {
		return err // the medium is not back: nothing is written where it belongs
	}
	if deleted {
		if err := os.Mkdir(s.rig.o.Dir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return err
	}
	if err := s.relock(); err != nil {
		return err
	}
	if err := writeMeta(s.dir, s.meta); err != nil {
		return err
	}
	numbers, err := segmentNumbers(s.dir)
	if err != nil {
		return err
	}
	f, c, err := openCursor(s.rig.o.files, filepath.Join(s.dir, cursorName))
	if err != nil {
		return err
	}
	w := &s.w
	if n := len(numbers); n > 0 {
		w.number = max(w.number, numbers[n-1])
	}
	_ = w.cursorFile.Close()
	w.cursorFile, w.saved = f, cursor{}
	w.cursor.generation = c.generation
	if deleted {
		u, _, _ := s.Usage()
		s.log.Warn("somebody deleted the directory while it was in use: it is made again, and what was kept in it is lost unless memory still has it", "frames", u.Frames)
	}
	return nil
}

// Audit counts the frames as lost whose files somebody deleted, and returns how
// many these are. It is for the end, when nobody reads or writes any more. What
// is on a medium that was taken out is kept there.
func (s *Store) Audit() (lost uint64) {
	if s.here() != nil && !unlinked(s.w.cursorFile) {
		return 0
	}
	s.mu.Lock()
	segments := s.segments
	s.mu.Unlock()
	for _, g := range segments {
		if _, err := os.Stat(filepath.Join(s.dir, segmentName(g.number))); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		s.mu.Lock()
		n := g.count(s.cursors.Acked, g.end())
		g.runs = nil
		s.drops.Damaged += n
		s.frames -= n
		s.mu.Unlock()
		lost += n
	}
	return lost
}

// relock takes the lock of the directory, unless that is the one it has.
func (s *Store) relock() error {
	if ours, err := s.lock.Stat(); err == nil {
		if found, err := os.Stat(filepath.Join(s.dir, lockName)); err == nil && os.SameFile(ours, found) {
			return nil
		}
	}
	held, err := lock(s.dir)
	if err != nil {
		return err
	}
	_ = s.lock.Close()
	s.lock = held
	return nil
}
