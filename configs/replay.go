package configs

import (
	"math"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// Defaults of Replay.
const (
	defaultReplayRate  = 5000
	defaultReplayBytes = 4 << 20
)

// unlimited is how no bound is written.
const unlimited = "unlimited"

// replayDraft is what was written of the manners towards a server that is back.
type replayDraft struct{ rate, bytes text }

func (d *document) replay(n *yaml.Node, path string, into *replayDraft) {
	d.mapping(n, path, []field{{"rate", d.scalar(&into.rate)}, {"bytes", d.scalar(&into.bytes)}})
}

// manners settles how fast kept frames are sent. The bounds are such that a frame
// of any size still leaves within a minute.
func (l *loader) manners(d *replayDraft) Replay {
	const (
		ratePath, rateForm   = "replay.rate", "write frames per second, as in 5000/sec, or unlimited"
		bytesPath, bytesForm = "replay.bytes", "write bytes per second, as in 4MiB, or unlimited"
		minRate, maxRate     = 1.0, 1e7
		minBytes, maxBytes   = 4 << 10, 1 << 40
	)
	c := Replay{FramesPerSecond: defaultReplayRate, BytesPerSecond: defaultReplayBytes}
	if t := d.rate; t.value == unlimited {
		c.FramesPerSecond = 0
	} else if t.given() {
		rate, err := parseRate(t.value)
		switch {
		case err == nil && strings.Contains(strings.ToLower(t.value), "dwell"):
			l.wrong(t.from, ratePath, rateForm, "%s is a rate of hops", quote(t.value))
		case err != nil:
			l.wrong(t.from, ratePath, rateForm, "%v", err)
		case rate < minRate || rate > maxRate:
			l.wrong(t.from, ratePath, rateForm, "%s is not between 1/sec and 10000000/sec", quote(t.value))
		}
		c.FramesPerSecond = rate
	}
	if t := d.bytes; t.value == unlimited {
		c.BytesPerSecond = 0
	} else if t.given() {
		size, _, _ := strings.Cut(t.value, "/")
		unit := strings.TrimSpace(strings.TrimPrefix(t.value, size))
		n, err := ParseSize(strings.TrimSpace(size))
		switch {
		case err != nil:
			l.wrong(t.from, bytesPath, bytesForm, "%v", err)
		case unit != "" && unit != "/sec" && unit != "/s":
			l.wrong(t.from, bytesPath, bytesForm, "%s is no number of bytes per second", quote(t.value))
		case n < minBytes || n > maxBytes:
			l.wrong(t.from, bytesPath, bytesForm, "%s is not between 4KiB and 1TiB", quote(t.value))
		}
		c.BytesPerSecond = n
	}
	l.settleGiven(ratePath, boundText(FormatRate(c.FramesPerSecond), c.FramesPerSecond), d.rate)
	l.settleGiven(bytesPath, boundText(FormatSize(c.BytesPerSecond), float64(c.BytesPerSecond)), d.bytes)
	return c
}

// boundText writes a bound, of which 0 is none.
func boundText(text string, bound float64) string {
	if bound == 0 || math.IsNaN(bound) {
		return unlimited
	}
	return text
}
