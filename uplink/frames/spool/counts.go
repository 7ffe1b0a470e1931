package spool

import "encoding/binary"

// Counts are what became of a source's frames that is over, in this run and in
// those before. They are written with the cursors: each SyncEvery while something
// is on disk, and when a run ends. What a process that was killed did behind that
// is not in them.
type Counts struct {
	Tally
	Drops
}

// A Tally is what the log above a store knows of its frames, in one run.
type Tally struct {
	Confirmed uint64 // by a server
	Memory    uint64 // dropped before there was a store,
	Disk      uint64 // or because nothing could be written,
	Newest    uint64 // or by the rule
}

// Lost is how many frames no server got.
func (c *Counts) Lost() uint64 {
	return c.Memory + c.Disk + c.Newest + c.Size + c.Age + c.Damaged
}

// plus is the sum of runs.
func (c Counts) plus(t Tally, d Drops) Counts {
	c.Confirmed, c.Memory, c.Disk, c.Newest = c.Confirmed+t.Confirmed, c.Memory+t.Memory, c.Disk+t.Disk, c.Newest+t.Newest
	c.Size, c.Age, c.Damaged = c.Size+d.Size, c.Age+d.Age, c.Damaged+d.Damaged
	return c
}

func (c *Counts) values() [7]*uint64 {
	return [...]*uint64{&c.Confirmed, &c.Memory, &c.Disk, &c.Newest, &c.Size, &c.Age, &c.Damaged}
}

// Counts stand behind the cursor in its slot, with a generation and a checksum of
// their own: a sensord that does not know them writes cursors in front of them,
// and one that reads what such has written takes the newest there are.
const (
	countsMagic = 0x314e4353 // "SCN1"
	countsSize  = 16 + 8*7
)

func (c *Counts) encode(p []byte, generation uint64) {
	le := binary.LittleEndian
	le.PutUint32(p, countsMagic)
	le.PutUint64(p[8:], generation)
	for i, v := range c.values() {
		le.PutUint64(p[16+8*i:], *v)
	}
	le.PutUint32(p[4:], castagnoli(p[8:countsSize]))
}

func decodeCounts(p []byte) (c Counts, generation uint64, ok bool) {
	le := binary.LittleEndian
	if le.Uint32(p) != countsMagic || le.Uint32(p[4:]) != castagnoli(p[8:countsSize]) {
		return c, 0, false
	}
	for i, v := range c.values() {
		*v = le.Uint64(p[16+8*i:])
	}
	return c, le.Uint64(p[8:]), true
}

// Tally takes what the log knows, to be written with the next cursors. It belongs
// to the writing goroutine.
func (s *Store) Tally(t Tally) { s.w.tally = t }

// counts is what became of the frames up to now.
func (s *Store) counts() Counts { return s.w.before.plus(s.w.tally, s.Drops()) }
