package frames

import (
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// Located is a frame with the place where it was heard. It is a view, valid as
// long as its frame.
type Located struct {
	Source      capture.UUID
	Frame       capture.Frame
	Position    gps.Position // where, if HasPosition
	HasPosition bool
}

// Locate says where frame i of the chunk was heard, by a track.
func (c Chunk) Locate(i int, source capture.UUID, track *gps.Track) Located {
	f := Located{Source: source, Frame: c.Frame(i)}
	if offset := c.ClockOffsetNs(); offset != 0 {
		f.Position, f.HasPosition = track.At(f.Frame.TimeNs - offset)
	} else {
		f.Position, f.HasPosition = track.AtUTC(f.Frame.TimeNs)
	}
	return f
}
