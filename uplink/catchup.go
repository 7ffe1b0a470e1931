package uplink

import (
	"sync"
	"time"

	"github.com/sensord/sensord/uplink/frames"
)

// A link measures the rates of its log over rateOver, in steps of sampleEvery.
const (
	rateOver    = 10 * time.Second
	sampleEvery = time.Second
)

// progress is what a link knows of how fast a log empties and fills.
type progress struct {
	mu      sync.Mutex
	samples []sample // oldest first, over rateOver
}

// sample is a log's counters at a time.
type sample struct {
	at       time.Time
	captured uint64
	done     uint64 // acknowledged or dropped
	behind   uint64 // waiting to be sent, and late
}

// add takes the log's counters, and how many frames are late. It returns how
// many were captured since it last did.
func (p *progress) add(s frames.Stats, behind uint64, now time.Time) (captured uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.samples); n > 0 {
		captured = s.Captured - p.samples[n-1].captured
	}
	for len(p.samples) > 1 && now.Sub(p.samples[1].at) >= rateOver {
		p.samples = append(p.samples[:0], p.samples[1:]...)
	}
	p.samples = append(p.samples, sample{
		at: now, captured: s.Captured, done: s.Acked + s.Dropped, behind: behind,
	})
	return captured
}

// left is how long it takes until the log is empty but for what is being
// captured; ok is false where the rates do not say.
func (p *progress) left() (left time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.samples) < 2 {
		return 0, false
	}
	first, last := p.samples[0], p.samples[len(p.samples)-1]
	took := last.at.Sub(first.at).Seconds()
	captured := float64(last.captured-first.captured) / took
	done := float64(last.done-first.done) / took
	switch {
	case last.behind == 0:
		return 0, true
	case done <= captured:
		return 0, false
	}
	return seconds(min(float64(last.behind)/(done-captured), 1e9)), true
}

// CatchUp estimates how long it takes until the link has sent all that waits but
// what was captured just now, from how fast the server has confirmed frames in
// the last 10 s. It is 0 where nothing is late; ok is false where there is no
// end in sight, or it cannot be known yet.
func (k *Link) CatchUp() (left time.Duration, ok bool) { return k.progress.left() }

// HoldsLate reports that the link holds late frames back, see
// Session.HoldLate, and all behind them.
func (k *Link) HoldsLate() bool { return k.holdsLate.Load() }
