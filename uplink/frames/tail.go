package frames

import (
	"sort"

	"github.com/sensord/sensord/capture"
)

// tail is the part of a log in memory: batches in order of their numbers, with
// gaps where batches were dropped. The owner locks.
type tail struct {
	entries  []entry // oldest first; the slice's start moves
	array    []entry // what entries is a part of
	next     Seq     // number of the next frame
	kept     Seq     // entries that end at or below are copies of what is on disk
	bytes    int     // of memory,
	copies   int     // of copies among that
	maxBytes int
	data     int64 // bytes of frames ever pushed, to tell how many are behind an entry

	reader, spiller pin
}

type entry struct {
	first Seq
	batch *capture.Batch
	atNs  int64 // when the first frame came, CLOCK_BOOTTIME,
	toNs  int64 // and the last, if it joined
	data  int64 // tail.data before it
}

func (e *entry) end() Seq { return e.first + Seq(e.batch.Len()) }

// cameNs is when the frame with number seq came, on CLOCK_BOOTTIME. In a batch of
// frames that came one by one their own times tell.
func (e *entry) cameNs(seq Seq) int64 {
	if !e.batch.Live || e.toNs <= e.atNs || seq <= e.first {
		return e.atNs
	}
	return min(max(e.batch.Frame(int(seq-e.first)).TimeNs-e.batch.ClockOffsetNs, e.atNs), e.toNs)
}

// A pin keeps a batch that one goroutine reads without the lock.
type pin struct {
	batch  *capture.Batch
	orphan bool // it left the log meanwhile, and is for the last pin to release
}

func (t *tail) empty() bool { return len(t.entries) == 0 }

// fits reports whether b can be added; an empty tail takes anything.
func (t *tail) fits(b *capture.Batch) bool {
	return t.empty() || t.bytes+b.MemBytes() <= t.maxBytes
}

// room is the number of largest batches that fit, in the place of copies too;
// one of nothing but copies takes any.
func (t *tail) room() int {
	own := t.bytes - t.copies
	n := max(0, (t.maxBytes-own)/capture.MaxBatchMemBytes)
	if own == 0 {
		return max(n, 1)
	}
	return n
}

// join adds b's frames to the newest batch, if nobody reads that, it is not
// below written, and there is room in it, so that frames that come one by one do
// not hold a slab each.
func (t *tail) join(b *capture.Batch, written Seq, nowNs int64) bool {
	if t.empty() {
		return false
	}
	last := &t.entries[len(t.entries)-1]
	if t.pinned(last.batch) || last.end() != t.next || last.end() <= written {
		return false
	}
	n, data, before := b.Len(), b.DataBytes(), last.batch.MemBytes()
	if !last.batch.Join(b, t.maxBytes-t.bytes) {
		return false
	}
	last.toNs = nowNs
	t.bytes += last.batch.MemBytes() - before
	t.next += Seq(n)
	t.data += int64(data)
	return true
}

func (t *tail) push(b *capture.Batch, nowNs int64) {
	if n := len(t.entries); n == cap(t.entries) && n <= cap(t.array)/2 { // the rest of the array is in front
		moved := t.array[:copy(t.array[:n], t.entries)]
		clear(t.array[n:])
		t.entries = moved
	}
	t.entries = append(t.entries, entry{first: t.next, batch: b, atNs: nowNs, data: t.data})
	if cap(t.entries) > cap(t.array) {
		t.array = t.entries[:cap(t.entries)]
	}
	t.bytes += b.MemBytes()
	t.next += Seq(b.Len())
	t.data += int64(b.DataBytes())
}

// skip uses up the numbers of n frames that were dropped on arrival.
func (t *tail) skip(n int) { t.next += Seq(n) }

// renumber adds base to all numbers.
func (t *tail) renumber(base Seq) {
	for i := range t.entries {
		t.entries[i].first += base
	}
	t.next += base
}

// keep says that everything below to is on disk, as far as it is not confirmed.
func (t *tail) keep(to Seq) {
	for i := t.at(t.kept); i < len(t.entries) && t.entries[i].end() <= to; i++ {
		t.copies += t.entries[i].batch.MemBytes()
	}
	t.kept = max(t.kept, to)
}

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
		if t.pinned(e.batch) || (e.first < seq && !split) {
			continue
		}
		t.remove(i)
		return e.batch, e.first
	}
	return nil, 0
}

// evict releases the oldest copy of what is on disk, and reports whether there
// was one that nobody reads.
func (t *tail) evict() bool {
	for i := 0; i < len(t.entries) && t.entries[i].end() <= t.kept; i++ {
		if b := t.entries[i].batch; !t.pinned(b) {
			t.remove(i)
			b.Release()
			return true
		}
	}
	return false
}

// remove takes out entry i. What is before it is mostly less than what is
// behind.
func (t *tail) remove(i int) {
	e := t.entries[i]
	copy(t.entries[1:i+1], t.entries[:i])
	t.entries[0] = entry{}
	t.entries = t.entries[1:]
	t.forget(&e)
}

// forget takes an entry's memory out of the sums.
func (t *tail) forget(e *entry) {
	t.bytes -= e.batch.MemBytes()
	if e.end() <= t.kept {
		t.copies -= e.batch.MemBytes()
	}
}

// pin returns the entry with the first frame at or behind seq, and keeps its
// batch from being released until the reader is unpinned. It returns nil if
// there is none.
func (t *tail) pin(seq Seq) *entry { return t.pinAs(&t.reader, seq) }

func (t *tail) pinAs(p *pin, seq Seq) *entry {
	i := t.at(seq)
	if i == len(t.entries) {
		return nil
	}
	p.batch = t.entries[i].batch
	return &t.entries[i]
}

func (t *tail) pinned(b *capture.Batch) bool { return b == t.reader.batch || b == t.spiller.batch }

func (t *tail) unpin(p *pin) {
	b, orphan := p.batch, p.orphan
	*p = pin{}
	if !orphan {
		return
	}
	for _, other := range [...]*pin{&t.reader, &t.spiller} {
		if other.batch == b {
			other.orphan = true
			return
		}
	}
	b.Release()
}

// ack releases the batches that end at or below to.
func (t *tail) ack(to Seq) {
	for len(t.entries) > 0 && t.entries[0].end() <= to {
		e := t.entries[0]
		t.entries[0] = entry{}
		t.entries = t.entries[1:]
		t.drop(&e)
	}
}

func (t *tail) drop(e *entry) {
	t.forget(e)
	for _, p := range [...]*pin{&t.reader, &t.spiller} {
		if p.batch == e.batch {
			p.orphan = true
			return
		}
	}
	e.batch.Release()
}

// count returns how many frames lie in [from, to).
func (t *tail) count(from, to Seq) int {
	n := 0
	for i := t.at(from); i < len(t.entries) && t.entries[i].first < to; i++ {
		e := &t.entries[i]
		n += int(min(e.end(), to) - max(e.first, from))
	}
	return n
}

func (t *tail) clear() {
	for i := range t.entries {
		t.drop(&t.entries[i])
	}
	t.entries, t.array = nil, nil
}
