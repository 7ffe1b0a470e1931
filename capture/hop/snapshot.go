package hop

import (
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
)

// Recent is for how long a transmitter counts in a Snapshot.
const Recent = 10 * time.Minute

// A Snapshot is a Coverage at one time. Two of them say what came between.
type Snapshot struct {
	Since        time.Time         `json:"since"` // when the coverage began
	Until        time.Time         `json:"until"` // when it was looked at
	Channels     []ChannelCoverage `json:"channels"`
	Unknown      uint64            `json:"unknown_frames"` // heard while nobody knew on which channel
	Transmitters int               `json:"transmitters"`   // of all channels
}

// ChannelCoverage is what came of one channel that was tuned or tried. Counts
// are since the coverage began.
type ChannelCoverage struct {
	Channel    capture.Channel `json:"-"`
	Name       string          `json:"channel"` // as Kismet spells it
	FreqMHz    int             `json:"freq_mhz"`
	Visits     uint64          `json:"visits"`
	Dwell      time.Duration   `json:"dwell_ns"` // time spent, as measured, the visit that goes on included
	Share      float64         `json:"share"`    // Dwell of the time since the coverage began
	MeanSwitch time.Duration   `json:"mean_switch_ns"`
	MaxSwitch  time.Duration   `json:"max_switch_ns"`
	Refused    uint64          `json:"refused"`    // tunes refused (radio.channel)
	Failed     uint64          `json:"failed"`     // tunes failed for other reasons
	LastError  string          `json:"last_error"` // of either; "" never
	Frames     uint64          `json:"frames"`
	// Transmitters are the different ones heard within Recent, each counted
	// on the channel where it was heard last. At most 16 384 are remembered.
	Transmitters int `json:"transmitters"`
	// Found is how often a transmitter was heard that was not remembered.
	Found uint64 `json:"found"`
}

// Snapshot returns the counts up to now. It is the caller's.
func (c *Coverage) Snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	s := Snapshot{Since: c.since, Until: now, Unknown: c.lost, Channels: make([]ChannelCoverage, len(c.places))}
	for i, p := range c.places {
		cc := ChannelCoverage{
			Channel: p.channel, Name: p.channel.String(), FreqMHz: p.channel.FreqMHz,
			Visits: p.visits, Dwell: p.dwell, MaxSwitch: p.slowest,
			Refused: p.refused, Failed: p.fails, LastError: p.lastError,
			Frames: p.frames, Found: p.found,
		}
		if i == c.here {
			cc.Dwell += now.Sub(c.arrivedAt)
		}
		if p.switches > 0 {
			cc.MeanSwitch = p.switched / time.Duration(p.switches)
		}
		if all := now.Sub(c.since); all > 0 {
			cc.Share = float64(cc.Dwell) / float64(all)
		}
		s.Channels[i] = cc
	}
	var from uint32
	if ago := now.Sub(c.since) - Recent; ago > 0 {
		from = uint32((ago + time.Second - 1) / time.Second)
	}
	c.heard.count(from, func(place int) {
		s.Channels[place].Transmitters++
		s.Transmitters++
	})
	slices.SortFunc(s.Channels, func(a, b ChannelCoverage) int { return compare(a.Channel, b.Channel) })
	return s
}

// MeanSwitch is how long the radio takes to change channel on average; 0 if
// it never did.
func (s Snapshot) MeanSwitch() time.Duration {
	var sum time.Duration
	var visits uint64
	for _, c := range s.Channels {
		sum += c.MeanSwitch * time.Duration(c.Visits)
		visits += c.Visits
	}
	if visits == 0 {
		return 0
	}
	return sum / time.Duration(visits)
}
