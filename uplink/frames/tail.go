package frames

import (
	"sort"

	"github.com/sensord/sensord/capture"
)

// tail is the part of a log in memory: batches in order of their numbers, with
// gaps where batches were dropped. The owner locks.
type tail struct {
	entries  []entry // oldest first; the slice's start moves, append makes it compact
	next     Seq     // number of the next frame
	bytes    int
	maxBytes int
	pinned   *capture.Batch // what the sender reads now
	orphan   bool           // pinned left the log meanwhile; unpin releases it
}

type entry struct {
	first Seq
	batch *capture.Batch
}

func (e entry) end() Seq { return e.first + Seq(e.batch.Len()) }

func (t *tail) empty() bool { return len(t.entries) == 0 }

// fits reports whether b can be added; an empty tail takes anything.
func (t *tail) fits(b *capture.Batch) bool {
	return t.empty() || t.bytes+b.MemBytes() <= t.maxBytes
}

// room is the number of largest batches that fit; an empty tail takes any.
func (t *tail) room() int {
	n := max(0, (t.maxBytes-t.bytes)/capture.MaxBatchMemBytes)
	if t.empty() {
		return max(n, 1)
	}
	return n
}

// join adds b's frames to the newest batch, if nobody reads that and there is
// room in it, so that frames that come one by one do not hold a slab each.
func (t *tail) join(b *capture.Batch) bool {
	if t.empty() {
		return false
	}
	last := t.entries[len(t.entries)-1]
	if last.batch == t.pinned || last.end() != t.next {
		return false
	}
	n, before := b.Len(), last.batch.MemBytes()
	if !last.batch.Join(b, t.maxBytes-t.bytes) {
		return false
	}
	t.bytes += last.batch.MemBytes() - before
	t.next += Seq(n)
	return true
}

func (t *tail) push(b *capture.Batch) {
	t.entries = append(t.entries, entry{first: t.next, batch: b})
	t.bytes += b.MemBytes()
	t.next += Seq(b.Len())
}

// skip uses up the numbers of n frames that were dropped on arrival.
func (t *tail) skip(n int) { t.next += Seq(n) }

// at returns the index of the first batch that ends behind seq, or
// len(entries).
func (t *tail) at(seq Seq) int {
	return sort.Search(len(t.entries), func(i int) bool { return t.entries[i].end() > seq })
}

// removeFrom takes out the oldest batch that begins at or behind seq and that
// nobody reads; with split also one that seq lies within. It returns nil if
// there is none.
func (t *tail) removeFrom(seq Seq, split bool) (*capture.Batch, Seq) {
	for i := t.at(seq); i < len(t.entries); i++ {
		e := t.entries[i]
		if e.batch == t.pinned || (e.first < seq && !split) {
			continue
		}
		// What is before i is in flight, and mostly less than what is behind.
		copy(t.entries[1:i+1], t.entries[:i])
		t.entries[0] = entry{}
		t.entries = t.entries[1:]
		t.bytes -= e.batch.MemBytes()
		return e.batch, e.first
	}
	return nil, 0
}

// pin returns the batch that holds the first frame at or behind seq, with the
// number of its first frame, and keeps it from being released.
func (t *tail) pin(seq Seq) (*capture.Batch, Seq) {
	i := t.at(seq)
	if i == len(t.entries) {
		return nil, 0
	}
	t.pinned = t.entries[i].batch
	return t.pinned, t.entries[i].first
}

func (t *tail) unpin() {
	if t.orphan {
		t.pinned.Release()
	}
	t.pinned, t.orphan = nil, false
}

// ack releases the batches that end at or below to and returns how many frames
// there were in [from, to).
func (t *tail) ack(from, to Seq) int {
	n := t.count(from, to)
	for len(t.entries) > 0 && t.entries[0].end() <= to {
		t.drop(t.entries[0].batch)
		t.entries[0] = entry{}
		t.entries = t.entries[1:]
	}
	return n
}

func (t *tail) drop(b *capture.Batch) {
	t.bytes -= b.MemBytes()
	if b == t.pinned {
		t.orphan = true
		return
	}
	b.Release()
}

// count returns how many frames lie in [from, to).
func (t *tail) count(from, to Seq) int {
	n := 0
	for i := t.at(from); i < len(t.entries) && t.entries[i].first < to; i++ {
		e := t.entries[i]
		n += int(min(e.end(), to) - max(e.first, from))
	}
	return n
}

func (t *tail) clear() {
	for _, e := range t.entries {
		t.drop(e.batch)
	}
	t.entries = nil
}
