// Package frames holds the frames of a datasource on their way to a server:
// the log in which they wait until the server has confirmed them, and the
// located frame that links, local logs and exports all speak.
//
// A Log is safe for one appender, one sender and one acknowledger at a time,
// each in its own goroutine. Nothing here knows of actors or of the wire.
package frames

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A Seq numbers the frames of one source from 0 on, in the order of capture.
// Numbers of dropped frames are not used again.
type Seq uint64

// Log is one source's frames in order, from the oldest that no server has
// confirmed to the newest captured. Two cursors move over it: everything below
// acked is confirmed and gone, everything below sent has been written to the
// link. A lost link moves sent back to acked; nothing else is needed to lose
// nothing.
//
// Today the whole log is its tail in memory. Segments on disk fit behind the
// same cursors: the sender asks for the frames at sent and does not know where
// they lie.
type Log struct {
	mu     sync.Mutex
	tail   tail
	sent   Seq
	acked  Seq
	high   Seq // below it everything was written to some link
	closed bool
	stats  Stats

	wake chan struct{}
}

// Options of a Log.
type Options struct {
	MemoryBytes int           // that it may hold; at least one batch is held
	After       time.Duration // frames go to disk when unconfirmed for so long; 0 is at once
	Tracker     *gps.Tracker  // whose points are kept with the frames; nil for none
	Now         func() int64  // CLOCK_BOOTTIME in nanoseconds; needed with a store
	Zones       []gps.Zone    // points inside are not written
	Log         *slog.Logger  // nil for none
}

// NewLog returns an empty log.
func NewLog(o Options) *Log {
	return &Log{tail: tail{maxBytes: o.MemoryBytes}, wake: make(chan struct{}, 1)}
}

// Attach gives the log its source's store, once and before the first Next. The
// frames that the store has recovered come before those appended so far.
func (l *Log) Attach(s *spool.Store) {}

// Spill writes frames to the store: those that have been unconfirmed for
// Options.After, and from then on all that come, until none is left on disk. It
// runs until ctx is done, then writes everything that is unconfirmed, syncs, and
// returns nil. Without a store it only waits.
func (l *Log) Spill(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Hide counts n captured frames that were heard inside a zone and are not
// appended.
func (l *Log) Hide(n int) {}

// Backlog returns what is not sent yet. It is cheap.
func (l *Log) Backlog() Backlog { return Backlog{} }

// Spilled reports whether the chunk was captured longer than Options.After ago,
// or before this run.
func (c Chunk) Spilled() bool { return false }

// ReadSpool tells of every frame that is kept of a source in a spool directory
// and not confirmed, in order. It takes no lock. The frame is valid until heard
// returns; an error that it returns ends the reading and is returned.
func ReadSpool(dir string, uuid capture.UUID, heard func(*Located) error) error { return nil }

// Append takes ownership of b and adds its frames. It never blocks: when the
// log is full the oldest frames that are not on their way are dropped and
// counted, or, if there are none, b itself. It returns how many were dropped.
func (l *Log) Append(b *capture.Batch) (dropped uint64) {
	n := uint64(b.Len())
	if n == 0 {
		b.Release()
		return 0
	}
	l.mu.Lock()
	before := l.stats.Dropped
	l.stats.Captured += n
	l.add(b)
	dropped = l.stats.Dropped - before
	l.mu.Unlock()
	l.ring()
	return dropped
}

func (l *Log) add(b *capture.Batch) {
	if l.tail.join(b) {
		return
	}
	for !l.tail.fits(b) && l.dropOldestUnsent() {
	}
	if l.tail.fits(b) {
		l.tail.push(b)
		return
	}
	l.tail.skip(b.Len())
	l.stats.Dropped += uint64(b.Len())
	b.Release()
}

// dropOldestUnsent makes room. Frames in flight stay: they would be counted as
// lost although the server probably has them.
func (l *Log) dropOldestUnsent() bool {
	b, first := l.tail.removeFrom(l.sent, l.sent == l.acked)
	if b == nil {
		return false
	}
	done := 0 // confirmed already: its link was lost in the middle of it
	if l.acked > first {
		done = int(l.acked - first)
	}
	l.stats.Dropped += uint64(b.Len() - done)
	b.Release()
	return true
}

// Room reports how many batches of the largest size fit without a drop.
func (l *Log) Room() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail.room()
}

