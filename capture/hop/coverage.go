package hop

import (
	"time"

	"github.com/sensord/sensord/capture"
)

// Coverage counts what a radio visited and heard. It is safe for concurrent use.
type Coverage struct{}

// NewCoverage returns an empty coverage. Boottime reads CLOCK_BOOTTIME in
// nanoseconds; nil compares frames by CLOCK_REALTIME.
func NewCoverage(boottime func() int64) *Coverage { panic("not yet") }

// Heard counts the frames of a batch; it keeps nothing of it.
func (c *Coverage) Heard(b *capture.Batch) { panic("not yet") }

// Snapshot returns the counts up to now.
func (c *Coverage) Snapshot() Snapshot { panic("not yet") }

// Snapshot is a coverage at one time.
type Snapshot struct {
	Since        time.Time
	Channels     []ChannelCoverage // by frequency
	Unattributed uint64            // frames of which nobody knows the channel
	Transmitters int
}

// ChannelCoverage is what came of one channel.
type ChannelCoverage struct {
	Channel      capture.Channel
	Visits       uint64
	Dwell        time.Duration
	MeanSwitch   time.Duration
	MaxSwitch    time.Duration
	Refused      uint64
	Failed       uint64
	LastError    string
	Frames       uint64
	Transmitters int
}
