package frames

import (
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// Located is a frame with the place where it was heard, and the time. It is a
// view, valid as long as its frame.
type Located struct {
	Source      capture.UUID
	Frame       capture.Frame
	TimeNs      int64        // UTC of its capture: the frame's own, or that corrected by what is known of the clock since
	Position    gps.Position // where, if HasPosition
	HasPosition bool
}

// A Locator says when and where the frames of one chunk were heard. What is the
// same for all of them is found out once.
type Locator struct {
	chunk        Chunk
	source       capture.UUID
	track        *gps.Track
	live         bool
	offsetNs     int64 // of the clock while the frames were captured
	correctionNs int64 // what their times lack
}

// Locator returns the chunk's, by a track. Unplaced leaves out where: then the
// track only corrects times.
func (c Chunk) Locator(source capture.UUID, track *gps.Track, unplaced bool) Locator {
	l := Locator{chunk: c, source: source, track: track}
	if l.live, l.offsetNs = c.Clock(); l.live {
		l.correctionNs = track.Clock().Correction(l.offsetNs)
	}
	if unplaced {
		l.track = nil // which knows nothing
	}
	return l
}

// Locate returns frame i of the chunk with its time and place.
func (l *Locator) Locate(i int) Located {
	f := Located{Source: l.source, Frame: l.chunk.Frame(i)}
	f.TimeNs = f.Frame.TimeNs + l.correctionNs
	if l.live {
		f.Position, f.HasPosition = l.track.At(f.Frame.TimeNs - l.offsetNs)
	} else {
		f.Position, f.HasPosition = l.track.AtUTC(f.Frame.TimeNs)
	}
	return f
}

// Ready returns how many frames of the chunk, from frame i on, need not wait
// for a fix that will say better where they were heard, and how long the next
// one has to. nowNs is CLOCK_BOOTTIME.
func (c Chunk) Ready(i int, track *gps.Track, nowNs int64) (n int, wait time.Duration) {
	live, offset := c.Clock()
	last := c.Len() - 1
	// Frames come in order: where the last need not wait, none has to.
	if !live || last < i || track.Wait(c.Frame(last).TimeNs-offset, nowNs) == 0 {
		return c.Len() - i, 0
	}
	for n = 0; i+n < last; n++ {
		if wait = track.Wait(c.Frame(i+n).TimeNs-offset, nowNs); wait > 0 {
			return n, wait
		}
	}
	return n, track.Wait(c.Frame(last).TimeNs-offset, nowNs)
}
