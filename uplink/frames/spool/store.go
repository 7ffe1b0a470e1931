package spool

import (
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
)

// Cursors say how far the log above a store has come, in numbers of frames.
type Cursors struct {
	Acked uint64 // every frame below is confirmed
	Sent  uint64 // every frame below is written to the present link
	Owned uint64 // every frame below that is not confirmed is the store's: memory has copies at most

	// The sender has the frames from Reading up to Read in hand.
	Reading, Read uint64
}

// Store is one source's spool, open for writing.
//
// The lock of a store is taken below those of the log and of the rig, and
// nothing else is called while it is held: the disk least of all.
type Store struct {
	rig  *Rig
	uuid capture.UUID
	name string
	dir  string
	lock *os.File
	meta meta
	log  *slog.Logger

	recovered Recovery

	mu       sync.Mutex
	segments []*segment // in order
	cursors  Cursors
	drops    Drops
	frames   uint64           // on disk and not confirmed
	clocks   map[Boot][]State // what the machine's clocks were worth, in order of time
	err      error            // why nothing can be written now
	said     time.Time        // when losses were spoken of last

	w writer  // the writing goroutine's
	r reading // the reading goroutine's
}

// Recovered returns what earlier runs had left.
func (s *Store) Recovered() Recovery { return s.recovered }

// Drop returns the rig's rule.
func (s *Store) Drop() Drop { return s.rig.o.Drop }

// Sync returns the rig's mode.
func (s *Store) Sync() Sync { return s.rig.o.Sync }

// SyncEvery returns the rig's interval.
func (s *Store) SyncEvery() time.Duration { return s.rig.o.SyncEvery }

// Move tells where the log's cursors are. No segment is given up that has
// frames which the sender has in hand or which are on their way.
func (s *Store) Move(c Cursors) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Acked > s.cursors.Acked {
		for _, g := range s.segments {
			if g.first() >= c.Acked {
				break
			}
			s.frames -= g.count(s.cursors.Acked, c.Acked)
		}
	}
	s.cursors = c
}

// Take returns the number of the first frame at or behind from that is on disk,
// and the end of its segment. Until the next Move the sender has them in hand,
// and may read them with Next.
func (s *Store) Take(from uint64) (first, end uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, first, ok := s.seek(from)
	if !ok {
		return 0, 0, false
	}
	s.cursors.Reading, s.cursors.Read = first, g.end()
	return first, g.end(), true
}

func (s *Store) seek(from uint64) (*segment, uint64, bool) {
	for _, g := range s.segments {
		if g.end() <= from {
			continue
		}
		if first, ok := g.seek(from); ok {
			return g, first, true
		}
	}
	return nil, 0, false
}

// Usage returns what is on disk, what was dropped of it, and why nothing can be
// written now, nil if it can.
func (s *Store) Usage() (Usage, Drops, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Usage{Frames: s.frames, Bytes: s.bytes()}, s.drops, s.err
}

// Holds reports whether there is anything on disk.
func (s *Store) Holds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.segments) > 0
}

// Drops returns what was dropped of what was on disk.
func (s *Store) Drops() Drops {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drops
}

func (s *Store) bytes() (n int64) {
	for _, g := range s.segments {
		n += g.bytes()
	}
	return n
}

// Unsent returns how many frames at or behind from are on disk, about how many
// bytes they have, and when the oldest of them was captured: within the length
// of a segment before that, as CLOCK_BOOTTIME of this boot or else UTC.
func (s *Store) Unsent(from, before uint64) (frames uint64, bytes int64, oldest Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.segments {
		n := g.count(from, before)
		if n == 0 {
			continue
		}
		if frames == 0 {
			oldest = s.instant(g, g.from)
		}
		frames += n
		bytes += int64(float64(g.size) * float64(n) / float64(g.count(0, g.end())))
	}
	return frames, bytes, oldest
}

// An Instant is a time on one of two clocks.
type Instant struct {
	Ns       int64
	Boottime bool // it is CLOCK_BOOTTIME of this boot, else UTC
}

func (s *Store) instant(g *segment, m moment) Instant {
	switch {
	case !m.live:
		return Instant{Ns: m.ns}
	case g.boot == s.rig.boot:
		return Instant{Ns: m.ns - m.offsetNs, Boottime: true}
	}
	return Instant{Ns: m.ns + correction(s.clocks[g.boot], m.ns-m.offsetNs, m.offsetNs)}
}

// give takes the oldest segment that may be given up out of the store, and
// counts its frames. The caller deletes its files.
func (s *Store) give(counter func(*Drops) *uint64, which func(*segment) bool) *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cursors
	for i, g := range s.segments {
		inHand := g.end() > c.Reading && g.first() < c.Read
		onTheWay := c.Sent > c.Acked && g.first() < c.Sent && g.end() > c.Acked
		if !g.sealed || g.end() > c.Owned || inHand || onTheWay || !which(g) {
			continue
		}
		lost := g.count(c.Acked, g.end())
		*counter(&s.drops) += lost
		s.frames -= lost
		s.segments = append(s.segments[:i:i], s.segments[i+1:]...)
		return g
	}
	return nil
}

// done takes the oldest sealed segment out whose frames are all confirmed.
func (s *Store) done() *segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.segments) == 0 || !s.segments[0].sealed || s.segments[0].end() > s.cursors.Acked {
		return nil
	}
	g := s.segments[0]
	s.segments = append([]*segment(nil), s.segments[1:]...)
	return g
}

// erase deletes a segment's files. One that cannot be deleted is found, and
// counted, at the next start.
func (s *Store) erase(g *segment) {
	_ = s.rig.o.files.remove(filepath.Join(s.dir, segmentName(g.number)))
	_ = s.rig.o.files.remove(filepath.Join(s.dir, pointsName(g.number)))
	s.rig.used.Add(-g.bytes())
}

// clock adds what the machine's clocks are worth to what is known of a boot.
func (s *Store) clock(boot Boot, st State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.clocks[boot]
	if len(list) >= maxClocks {
		list = thin(list)
	}
	s.clocks[boot] = append(list, st)
}

// maxClocks is how many states of one boot are kept in memory.
const maxClocks = 2048

// thin returns every other state, in memory of its own: readers have the old.
func thin(list []State) []State {
	half := make([]State, 0, maxClocks)
	for i := 0; i < len(list); i += 2 {
		half = append(half, list[i])
	}
	return half
}
