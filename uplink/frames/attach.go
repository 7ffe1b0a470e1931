package frames

import "github.com/sensord/sensord/uplink/frames/spool"

// Attach gives the log its source's store, once and before the first Next; to
// repeat it is harmless. The frames that the store has recovered come before
// those that were appended so far.
func (l *Log) Attach(s *spool.Store) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.store == s {
		return
	}
	if l.store != nil || l.high > 0 || l.tail.reader.batch != nil {
		panic("frames: a store for a log that is being sent")
	}
	l.adopt(s)
}

// AttachLate is Attach for a log that is used already. It reports false, and
// does nothing, while a link has frames of it: between a Rewind and the next
// link's first Next none has. What the store has recovered leaves first on the
// next link, and in front of what waits in memory.
func (l *Log) AttachLate(s *spool.Store) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.store == s:
		return true
	case l.store != nil || l.ended || l.sent != l.acked || len(l.flight) > 0 || l.tail.reader.batch != nil:
		return false
	}
	l.adopt(s)
	return true
}

// adopt takes a store. The log's own frames get the numbers behind what that has
// recovered. Of those below the old acked none is left, but perhaps the first
// frames of a batch: kept says that they are done with.
func (l *Log) adopt(s *spool.Store) {
	found := s.Recovered()
	base := Seq(found.Next)
	done := base + l.acked
	l.store = s
	l.tail.renumber(base)
	l.before = run{done, base + l.high}
	l.acked, l.sent, l.high = Seq(found.First), Seq(found.First), Seq(found.First)
	l.tail.keep(done)
	l.written = done
	l.stats.Recovered = found.Frames + found.Lost
	l.stats.DroppedBy[DropDamaged] += found.Lost
	l.stats.LostBytes = found.LostBytes
	l.move()
	ring(l.bell)
	ring(l.wake)
}