// Pressed reports that more than half of the memory is used, so that frames
// should leave as soon as they can.
func (l *Log) Pressed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail.bytes > l.tail.maxBytes/2
}

// Close says that no more frames will come. It is harmless to repeat.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.ring()
}

// Wake returns the channel that receives a value after frames were appended or
// the log was closed. It is a doorbell for the one sender: one value may stand
// for many changes.
func (l *Log) Wake() <-chan struct{} { return l.wake }

func (l *Log) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Chunk is a run of frames at the sent cursor, all of one batch. Its frames
// stay valid until the sender calls Sent, whatever happens to the log meanwhile.
type Chunk struct {
	batch *capture.Batch
	from  int
	first Seq // of frame 0 of the chunk
}

// Len is the number of frames.
func (c Chunk) Len() int { return c.batch.Len() - c.from }

// Frame returns frame i of the chunk.
func (c Chunk) Frame(i int) capture.Frame { return c.batch.Frame(c.from + i) }

// Seq returns frame i's number.
func (c Chunk) Seq(i int) Seq { return c.first + Seq(i) }

// Clock is the batch's Live and ClockOffsetNs, see capture.Batch.
func (c Chunk) Clock() (live bool, offsetNs int64) { return c.batch.Live, c.batch.ClockOffsetNs }

// Next returns the frames at the sent cursor, or false when all are sent. The
// caller must end its use of the chunk with Sent before it calls Next again.
func (l *Log) Next() (Chunk, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, first := l.tail.pin(l.sent)
	if b == nil {
		return Chunk{}, false
	}
	from := 0
	if l.sent > first {
		from = int(l.sent - first)
	}
	return Chunk{batch: b, from: from, first: first + Seq(from)}, true
}

// Sent ends the use of a chunk of which n frames, from its start, were written
// to the link.
func (l *Log) Sent(c Chunk, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = c.first + Seq(n)
	if again := min(l.sent, l.high); again > c.first {
		l.stats.Resent += uint64(again - c.first)
	}
	l.high = max(l.high, l.sent)
	l.tail.unpin()
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
	if to <= l.acked {
		return
	}
	l.stats.Acked += uint64(l.tail.ack(l.acked, to))
	l.acked = to
}

// Rewind moves sent back to acked, because the link between is lost. It returns
// how many frames that puts up for a second time.
func (l *Log) Rewind() uint64 {
	l.mu.Lock()
	n := uint64(l.tail.count(l.acked, l.sent))
	l.sent = l.acked
	l.mu.Unlock()
	l.ring()
	return n
}

// Closed reports that no more frames will come.
func (l *Log) Closed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Confirmed reports that the log is closed and every frame that was not dropped
// is confirmed.
func (l *Log) Confirmed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.confirmed()
}

func (l *Log) confirmed() bool { return l.closed && l.tail.empty() }

// Stats returns the counters as they are now.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Waiting = s.Captured - s.Acked - s.Dropped
	s.InFlight = uint64(l.tail.count(l.acked, l.sent))
	s.MemBytes = l.tail.bytes
	s.Closed, s.Confirmed = l.closed, l.confirmed()
	return s
}

// Discard releases all frames that still wait and counts them as dropped. It is
// the end of a log that nobody will send any more.
func (l *Log) Discard() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := l.stats.Captured - l.stats.Acked - l.stats.Dropped
	l.stats.Dropped += lost
	l.tail.clear()
	l.closed = true
	l.sent, l.acked = l.tail.next, l.tail.next
	return lost
}
