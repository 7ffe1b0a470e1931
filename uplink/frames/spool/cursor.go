package spool

import (
	"encoding/binary"
	"io"
	"os"
)

// cursor is what has to be remembered besides the segments. Its file has two
// slots that are written in turn, so that one is whole whatever happens, and
// its bytes exist from the beginning, so that a full disk cannot keep it from
// being written.
type cursor struct {
	generation uint64
	acked      uint64 // every frame with a smaller number is confirmed
	next       uint64 // the first number not given to a frame
	ordinal    uint64 // frames written to disk, ever
	memory     uint64 // frames that were only in memory, unconfirmed
	segment    uint64 // the newest segment then, 0 if there was none
	counts     Counts // of what is over, in the rest of the slot
}

const (
	cursorMagic = 0x31435253 // "SRC1"
	cursorSize  = 56
	countsAt    = 64
	slotUsed    = countsAt + countsSize
	slotSize    = 512 // a disk's sector: the other slot is in another one
)

func (c *cursor) slot() int64 { return int64(c.generation%2) * slotSize }

func (c *cursor) encode(p *[slotUsed]byte) {
	le := binary.LittleEndian
	le.PutUint32(p[:], cursorMagic)
	for i, v := range [...]uint64{c.generation, c.acked, c.next, c.ordinal, c.memory, c.segment} {
		le.PutUint64(p[8+8*i:], v)
	}
	le.PutUint32(p[4:], castagnoli(p[8:cursorSize]))
	c.counts.encode(p[countsAt:], c.generation)
}

func decodeCursor(p []byte) (c cursor, ok bool) {
	le := binary.LittleEndian
	if le.Uint32(p) != cursorMagic || le.Uint32(p[4:]) != castagnoli(p[8:cursorSize]) {
		return c, false
	}
	for i, v := range [...]*uint64{&c.generation, &c.acked, &c.next, &c.ordinal, &c.memory, &c.segment} {
		*v = le.Uint64(p[8+8*i:])
	}
	return c, true
}

// readCursor returns the newer of the slots that can be read, or the zero
// cursor, with the newer of the counts.
func readCursor(f io.ReaderAt) cursor {
	var newest cursor
	var counts Counts
	var counted uint64
	var p [slotUsed]byte
	for slot := range int64(2) {
		if _, err := f.ReadAt(p[:], slot*slotSize); err != nil {
			continue // not there, or not readable: nothing is known
		}
		if c, ok := decodeCursor(p[:]); ok && c.generation >= newest.generation {
			newest = c
		}
		if c, generation, ok := decodeCounts(p[countsAt:]); ok && generation >= counted {
			counts, counted = c, generation
		}
	}
	newest.counts = counts
	return newest
}

// openCursor opens a source's cursor file and makes it as long as it will be.
func openCursor(fs files, name string) (file, cursor, error) {
	f, err := fs.open(name, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, cursor{}, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < 2*slotSize {
		_, err = f.WriteAt(make([]byte, 2*slotSize-info.Size()), info.Size())
	}
	if err != nil {
		_ = f.Close()
		return nil, cursor{}, err
	}
	return f, readCursor(f), nil
}

// write writes c as the next generation.
func (c *cursor) write(f file) error {
	c.generation++
	var p [slotUsed]byte
	c.encode(&p)
	_, err := f.WriteAt(p[:], c.slot())
	return err
}
