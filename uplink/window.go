package uplink

import (
	"sync"
	"time"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// How much may be on its way to the server without its acknowledgement, and
// how often one is asked for.
const (
	startWindowBytes = 64 << 10  // of a new link, which may be a slow one
	ownWindowBytes   = 256 << 10 // what each link may have without asking the lender
	minWindowBytes   = 32 << 10
	windowTime       = 2 * time.Second // of the acknowledged rate, beside what the path itself holds
	mostPathTime     = 2 * time.Second // that the path is granted
	pingBytes        = 64 << 10
	pingEvery        = 250 * time.Millisecond
	maxPings         = 64
	rateSample       = 200 * time.Millisecond
	maxPingID        = 65535 // a v3 server echoes 16 bits
)

// A window keeps account of what is in flight on one link. Kismet acknowledges
// no data, but it handles a connection's frames in order and answers a PING,
// so a PONG says that everything before its PING was read. The writer writes,
// the reader acknowledges.
type window struct {
	lender  *Lender
	version kismet.Version
	wake    chan struct{} // doorbell: an acknowledgement made room

	mu        sync.Mutex
	limit     int // bytes that may be in flight
	borrowed  int // of them from the lender
	written   int // bytes since the link began; wraps harmlessly
	acked     int
	pingedAt  int // written when the last PING was
	lastID    uint32
	pings     []ping
	lastPing  time.Time
	rtt       time.Duration
	path      time.Duration // the shortest rtt: what the path takes without a queue of ours
	flushAt   time.Time     // since when a flush has not returned; zero outside
	lastPong  time.Time
	held      bool // the limit held the writer up since the last sample
	peak      int  // most bytes in flight since then
	sampleAt  time.Time
	sampleAck int
}

// ping is one of our PINGs without its PONG.
type ping struct {
	id      uint32
	upTo    frames.Seq // everything below was written before it
	written int
	flushed time.Time // zero while it waits in our own buffer
}

func newWindow(v kismet.Version, lender *Lender, now time.Time) *window {
	return &window{
		lender: lender, version: v, wake: make(chan struct{}, 1),
		limit: startWindowBytes, lastPing: now, sampleAt: now,
	}
}

// room is how many bytes may be written before the writer has to account for
// them and ask again: up to the limit, or to where a PING is due. It is asked
// per run of frames, not per frame.
func (w *window) room() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	until := w.stride()
	if len(w.pings) == maxPings {
		until = pingBytes // no PING can follow: this much more, and then wait
	}
	n := min(w.limit-(w.written-w.acked), until-(w.written-w.pingedAt))
	w.held = w.held || n <= 0
	return n
}

// stride is how many bytes from one PING to the next. The first comes early: it
// may be a line on which the others take seconds.
func (w *window) stride() int {
	if w.lastPong.IsZero() {
		return w.limit / 16
	}
	return min(pingBytes, w.limit/4)
}

// wrote accounts for n bytes of frames.
func (w *window) wrote(n int) {
	w.mu.Lock()
	w.written += n
	w.peak = max(w.peak, w.written-w.acked)
	w.mu.Unlock()
}

// pingDue reports whether a PING should follow what was written: after enough
// bytes, or after enough time if anything waits for an acknowledgement, or at
// once with hurry.
func (w *window) pingDue(now time.Time, hurry bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := w.written - w.pingedAt
	if since == 0 || len(w.pings) == maxPings {
		return false
	}
	return hurry || since >= w.stride() || now.Sub(w.lastPing) >= pingEvery
}

// ping returns the sequence number for a PING behind all frames below upTo.
func (w *window) ping(upTo frames.Seq, now time.Time) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lastID = w.lastID%maxPingID + 1
	w.pings = append(w.pings, ping{id: w.lastID, upTo: upTo, written: w.written})
	w.pingedAt, w.lastPing = w.written, now
	return w.lastID
}

// flushing says that what was written is being given to the kernel, which may
// not take it.
func (w *window) flushing(now time.Time) {
	w.mu.Lock()
	w.flushAt = now
	w.mu.Unlock()
}

