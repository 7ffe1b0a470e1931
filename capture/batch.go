package capture

import (
	"sync"
	"sync/atomic"
)

// Limits of one batch, whichever comes first.
const (
	MaxBatchFrames = 64
	MaxBatchBytes  = 64 << 10
)

// A Batch carries frames of one source from its radio to the frame log. It has
// one slab of memory and one owner at a time: whoever sends it away may not
// touch it again, and the last owner calls Release exactly once. A batch is
// written by one goroutine before it is handed on and only read afterwards.
type Batch struct {
	// Live says that the frames' times are of this machine's clock. Those of a
	// file have nothing to do with it, so that no live track may locate them.
	Live bool

	// ClockOffsetNs is CLOCK_REALTIME minus CLOCK_BOOTTIME, read together with
	// the frames, so that a later step of the clock does not move them. It is of
	// live batches only, and 0 on a machine that believes to live in 1970.
	ClockOffsetNs int64

	heads    [MaxBatchFrames]head
	n        int
	slab     []byte  // len is what is used
	box      *[]byte // what the slab came in, and goes back to its pool in
	released atomic.Bool
}

// head is a frame's place in the slab: no pointer, so that growing is cheap
// and the collector has nothing to follow.
type head struct {
	timeNs   int64
	off, len uint32
	origLen  uint32
	linkType LinkType
}

// MaxBatchMemBytes is the most that one batch's MemBytes can be.
const MaxBatchMemBytes = MaxBatchBytes + headBytes

// Slabs come in sizes, so that a quiet source's batch of one beacon does not
// hold 64 KiB in the frame log.
var slabSizes = [...]int{4 << 10, 16 << 10, MaxBatchBytes}

var (
	slabPools [len(slabSizes)]sync.Pool // of *[]byte
	batchPool = sync.Pool{New: func() any { return new(Batch) }}
)

// NewBatch returns an empty batch that the caller owns.
func NewBatch() *Batch { return NewBatchSize(0) }

// NewBatchSize is NewBatch for a caller who expects about so many bytes of
// frames, as a source does from its last batch. More still fit: the hint saves
// moving frames to a larger slab.
func NewBatchSize(bytes int) *Batch {
	b := batchPool.Get().(*Batch)
	b.released.Store(false)
	b.n, b.Live, b.ClockOffsetNs = 0, false, 0
	b.box = getSlab(min(bytes, MaxBatchBytes))
	b.slab = (*b.box)[:0]
	return b
}

// Append copies one frame into the batch. It reports false, and changes
// nothing, if the batch has no room for it; an empty batch has room for any
// frame. Data beyond MaxFrameBytes is cut, an origLen below len(data) raised to
// it. Append panics when the batch was released.
func (b *Batch) Append(timeNs int64, linkType LinkType, origLen uint32, data []byte) bool {
	if b.box == nil {
		panic("capture: append to a released batch")
	}
	if int64(origLen) < int64(len(data)) {
		origLen = uint32(len(data))
	}
	if len(data) > MaxFrameBytes {
		data = data[:MaxFrameBytes]
	}
	if b.n == MaxBatchFrames || len(b.slab)+len(data) > MaxBatchBytes {
		return false
	}
	if len(b.slab)+len(data) > cap(b.slab) {
		b.grow(len(b.slab) + len(data))
	}
	off := len(b.slab)
	b.slab = append(b.slab, data...)
	b.heads[b.n] = head{timeNs: timeNs, off: uint32(off), len: uint32(len(data)), origLen: origLen, linkType: linkType}
	b.n++
	return true
}

// Len is the number of frames.
func (b *Batch) Len() int { return b.n }

// Frame returns a view of frame i, 0 <= i < Len.
func (b *Batch) Frame(i int) Frame {
	h := &b.heads[:b.n][i]
	end := h.off + h.len
	return Frame{TimeNs: h.timeNs, OrigLen: h.origLen, LinkType: h.linkType, Data: b.slab[h.off:end:end]}
}

// DataBytes is the sum of the frames' captured lengths.
func (b *Batch) DataBytes() int { return len(b.slab) }

// MemBytes is the memory that the batch holds until it is released.
func (b *Batch) MemBytes() int { return cap(b.slab) + headBytes }

// headBytes is what a Batch takes without its slab: its size, rounded up to
// what Go's allocator hands out.
const headBytes = 1792

// Release gives the memory back. It panics when called twice: two owners
// believed the batch theirs, and frames would have been sent as other frames.
// (Outside of race builds the second call can also meet the batch in its next
// life, and is then found by that one's Release.)
func (b *Batch) Release() {
	if b.released.Swap(true) {
		panic("capture: batch released twice")
	}
	putSlab(b.box)
	b.box, b.slab, b.n = nil, nil, 0
	if recycle {
		batchPool.Put(b)
	}
}

// grow moves the frames to a slab of at least need bytes, need <= MaxBatchBytes.
func (b *Batch) grow(need int) {
	box := getSlab(need)
	b.slab = append((*box)[:0], b.slab...)
	putSlab(b.box)
	b.box = box
}

// getSlab returns the smallest slab of at least need bytes, need <=
// MaxBatchBytes. It comes in a box, because putting a bare slice into a pool
// would allocate one each time.
func getSlab(need int) *[]byte {
	for class, size := range slabSizes {
		if size < need {
			continue
		}
		if box, ok := slabPools[class].Get().(*[]byte); ok {
			return box
		}
		s := make([]byte, size)
		return &s
	}
	panic("capture: no slab is that large")
}

func putSlab(box *[]byte) {
	poison(*box)
	for class, size := range slabSizes {
		if len(*box) == size {
			slabPools[class].Put(box)
		}
	}
}
