package frames

import (
	"errors"
	"time"

	"github.com/sensord/sensord/uplink/frames/spool"
)

// A Reason says why a frame was dropped.
type Reason uint8

// Reasons of a drop.
const (
	DropMemory  Reason = iota // the memory was full, and there is no spool
	DropSize                  // the spool's bytes were used up: the oldest went
	DropAge                   // it was older than the spool keeps
	DropDisk                  // the memory was full while the disk was full or failed
	DropNewest                // memory and spool were full: by rule what came was dropped
	DropDamaged               // it was on disk and cannot be read any more
	DropPrivacy               // it was heard inside a zone

	reasons = int(iota)
)

var reasonNames = [reasons]string{"memory", "size", "age", "disk", "newest", "damaged", "privacy"}

// String is the reason's name in logs and in the status: memory, size, age,
// disk, newest, damaged or privacy.
func (r Reason) String() string { return reasonNames[r] }

// Drops counts dropped frames by Reason.
type Drops [reasons]uint64

// Sum is the number of all.
func (d Drops) Sum() uint64 {
	var n uint64
	for _, v := range d {
		n += v
	}
	return n
}

// Stats are a log's counters, in frames where nothing else is said. At any
// time Captured + Recovered = Acked + Dropped + Waiting + Kept.
type Stats struct {
	Captured  uint64 // appended, or hidden by a zone
	Recovered uint64 // that earlier runs left in the spool, those of them included that are lost
	Resent    uint64 // written to a link again, because one was lost: the most a server can have twice
	Acked     uint64 // confirmed by a server
	Dropped   uint64 // lost
	DroppedBy Drops  // the same by reason
	Hidden    uint64 // of those, heard inside a zone
	Waiting   uint64 // captured and neither confirmed nor dropped
	InFlight  uint64 // of those, written to the present link
	Kept      uint64 // once the log has ended: on disk for the next start
	Closed    bool   // no more frames will come
	Confirmed bool   // closed, and nothing waits

	MemBytes  int    // memory held
	Spilled   uint64 // frames on disk that no server has confirmed
	DiskBytes int64  // of them and of what goes with them
	Damaged   uint64 // frames lost on disk, by damage or a crash
	LostBytes int64  // on disk that were no whole record
	DiskErr   error  // why nothing can be written now; nil while it works
}

// Backlog is what a log has not sent yet.
type Backlog struct {
	Frames  uint64
	Bytes   int64         // of frames, about
	Age     time.Duration // of the oldest one since its capture, 0 without one
	Spilled bool          // the oldest waits longer than Options.After, and 2 s at least, or since before this boot
}

// reason says why a frame is dropped when memory is full.
func (l *Log) reason() Reason {
	switch {
	case l.store == nil:
		return DropMemory
	case errors.Is(l.diskErr, spool.ErrFull):
		return DropNewest
	}
	return DropDisk
}

// waiting is the number of frames that are neither confirmed nor dropped.
func (l *Log) waiting(lost spool.Drops) uint64 {
	s := &l.stats
	return s.Captured + s.Recovered - s.Acked - s.DroppedBy.Sum() - lost.Size - lost.Age - lost.Damaged
}

// tally is what the store is to remember beyond this run: what it does not count
// itself, nor finds at the next start.
func (l *Log) tally() spool.Tally {
	s := &l.stats
	return spool.Tally{Confirmed: s.Acked, Memory: s.DroppedBy[DropMemory], Disk: s.DroppedBy[DropDisk], Newest: s.DroppedBy[DropNewest]}
}

// Stats returns the counters as they are now.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	var lost spool.Drops
	if l.store != nil {
		var u spool.Usage
		u, lost, s.DiskErr = l.store.Usage()
		s.Spilled, s.DiskBytes = u.Frames, u.Bytes
	}
	s.Waiting = l.waiting(lost)
	s.DroppedBy[DropSize] += lost.Size
	s.DroppedBy[DropAge] += lost.Age
	s.DroppedBy[DropDamaged] += lost.Damaged
	s.Damaged = s.DroppedBy[DropDamaged]
	s.Dropped = s.DroppedBy.Sum()
	s.InFlight = l.inFlight()
	s.MemBytes = l.tail.bytes
	s.Closed, s.Confirmed = l.closed, l.closed && s.Waiting == 0
	if l.ended {
		s.Waiting, s.Kept = 0, s.Waiting
	}
	return s
}

// Backlog returns what is not sent yet. It is cheap.
func (l *Log) Backlog() Backlog {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return Backlog{}
	}
	now := l.o.Now()
	var b Backlog
	own := max(l.sent, l.tail.kept)
	if l.store != nil {
		var oldest spool.Instant
		b.Frames, b.Bytes, oldest = l.store.Unsent(uint64(l.sent), uint64(own))
		if b.Frames > 0 {
			b.Age = max(l.since(oldest, now), 0)
			b.Spilled = !oldest.Boottime || b.Age > max(l.o.After, LateAfter)
		}
	}
	b.Frames += uint64(l.tail.count(own, l.tail.next))
	i := l.tail.at(own)
	if i == len(l.tail.entries) {
		return b
	}
	e := &l.tail.entries[i]
	b.Bytes += l.tail.data - e.data
	if b.Age == 0 {
		b.Age = time.Duration(now - e.cameNs(own))
		if f := e.batch.Frame(max(0, int(own)-int(e.first))); e.batch.Live && f.TimeNs != 0 {
			b.Age = time.Duration(now - (f.TimeNs - e.batch.ClockOffsetNs))
		}
		b.Spilled = now-e.cameNs(own) > int64(max(l.o.After, LateAfter))
	}
	b.Age = max(b.Age, 0)
	return b
}

// since is how long ago something was.
func (l *Log) since(at spool.Instant, nowNs int64) time.Duration {
	if at.Boottime {
		return time.Duration(nowNs - at.Ns)
	}
	if c := l.o.Tracker.Track().Clock(); c.Known() {
		return time.Duration(nowNs + c.OffsetNs - at.Ns)
	}
	return time.Since(time.Unix(0, at.Ns))
}