// flushed says that all that was written has been given to the kernel. The
// time of a PING counts from there.
func (w *window) flushed(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushAt = time.Time{}
	for i := len(w.pings) - 1; i >= 0 && w.pings[i].flushed.IsZero(); i-- {
		w.pings[i].flushed = now
	}
}

// pong matches a PONG with the oldest PING. It returns what that acknowledges;
// ok is false if it answers none of ours.
func (w *window) pong(id uint32, now time.Time) (upTo frames.Seq, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pings) == 0 {
		return 0, false
	}
	p := w.pings[0]
	if w.version == kismet.V3 {
		id &= 0xffff
	}
	if p.id != id {
		return 0, false
	}
	w.pings = append(w.pings[:0], w.pings[1:]...)
	first := w.lastPong.IsZero()
	w.acked, w.lastPong = p.written, now
	if !p.flushed.IsZero() {
		w.rtt = now.Sub(p.flushed)
		if w.path == 0 || w.rtt < w.path {
			w.path = w.rtt
		}
	}
	if first { // a rate from before would be that of an empty line
		w.sampleAt, w.sampleAck = now, w.acked
	}
	w.adapt(now)
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return p.upTo, true
}

// adapt sets the limit to what the server acknowledged in windowTime and the
// path's own: with less the line would be idle for as long as the path takes. A
// rate that was low for want of frames says nothing, and only gives back what
// was borrowed and not used.
func (w *window) adapt(now time.Time) {
	took := now.Sub(w.sampleAt)
	if took < rateSample {
		return
	}
	rate := float64(w.acked-w.sampleAck) / took.Seconds()
	over := windowTime + min(w.path, mostPathTime)
	want := max(int(min(rate*over.Seconds(), 1<<30)), minWindowBytes)
	switch {
	case want > w.limit || w.held:
		w.resize(want)
	case w.borrowed > 0 && w.peak < w.limit/2:
		w.resize(max(2*w.peak, ownWindowBytes))
	}
	w.sampleAt, w.sampleAck, w.held, w.peak = now, w.acked, false, w.written-w.acked
}

func (w *window) resize(want int) {
	extra := max(0, want-ownWindowBytes)
	switch {
	case extra > w.borrowed:
		w.borrowed += w.lender.borrow(extra - w.borrowed)
	case extra < w.borrowed:
		w.lender.giveBack(w.borrowed - extra)
		w.borrowed = extra
	}
	w.limit = min(want, ownWindowBytes+w.borrowed)
}

// silentSince returns since when the server owes a PONG: since the oldest PING
// left, or the flush began that it or anything else is stuck in, or since its
// last PONG, if that came later. On a slow line many PINGs are on their way, and
// each takes its time.
func (w *window) silentSince() (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var since time.Time
	switch {
	case len(w.pings) > 0 && !w.pings[0].flushed.IsZero():
		since = w.pings[0].flushed
	case !w.flushAt.IsZero():
		since = w.flushAt
	default:
		return time.Time{}, false
	}
	if w.lastPong.After(since) {
		return w.lastPong, true
	}
	return since, true
}

// outstanding is the number of PINGs without PONG.
func (w *window) outstanding() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pings)
}

// roundTrip is the last PING's time to its PONG, 0 before the first.
func (w *window) roundTrip() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rtt
}

// use changes the lender before anything is borrowed.
func (w *window) use(l *Lender) {
	w.mu.Lock()
	w.lender = l
	w.mu.Unlock()
}

// close gives back what was borrowed.
func (w *window) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lender.giveBack(w.borrowed)
	w.borrowed = 0
}

// A Lender owns the bytes that all links of a rig together may have in flight
// beyond what each has of its own. It is safe for concurrent use.
type Lender struct {
	mu   sync.Mutex
	free int
}

// NewLender returns a lender of so many bytes.
func NewLender(bytes int) *Lender { return &Lender{free: bytes} }

func (l *Lender) borrow(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, l.free)
	l.free -= n
	return n
}

func (l *Lender) giveBack(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free += n
}
