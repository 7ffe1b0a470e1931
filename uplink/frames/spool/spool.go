// Package spool keeps the frames of datasources on disk until a server has
// confirmed them: one directory per source, with segments of records that are
// appended, read forward, and deleted whole. It knows nothing of links: which
// frames are written, sent and confirmed is for the log above it to say.
//
// A Rig owns the byte budget and is safe for concurrent use. Of a Store, the
// writing methods belong to one goroutine, the reading ones (Next, Done) to one
// other; the rest may be called from any.
package spool

import (
	"log/slog"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// Sync says when what was written is made safe against power loss. The values
// are those of the configuration.
type Sync string

// Sync modes.
const (
	Every  Sync = "every"  // each Options.SyncEvery
	Always Sync = "always" // before the copy in memory may go
	Never  Sync = "never"  // when the kernel likes
)

// Drop says which frames go when there is no more room. The values are those of
// the configuration.
type Drop string

// Drop rules.
const (
	Oldest Drop = "oldest" // the oldest segment of the source that holds most
	Newest Drop = "newest" // what comes
)

// Options of a Rig. The zero value of each but Dir is its default.
type Options struct {
	Dir          string        // made if it is missing
	SizeBytes    int64         // of all sources together; default 2 GiB
	MaxAge       time.Duration // older frames are dropped, by segments; 0 is never
	Sync         Sync          // default Every
	SyncEvery    time.Duration // default 1 s
	Drop         Drop          // default Oldest
	SegmentBytes int64         // default 8 MiB, and 1 MiB or less where SizeBytes is small
	BootID       string        // of the running kernel; default what the kernel says
	Log          *slog.Logger  // default none

	files files // default the operating system's
}

// A Boot identifies one run of the kernel, and with it one CLOCK_BOOTTIME.
type Boot [16]byte

// Recovery is what Rig.Source found of earlier runs.
type Recovery struct {
	Frames    uint64 // that no server has confirmed
	Bytes     int64  // of their segments
	Lost      uint64 // frames that were captured and cannot be read any more
	LostBytes int64  // on disk that are no whole record
	First     uint64 // number of the first frame
	Next      uint64 // the first number that was not given to a frame
}

// State is what, besides the track's points, is needed to tell when and where
// frames were heard.
type State struct {
	BootNs  int64 // CLOCK_BOOTTIME when it was so
	Clock   gps.ClockState
	Fixed   gps.Position     // where there is no track, if HasFixed
	Options gps.TrackOptions // how far the track may be trusted

	HasFixed bool
}

// An Entry is a run of frames read back. The batch is the reader's, who
// releases it.
type Entry struct {
	First uint64 // number of frame 0
	Batch *capture.Batch
	Boot  Boot   // in which it was captured
	Place *Place // when and where; never nil
}

// Usage of a source's store on disk.
type Usage struct {
	Frames uint64 // not confirmed
	Bytes  int64  // of all its segments
}

// Drops counts frames that a store had and lost.
type Drops struct {
	Size    uint64 // given up because the rig's bytes were used up
	Age     uint64 // older than MaxAge
	Damaged uint64 // could not be read back
}

// Info describes a source's directory.
type Info struct {
	UUID        capture.UUID
	Name, Type  string // as its source was called; empty if that cannot be read any more
	Live        bool   // not of a file
	Frames      uint64 // not confirmed
	Bytes       int64  // of all its files
	First, Last time.Time
	Locked      bool   // a running sensord has it
	Damaged     bool   // not every byte is part of a record, or frames are lost
	Lost        uint64 // frames that were written and cannot be found any more, as far as that is known
	Counts      Counts // of frames that do not wait any more, as noted last: those of Lost are not among them yet
	Err         error  // why nothing more can be told, a *fault.Error: of a later version, or not readable; nil if it can
}
