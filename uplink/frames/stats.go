package frames

import "time"

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
	Spilled bool          // the oldest was captured longer than Options.After ago, or before this run
}
