// Package frames holds the frames of a datasource on their way to a server:
// the log in which they wait until the server has confirmed them, and the
// located frame that links, local logs and exports all speak.
//
// A Log is safe for one appender, one sender, one acknowledger and one spiller
// at a time, each in its own goroutine. Nothing here knows of actors or of the
// wire.
package frames

import (
	"log/slog"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A Seq numbers the frames of one source from 0 on, in the order of capture;
// with a spool it goes on where an earlier run stopped. Numbers of dropped
// frames are not used again.
type Seq uint64

// Log is one source's frames in order, from the oldest that no server has
// confirmed to the newest captured. Two cursors move over it: everything below
// acked is confirmed and gone, everything below sent has been written to the
// link. A lost link moves sent back to acked; nothing else is needed to lose
// nothing.
//
// The newest frames are in memory, its tail. What has waited for a while is
// written to the store, see Spill, and is the store's from then on: memory keeps
// copies of it as long as there is room. The sender asks for the frames at sent
// and does not know where they lie.
type Log struct {
	o Options

	// mu is held for moments, and never while the disk works. The store's lock
	// is taken below it.
	mu      sync.Mutex
	tail    tail
	sent    Seq
	acked   Seq
	high    Seq   // below it everything was written to some link
	before  run   // what was, too, before the log had its store
	flight  []run // what was written to the present link and is not confirmed
	closed  bool
	ended   bool // nobody sends any more
	stats   Stats
	store   *spool.Store
	written Seq  // below it the spiller has given everything to the store
	hand    run  // what the sender has of the store's
	disk    part // what was read back last
	diskErr error
	idle    bool // the spiller waits for the next frame

	wake chan struct{}
	bell chan struct{} // the spiller's
}

// A run is frames with numbers that follow each other.
type run struct{ first, end Seq }

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
	if o.Now == nil {
		o.Now = func() int64 { return 0 }
	}
	if o.Tracker == nil {
		o.Tracker = &gps.Tracker{}
	}
	return &Log{
		o: o, tail: tail{maxBytes: o.MemoryBytes},
		wake: make(chan struct{}, 1), bell: make(chan struct{}, 1),
	}
}

// move tells the store where the cursors are.
func (l *Log) move() {
	if l.store == nil {
		return
	}
	l.store.Move(spool.Cursors{
		Acked: uint64(l.acked), Sent: uint64(l.sent), Owned: uint64(l.tail.kept),
		Reading: uint64(l.hand.first), Read: uint64(l.hand.end),
	})
}

// Append takes ownership of b and adds its frames. It never blocks: when the
// log is full, and its frames cannot be written to a store, the oldest that are
// not on their way are dropped and counted, or, if there are none, b itself. It
// returns how many were dropped.
func (l *Log) Append(b *capture.Batch) (dropped uint64) {
	n := uint64(b.Len())
	if n == 0 {
		b.Release()
		return 0
	}
	now := l.o.Now()
	l.mu.Lock()
	before := l.stats.DroppedBy.Sum()
	l.stats.Captured += n
	l.add(b, now)
	dropped = l.stats.DroppedBy.Sum() - before
	hurry := l.store != nil && (l.idle || l.pressed())
	l.idle = false
	l.mu.Unlock()
	ring(l.wake)
	if hurry {
		ring(l.bell)
	}
	return dropped
}

func (l *Log) add(b *capture.Batch, now int64) {
	if l.tail.join(b, l.written, now) {
		return
	}
	newest := l.store != nil && l.store.Drop() == spool.Newest
	for !l.tail.fits(b) && (l.tail.evict() || !newest && l.dropOldestUnsent()) {
	}
	if l.tail.fits(b) {
		l.tail.push(b, now)
		return
	}
	l.tail.skip(b.Len())
	l.stats.DroppedBy[l.reason()] += uint64(b.Len())
	b.Release()
}

// dropOldestUnsent makes room. Frames in flight stay: they would be counted as
// lost although the server probably has them. So do those that the store has,
// or gets.
func (l *Log) dropOldestUnsent() bool {
	b, first := l.tail.removeFrom(max(l.sent, l.written), l.sent == l.acked)
	if b == nil {
		return false
	}
	done := 0 // confirmed already: its link was lost in the middle of it
	if to := max(l.acked, l.written); to > first {
		done = int(to - first)
	}
	l.stats.DroppedBy[l.reason()] += uint64(b.Len() - done)
	b.Release()
	return true
}

// Hide counts n captured frames that were heard inside a zone and are not
// appended.
func (l *Log) Hide(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Captured += uint64(n)
	l.stats.Hidden += uint64(n)
	l.stats.DroppedBy[DropPrivacy] += uint64(n)
}

// Room reports how many batches of the largest size fit without a drop.
func (l *Log) Room() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tail.room()
}

// Pressed reports that more than half of the memory is used by what is nowhere
// else, so that frames should leave as soon as they can.
func (l *Log) Pressed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pressed()
}

func (l *Log) pressed() bool { return l.tail.bytes-l.tail.copies > l.tail.maxBytes/2 }

// Close says that no more frames will come. It is harmless to repeat.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	ring(l.wake)
}

// Wake returns the channel that receives a value after frames were appended or
// the log was closed. It is a doorbell for the one sender: one value may stand
// for many changes.
func (l *Log) Wake() <-chan struct{} { return l.wake }

func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
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
	var lost spool.Drops
	if l.store != nil {
		lost = l.store.Drops()
	}
	return l.closed && l.waiting(lost) == 0
}

// Audit counts the frames as lost that somebody deleted from the disk, and returns
// how many these are. It is for the end, in front of Discard.
func (l *Log) Audit() uint64 {
	l.mu.Lock()
	store := l.store
	l.mu.Unlock()
	if store == nil {
		return 0
	}
	return store.Audit()
}

// Discard lets go of all frames that still wait. Those that are on disk are kept
// for the next start; the others are counted as dropped, and it returns how many
// these are. It is the end of a log that nobody will send any more.
func (l *Log) Discard() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := uint64(l.tail.count(max(l.acked, l.tail.kept), l.tail.next))
	l.stats.DroppedBy[l.reason()] += lost
	l.tail.clear()
	l.closed, l.ended = true, true
	l.flight = nil
	return lost
}
