package frames

import (
	"math"
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
	beginsNs     int64 // what the track knows of, on CLOCK_BOOTTIME
	unplaced     bool
	live         bool
	offsetNs     int64 // of the clock while the frames were captured
	correctionNs int64 // what their times lack
}

// Locator returns the chunk's, by a track. Unplaced leaves out where: then the
// track only corrects times. For what the track does not cover, because it is of
// another boot or older than the track, there are the points and the states of
// the clock that were kept with the frames.
func (c Chunk) Locator(source capture.UUID, track *gps.Track, unplaced bool) Locator {
	l := Locator{chunk: c, source: source, track: track, beginsNs: math.MaxInt64, unplaced: unplaced}
	if begins, ok := track.Begins(); ok && (c.place == nil || c.place.SameBoot) {
		l.beginsNs = begins
	}
	if l.live, l.offsetNs = c.Clock(); l.live {
		l.correctionNs = l.correction()
	}
	return l
}

func (l *Locator) correction() int64 {
	place := l.chunk.place
	if place != nil {
		ns, ok := place.Correction(l.chunk.Frame(0).TimeNs-l.offsetNs, l.offsetNs)
		if ok || !place.SameBoot {
			return ns
		}
	}
	return l.track.Clock().Correction(l.offsetNs)
}

// Locate returns frame i of the chunk with its time and place.
func (l *Locator) Locate(i int) Located {
	f := Located{Source: l.source, Frame: l.chunk.Frame(i)}
	f.TimeNs = f.Frame.TimeNs + l.correctionNs
	if l.unplaced {
		return f
	}
	at := f.Frame.TimeNs - l.offsetNs
	place := l.chunk.place
	switch {
	case !l.live:
		f.Position, f.HasPosition = l.track.AtUTC(f.Frame.TimeNs)
		if !f.HasPosition && place != nil {
			f.Position, f.HasPosition = place.Fixed()
		}
	case place == nil || at >= l.beginsNs:
		f.Position, f.HasPosition = l.track.At(at)
	default:
		f.Position, f.HasPosition = place.At(at)
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
	if !live || last < i || c.place != nil && !c.place.SameBoot || track.Wait(c.Frame(last).TimeNs-offset, nowNs) == 0 {
		return c.Len() - i, 0
	}
	for n = 0; i+n < last; n++ {
		if wait = track.Wait(c.Frame(i+n).TimeNs-offset, nowNs); wait > 0 {
			return n, wait
		}
	}
	return n, track.Wait(c.Frame(last).TimeNs-offset, nowNs)
}
