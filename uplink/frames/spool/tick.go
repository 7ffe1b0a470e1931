package spool

import (
	"errors"
	"time"

	"github.com/sensord/sensord/gps"
)

// Points appends points of the track, which are in order and behind those kept
// before. They go into the segment of the newest frame; before the first they
// are not taken.
func (s *Store) Points(points []gps.Point) {
	w := &s.w
	for w.seg != nil && len(points) > 0 {
		n := min(len(points), maxPoints)
		w.pbuf = appendPoints(w.pbuf, s.rig.boot, points[:n])
		w.pointNs = points[n-1].TimeNs
		keep := points[max(0, n-repeatPoints):n]
		w.points = append(w.points, keep...)
		w.points = append(w.points[:0], w.points[max(0, len(w.points)-repeatPoints):]...)
		points = points[n:]
	}
}

// PointNs returns the time of the newest point that was kept, 0 before the
// first.
func (s *Store) PointNs() int64 { return s.w.pointNs }

// State keeps what the clock is worth, if it says something new.
func (s *Store) State(st State) {
	w := &s.w
	if w.hasState && !changed(&w.state, &st) {
		return
	}
	w.state, w.hasState = st, true
	s.clock(s.rig.boot, st)
	if w.seg != nil {
		w.pbuf = appendState(w.pbuf, s.rig.boot, &st)
	}
}

// changed reports whether a state differs from the one before by more than it
// is off anyway.
func changed(a, b *State) bool {
	const small = int64(5 * time.Millisecond)
	x, y := &a.Clock, &b.Clock
	d := x.OffsetNs - y.OffsetNs
	if x.Source != y.Source || a.HasFixed != b.HasFixed || a.Options != b.Options {
		return true
	}
	return x.Known() && max(d, -d) > max(small, y.ErrorNs/2) || a.HasFixed && (a.Fixed.Lat != b.Fixed.Lat || a.Fixed.Lon != b.Fixed.Lon)
}

// Now is what time it is, as far as it is known.
type Now struct {
	BootNs int64 // CLOCK_BOOTTIME
	UTCNs  int64 // 0 if it is not known
}

// Tick makes everything safe that was committed, remembers the cursors, and
// deletes what need not be kept. The log has given the numbers below next to
// frames; memory of those that are not confirmed are only in memory. An error
// has been spoken of.
func (s *Store) Tick(next, memory uint64, now Now) error {
	w := &s.w
	s.expire(now)
	s.mu.Lock()
	acked := s.cursors.Acked
	idle := w.seg != nil && w.seg.end() <= acked && len(w.runs) == 0
	s.mu.Unlock()
	if w.seg != nil && (idle || time.Since(w.began) >= s.rig.rotate) {
		if err := s.seal(); err != nil {
			return err
		}
	}
	if err := s.attend(); err != nil {
		return err
	}
	if err := s.sync(); err != nil {
		w.lame = true
		return s.fail(err)
	}
	if err := s.save(acked, next, memory); err != nil {
		w.lame = true
		return s.fail(err)
	}
	if w.lame && w.proved {
		w.lame = false
		s.works()
	}
	if (w.lame || memory == 0) && s.failing() && !time.Now().Before(w.retry) {
		if err := s.Probe(); err != nil {
			return err
		}
	}
	for g := s.done(); g != nil; g = s.done() {
		s.erase(g)
	}
	if s.Holds() {
		return nil
	}
	// From here on nothing is remembered until frames are written again.
	w.buf, w.pbuf = nil, nil
	if err := s.save(acked, next, 0); err != nil {
		return s.fail(err)
	}
	return nil
}

// Probe finds out whether a disk that failed works again, when there is nothing
// to write. It returns why it does not.
func (s *Store) Probe() error {
	if !s.failing() {
		return nil
	}
	if err := s.begin(); err != nil {
		return err
	}
	return s.Commit()
}

// save writes the cursor, if it has changed.
func (s *Store) save(acked, next, memory uint64) error {
	w := &s.w
	c := &w.cursor
	c.acked, c.next, c.memory, c.segment = max(c.acked, acked), max(c.next, next), memory, uint64(w.number)
	c.counts = s.counts()
	if *c == w.saved {
		return nil
	}
	written := *c
	if err := written.write(w.cursorFile); err != nil {
		return err
	}
	if s.rig.o.Sync != Never {
		if err := w.cursorFile.Sync(); err != nil {
			return err // the next attempt is at the same slot: the other one is whole
		}
	}
	*c, w.saved = written, written
	return nil
}

// neverSetNs is 2020-01-01: a clock that says less was never set, and nothing is
// known of its frames' age.
const neverSetNs = int64(1_577_836_800e9)

// expire gives up what is older than the rig keeps.
func (s *Store) expire(now Now) {
	age := int64(s.rig.o.MaxAge)
	if age <= 0 {
		return
	}
	old := func(g *segment) bool {
		at := s.instant(g, g.to)
		switch {
		case at.Boottime:
			return now.BootNs-at.Ns > age
		case !g.to.live || now.UTCNs == 0 || at.Ns < neverSetNs:
			return false // a file's frames are as old as the file
		}
		return now.UTCNs-at.Ns > age
	}
	if g := s.w.seg; g != nil && len(s.w.runs) == 0 {
		s.mu.Lock()
		expired := len(g.runs) > 0 && old(g)
		s.mu.Unlock()
		if expired && s.seal() != nil {
			return
		}
	}
	age0 := func(d *Drops) *uint64 { return &d.Age }
	for g := s.give(age0, old); g != nil; g = s.give(age0, old) {
		s.erase(g)
		s.lost("frames on disk are older than is kept, and dropped")
	}
}

// lost speaks of frames that were given up, at most once a minute.
func (s *Store) lost(text string) {
	s.mu.Lock()
	quiet := time.Since(s.said) < time.Minute
	if !quiet {
		s.said = time.Now()
	}
	d := s.drops
	s.mu.Unlock()
	if !quiet {
		s.log.Warn(text, "by_size", d.Size, "by_age", d.Age, "damaged", d.Damaged) //nolint:sloglint // one of three constants
	}
}

// Close ends the store, with everything safe that was committed.
func (s *Store) Close() error {
	s.mu.Lock()
	acked := s.cursors.Acked
	s.mu.Unlock()
	err := s.seal()
	err = errors.Join(err, s.save(acked, s.w.cursor.next, s.w.cursor.memory))
	for g := s.done(); g != nil; g = s.done() {
		s.erase(g)
	}
	s.closeReading()
	return errors.Join(err, s.w.cursorFile.Close(), s.lock.Close())
}
