package feed

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// How long a line is quiet between two epochs. What comes over a network comes
// with gaps of its own.
const (
	quietLine    = 80 * time.Millisecond
	quietNetwork = 120 * time.Millisecond
)

// A peer is one source of sentences: a line, a connection or the sender of
// datagrams. It belongs to the goroutine that called Run.
type peer struct {
	device   string // Device of its events; "" for who is alone
	where    string // " at 9600 baud", for errors
	tell     func(gps.Event)
	strict   bool
	dec      *nmea.Decoder
	quiet    time.Duration
	lastByte time.Time // or when it began
	flushed  bool      // nothing came since the decoder was told that it is quiet
	heard    bool      // a valid sentence was among the bytes
	total    uint64    // bytes

	badSince time.Time // the first byte behind the last valid sentence; zero: none came
	badBytes int
	looks    looks // what the bad bytes may be

	allowance bucket
	crowding  bool // it sends faster than it may
	crowds    complaint
	dropped   complaint // datagrams, because of that

	// next lets its reader go on, at resume if that is set.
	next   chan struct{}
	resume time.Time

	cancel context.CancelFunc // ends its reader, where there are several
	conn   io.Closer
}

func (r *Receiver) newPeer(device string, quiet time.Duration, now time.Time, tell func(gps.Event)) *peer {
	p := &peer{
		device: device, tell: tell, strict: !r.o.NoChecksum, quiet: quiet,
		lastByte: now, flushed: true,
		allowance: newBucket(now), next: make(chan struct{}, 1),
	}
	p.restart()
	return p
}

// restart forgets what came until now, as after a change of the line's rate.
func (p *peer) restart() {
	p.dec = nmea.NewDecoder(nmea.Options{NoChecksum: !p.strict})
	p.flushed, p.heard = true, false
	p.badSince, p.badBytes, p.looks = time.Time{}, 0, looks{}
}

// write hands bytes to the decoder.
func (p *peer) write(data []byte, receivedNs int64, now time.Time) {
	if len(data) == 0 {
		return
	}
	before := p.valid()
	p.dec.Write(data, receivedNs, p.emit)
	p.lastByte, p.flushed = now, false
	p.total += uint64(len(data))
	if p.valid() != before {
		p.heard, p.badSince, p.badBytes, p.looks = true, time.Time{}, 0, looks{}
		return
	}
	if p.badSince.IsZero() {
		p.badSince = now
	}
	p.badBytes += len(data)
	p.looks.note(data)
}

// suspicion is what the bytes of who never said a valid sentence look like, as
// the end of a sentence, or "".
func (p *peer) suspicion() string {
	if p.heard {
		return ""
	}
	what, _ := p.looks.judge(p.strict)
	return what
}

// valid counts sentences that no garbage passes for. A checksum that is right
// is enough; without one the decoder has to understand what it says.
func (p *peer) valid() uint64 {
	c := p.dec.Counts()
	if p.strict {
		return c.Sentences + c.Unknown + c.Malformed
	}
	return c.Sentences
}

func (p *peer) flush() {
	if !p.flushed {
		p.flushed = true
		p.dec.Flush(p.emit)
	}
}

// emit tells an event with the peer's name on it.
func (p *peer) emit(e gps.Event) {
	if p.device != "" {
		switch v := e.(type) {
		case gps.Fix:
			v.Device = p.device
			e = v
		case gps.Sky:
			v.Device = p.device
			e = v
		case gps.Pulse:
			v.Device = p.device
			e = v
		case gps.Notice:
			v.Device = p.device
			e = v
		}
	}
	p.tell(e)
}

func (p *peer) notice(format string, args ...any) {
	p.emit(gps.Notice{Text: fmt.Sprintf(format, args...)})
}

// tick does what time alone makes necessary: it tells the decoder that the
// line is quiet, and lets a reader go on that had to wait.
func (p *peer) tick(now time.Time) {
	if !p.flushed && now.Sub(p.lastByte) >= p.quiet {
		p.flush()
	}
	if !p.resume.IsZero() && !now.Before(p.resume) {
		p.resume = time.Time{}
		p.next <- struct{}{}
	}
	if p.crowding && p.allowance.full(now) {
		p.crowding = false
		p.dropped.tell(now, func(n int) { p.notice("%d datagrams were dropped", n) })
	}
}

// due is when tick has something to do next; zero: never.
func (p *peer) due() time.Time {
	var at time.Time
	if !p.flushed {
		at = p.lastByte.Add(p.quiet)
	}
	if p.crowding {
		at = earliest(at, p.allowance.fullAt())
	}
	return earliest(at, p.resume)
}

// release lets the peer's reader go on: at once, or when what it sent may have
// taken that long.
func (p *peer) release(n int, now time.Time) {
	wait := p.allowance.take(n, now)
	if wait <= 0 {
		p.next <- struct{}{}
		return
	}
	p.resume = now.Add(wait)
	p.crowd(now, "it sends more than %d KiB a second, and has to wait")
}

// crowd says that the peer sends faster than it may.
func (p *peer) crowd(now time.Time, format string) {
	if !p.crowding {
		p.crowding = true
		p.crowds.make(now, func(int) { p.notice(format, allowedRate>>10) })
	}
}

// garbledFor is for how long only bytes came that are no sentences.
func (p *peer) garbledFor(now time.Time) time.Duration {
	if p.badSince.IsZero() {
		return 0
	}
	return now.Sub(p.badSince)
}

// earliest returns the first of two times, of which zero ones do not count.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
