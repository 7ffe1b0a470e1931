package uplink

import (
	"sync"
	"time"
)

// ReplayLimits bound how fast frames that are late leave a rig. A server
// confirms what it has parsed, and silently drops what it then has no time for:
// a backlog at full speed would be lost behind its confirmation.
type ReplayLimits struct {
	FramesPerSecond float64 // 0 is no limit
	BytesPerSecond  int64   // of Kismet's frames, without the transport's own; 0 is no limit
}

const (
	paceBurst   = 100 * time.Millisecond // of the rate may leave at once
	paceQuantum = 20 * time.Millisecond  // of the rate is worth a turn
	// paceLead is how much faster than what is captured a backlog leaves at
	// least, so that it has an end.
	paceLead     = 1.2
	paceWindow   = time.Second // over which what is captured is measured
	leastShare   = 1.0 / 64    // of the limits
	shareGrowth  = 1.1         // behind each shareEvery without a drop
	shareEvery   = 10 * time.Second
	frameSamples = 64 // over which a frame's size is averaged
)

// A Pacer shares ReplayLimits among all links of a rig. Frames that leave in
// time, and those of files, are not its business. A nil Pacer limits nothing.
// It is safe for concurrent use.
type Pacer struct {
	limits ReplayLimits

	mu        sync.Mutex
	share     float64 // of the limits that is in effect
	frames    float64 // that may leave now; below 0 more have left than might
	bytes     float64
	at        time.Time // of those
	frameSize float64   // average in bytes
	used      bool      // since the drops were last asked for

	arrived   uint64 // frames captured since windowAt
	windowAt  time.Time
	floor     float64 // frames per second that the pace does not fall below
	drops     uint64  // as last told
	dropsKnow bool
	changedAt time.Time // of share
}

// NewPacer returns a pacer with the limits wholly in effect.
func NewPacer(limits ReplayLimits) *Pacer { return &Pacer{limits: limits, share: 1} }

// Limits returns what is in effect now: the limits, less what drops on the
// server took from them.
func (p *Pacer) Limits() ReplayLimits {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.effective()
}

func (p *Pacer) effective() ReplayLimits {
	l := ReplayLimits{
		FramesPerSecond: p.limits.FramesPerSecond * p.share,
		BytesPerSecond:  int64(float64(p.limits.BytesPerSecond) * p.share),
	}
	if l.FramesPerSecond > 0 {
		l.FramesPerSecond = max(l.FramesPerSecond, p.floor)
	}
	if l.BytesPerSecond > 0 {
		l.BytesPerSecond = max(l.BytesPerSecond, int64(p.floor*p.frameSize), 1)
	}
	return l
}

// wait returns how long the next late frames have to wait; 0 is not at all.
func (p *Pacer) wait(now time.Time) time.Duration {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.refill(now)
	var wait time.Duration
	if l.FramesPerSecond > 0 && p.frames <= 0 {
		wait = paceQuantum + seconds(-p.frames/l.FramesPerSecond)
	}
	if l.BytesPerSecond > 0 && p.bytes <= 0 {
		wait = max(wait, paceQuantum+seconds(-p.bytes/float64(l.BytesPerSecond)))
	}
	return wait
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// refill earns what time has brought since it was last asked.
func (p *Pacer) refill(now time.Time) ReplayLimits {
	if took := now.Sub(p.windowAt); took >= paceWindow {
		p.floor = paceLead * float64(p.arrived) / took.Seconds()
		p.arrived, p.windowAt = 0, now
	}
	l := p.effective()
	// The first time, and behind any pause, a burst may leave.
	dt := min(now.Sub(p.at), time.Hour).Seconds()
	p.at = now
	p.frames = min(p.frames+l.FramesPerSecond*dt, max(1, l.FramesPerSecond*paceBurst.Seconds()))
	p.bytes = min(p.bytes+float64(l.BytesPerSecond)*dt, max(1, float64(l.BytesPerSecond)*paceBurst.Seconds()))
	return l
}

// took accounts for late frames that have left.
func (p *Pacer) took(frames, bytes int) {
	if p == nil || frames == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used = true
	p.frames -= float64(frames)
	p.bytes -= float64(bytes)
	weight := min(1, float64(frames)/frameSamples)
	p.frameSize += weight * (float64(bytes)/float64(frames) - p.frameSize)
}

// captured says that so many frames of a live source have come.
func (p *Pacer) captured(frames uint64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.arrived += frames
	p.mu.Unlock()
}

// Drops tells the pacer how many frames the server has dropped in all, as far as
// known. Where that has grown it halves the pace; where it has not for a while,
// the pace grows again. It reports whether it changed.
func (p *Pacer) Drops(total uint64, now time.Time) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, known, moved := p.share, p.dropsKnow, total > p.drops
	p.drops, p.dropsKnow = total, true
	switch {
	case !known:
	case moved:
		p.share = max(p.share/2, leastShare)
		p.changedAt = now
	case p.share < 1 && now.Sub(p.changedAt) >= shareEvery:
		p.share = min(p.share*shareGrowth, 1)
		p.changedAt = now
	}
	return p.share != before
}
