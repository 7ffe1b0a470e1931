package frames

import (
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// LateAfter is how long behind its capture a frame is late: about what a fix and
// a busy line take together. It is the least age of frames that are called
// spilled.
const LateAfter = 2 * time.Second

// Chunk is a run of frames at the sent cursor, all of one batch. Its frames
// stay valid until the sender calls Sent, whatever happens to the log meanwhile.
type Chunk struct {
	batch *capture.Batch
	from  int
	first Seq          // of frame 0 of the chunk
	place *spool.Place // of what is on disk and late
	late  bool
}

// Len is the number of frames.
func (c Chunk) Len() int { return c.batch.Len() - c.from }

// Frame returns frame i of the chunk.
func (c Chunk) Frame(i int) capture.Frame { return c.batch.Frame(c.from + i) }

// Seq returns frame i's number.
func (c Chunk) Seq(i int) Seq { return c.first + Seq(i) }

// Clock is the batch's Live and ClockOffsetNs, see capture.Batch.
func (c Chunk) Clock() (live bool, offsetNs int64) { return c.batch.Live, c.batch.ClockOffsetNs }

// Spilled reports whether the frames have waited longer than Options.After, and
// 2 s at least, or since before this run.
func (c Chunk) Spilled() bool { return c.late }

// A part is frames read back from disk. The sender owns it.
type part struct {
	first  Seq
	batch  *capture.Batch // nil for none
	place  *spool.Place
	reread bool // it is in the sender's hands
}

func (p *part) has(seq Seq) bool {
	return p.batch != nil && p.first <= seq && seq < p.first+Seq(p.batch.Len())
}

func (p *part) release() {
	if p.batch != nil {
		p.batch.Release()
	}
	*p = part{}
}

// Next returns the frames at the sent cursor, or false when all are sent. The
// caller must end its use of the chunk with Sent before it calls Next again. It
// may read the disk: Append does not wait for that.
func (l *Log) Next() (Chunk, bool) {
	for {
		l.mu.Lock()
		c, ok, from := l.next()
		l.mu.Unlock()
		switch {
		case ok:
			return c, true
		case from < 0:
			if l.store != nil {
				l.store.Rest()
			}
			return Chunk{}, false
		}
		e, ok, err := l.store.Next(uint64(from))
		l.mu.Lock()
		if !ok {
			l.hand = run{}
			l.move()
			l.mu.Unlock()
			if err != nil {
				return Chunk{}, false // the store says when it may be asked again
			}
			continue // what was lost is counted
		}
		l.disk.release()
		l.disk = part{first: Seq(e.First), batch: e.Batch, place: e.Place}
		l.mu.Unlock()
	}
}

// next finds the frames at the sent cursor. If they have to be read from disk,
// it returns false, and the number of the first.
func (l *Log) next() (c Chunk, ok bool, read int64) {
	if l.ended {
		return c, false, -1
	}
	if l.store != nil {
		first, end, ok := l.store.Take(uint64(l.sent))
		if ok {
			return l.nextStored(Seq(first), Seq(end))
		}
	}
	return l.nextOwn()
}

// nextOwn finds frames that are nowhere but in memory.
func (l *Log) nextOwn() (c Chunk, ok bool, read int64) {
	e := l.tail.pin(max(l.sent, l.tail.kept))
	if e == nil {
		return c, false, -1
	}
	// The spiller may give it to the store meanwhile.
	l.hand = run{e.first, e.end()}
	l.move()
	return l.chunk(e, max(l.sent, l.tail.kept, e.first)), true, -1
}

// nextStored finds frames of the store, which may have a copy in memory.
func (l *Log) nextStored(first, end Seq) (c Chunk, ok bool, read int64) {
	l.hand = run{first, end}
	if i := l.tail.at(first); i < len(l.tail.entries) && l.tail.entries[i].first <= first {
		c = l.chunk(l.tail.pin(first), first)
		if c.late {
			c.place = l.store.Place(uint64(first)) // it may be older than the track
		}
		return c, true, -1
	}
	if !l.disk.has(first) {
		return c, false, int64(first)
	}
	l.disk.reread = true
	return Chunk{
		batch: l.disk.batch, place: l.disk.place, from: int(first - l.disk.first), first: first, late: true,
	}, true, -1
}

func (l *Log) chunk(e *entry, first Seq) Chunk {
	late := l.o.Now()-e.cameNs(first) > int64(max(l.o.After, LateAfter))
	return Chunk{batch: e.batch, from: int(first - e.first), first: first, late: late}
}

// Sent ends the use of a chunk of which n frames, from its start, were written
// to the link.
func (l *Log) Sent(c Chunk, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail.unpin(&l.tail.reader)
	l.hand = run{}
	if l.disk.reread {
		l.disk.reread = false
		if n == c.Len() || l.ended {
			l.disk.release()
		}
	}
	if l.ended {
		return
	}
	l.sent = c.first + Seq(n)
	if again := min(l.sent, l.high); again > c.first {
		l.stats.Resent += uint64(again - c.first)
	}
	if from, to := max(c.first, l.high, l.before.first), min(l.sent, l.before.end); to > from {
		l.stats.Resent += uint64(to - from)
	}
	l.high = max(l.high, l.sent)
	if last := len(l.flight) - 1; last >= 0 && l.flight[last].end == c.first {
		l.flight[last].end = l.sent
	} else if n > 0 {
		l.flight = append(l.flight, run{c.first, l.sent})
	}
	l.move()
}

// SentTo returns the sent cursor: every frame below is written or dropped.
func (l *Log) SentTo() Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// Ack says that a server has confirmed every frame below to. Numbers beyond
// sent are taken as sent, and smaller ones than before change nothing.
func (l *Log) Ack(to Seq) {
	l.mu.Lock()
	defer l.mu.Unlock()
	to = min(to, l.sent)
	if to <= l.acked || l.ended {
		return
	}
	done := 0
	for i := range l.flight {
		r := &l.flight[i]
		if r.end > to {
			break
		}
		l.stats.Acked += uint64(r.end - r.first)
		done++
	}
	l.flight = append(l.flight[:0], l.flight[done:]...)
	if len(l.flight) > 0 && l.flight[0].first < to {
		l.stats.Acked += uint64(to - l.flight[0].first)
		l.flight[0].first = to
	}
	l.tail.ack(to)
	l.acked = to
	l.move()
}

// Rewind moves sent back to acked, because the link between is lost. It returns
// how many frames that puts up for a second time.
func (l *Log) Rewind() uint64 {
	l.mu.Lock()
	n := l.inFlight()
	l.sent = l.acked
	l.flight = l.flight[:0]
	l.move()
	l.mu.Unlock()
	ring(l.wake)
	return n
}

func (l *Log) inFlight() (n uint64) {
	for _, r := range l.flight {
		n += uint64(r.end - r.first)
	}
	return n
}
