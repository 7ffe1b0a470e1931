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

// Locate says when and where frame i of the chunk was heard, by a track.
func (c Chunk) Locate(i int, source capture.UUID, track *gps.Track) Located {
	f := Located{Source: source, Frame: c.Frame(i)}
	f.TimeNs = f.Frame.TimeNs
	if live, offset := c.Clock(); live {
		f.TimeNs += track.Clock().Correction(offset)
		f.Position, f.HasPosition = track.At(f.Frame.TimeNs - offset)
	} else {
		f.Position, f.HasPosition = track.AtUTC(f.Frame.TimeNs)
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
