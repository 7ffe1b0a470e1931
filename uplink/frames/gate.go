package frames

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// A Gate stands in front of everything that keeps or sends frames and takes out
// those that were heard inside a zone. It holds frames back until it is known
// where they were heard, at most gps.MaxWait.
//
// The rules, in this order:
//
//   - A frame whose position is known is hidden if any place within the 95 %
//     radius of that is inside a zone, and let through otherwise.
//   - A frame whose position is not known, or only foreseen, because no fix came
//     behind it in time, is let through only if a position that is known, the
//     last before it or the first after it, proves that the sensor cannot have
//     been inside: see gps.Instant.Clears. What was foreseen may turn out wrong
//     before the frame is sent or recorded.
//   - Any other is hidden. So with zones nothing leaves before the first fix, and
//     a sensor that was at home when its receiver fell silent stays hidden until
//     it is heard of again, elsewhere.
//
// A live frame's position is the track's on CLOCK_BOOTTIME. A frame of a file
// has one only by a fixed position or a replayed log. A fixed position is one as
// long as no receiver has ever had a fix: behind the first it says nothing of
// where the sensor was while they were silent. Without zones all frames pass at
// once.
//
// A Gate belongs to one goroutine, but for Hidden.
type Gate struct {
	zones   []gps.Zone
	tracker *gps.Tracker
	now     func() int64

	held   []*capture.Batch // in order
	bytes  int              // their memory
	out    []*capture.Batch // what the last call returned
	hidden atomic.Uint64
}

// maxGateBytes is what a gate holds at most. Then the oldest frames are decided
// on by what is known so far: 20 000 frames a second fit for MaxWait.
const maxGateBytes = 16 << 20

// NewGate returns a gate for one source. now is CLOCK_BOOTTIME in nanoseconds.
func NewGate(zones []gps.Zone, tracker *gps.Tracker, now func() int64) *Gate {
	return &Gate{zones: zones, tracker: tracker, now: now}
}

// Push takes ownership of b. It never blocks; see what is Ready after it.
func (g *Gate) Push(b *capture.Batch) {
	g.held = append(g.held, b)
	g.bytes += b.MemBytes()
}

// Ready returns, in order, the batches that need not wait any longer, without
// the frames that are hidden: a batch all of whose frames are is not there. The
// caller owns them; the slice is valid until the next call of Ready or Flush.
func (g *Gate) Ready() []*capture.Batch {
	track, nowNs := g.tracker.Track(), g.now()
	n := 0
	for n < len(g.held) && g.wait(g.held[n], track, nowNs) == 0 {
		g.bytes -= g.held[n].MemBytes()
		n++
	}
	return g.pass(n, track)
}

// Flush is Ready for all batches, by what is known now: the source has ended.
func (g *Gate) Flush() []*capture.Batch {
	g.bytes = 0
	return g.pass(len(g.held), g.tracker.Track())
}

// Wait returns how long it takes until Ready has something to return or to
// hide: 0 if it has now, and less than 0 if nothing is held. A newly published
// track can make it shorter.
func (g *Gate) Wait() time.Duration {
	if len(g.held) == 0 {
		return -1
	}
	return g.wait(g.held[0], g.tracker.Track(), g.now())
}

// Hidden returns how many frames were hidden so far. Any goroutine may ask.
func (g *Gate) Hidden() uint64 { return g.hidden.Load() }

// wait returns how much longer a batch has to be held. The frames of a batch
// are in order: where the last need not wait, none has to.
func (g *Gate) wait(b *capture.Batch, track *gps.Track, nowNs int64) time.Duration {
	if len(g.zones) == 0 || !b.Live || b.Len() == 0 || g.bytes > maxGateBytes {
		return 0
	}
	return track.Wait(b.Frame(b.Len()-1).TimeNs-b.ClockOffsetNs, nowNs)
}

// pass decides on the n oldest batches.
func (g *Gate) pass(n int, track *gps.Track) []*capture.Batch {
	clear(g.out)
	g.out = g.out[:0]
	for _, b := range g.held[:n] {
		if b = g.show(b, track); b != nil {
			g.out = append(g.out, b)
		}
	}
	g.held = slices.Delete(g.held, 0, n)
	return g.out
}

// show returns the frames of b that may be told of, nil if none.
func (g *Gate) show(b *capture.Batch, track *gps.Track) *capture.Batch {
	if len(g.zones) == 0 {
		return b
	}
	var hidden [capture.MaxBatchFrames]bool
	n := 0
	for i := range b.Len() {
		if hidden[i] = g.hides(b, i, track); hidden[i] {
			n++
		}
	}
	if n == 0 {
		return b
	}
	g.hidden.Add(uint64(n))
	var shown *capture.Batch
	if n < b.Len() {
		shown = capture.NewBatchSize(b.DataBytes())
		shown.Live, shown.ClockOffsetNs = b.Live, b.ClockOffsetNs
		for i := range b.Len() {
			if !hidden[i] {
				f := b.Frame(i)
				shown.Append(f.TimeNs, f.LinkType, f.OrigLen, f.Data)
			}
		}
	}
	b.Release()
	return shown
}

// hides decides on frame i of a batch.
func (g *Gate) hides(b *capture.Batch, i int, track *gps.Track) bool {
	ns := b.Frame(i).TimeNs
	at, around, ends := (*gps.Track).AtUTC, (*gps.Track).AroundUTC, (*gps.Track).EndsUTC
	if b.Live {
		ns -= b.ClockOffsetNs
		at, around, ends = (*gps.Track).At, (*gps.Track).Around, (*gps.Track).Ends
	}
	p, ok := at(track, ns)
	if ok && p.Kind != gps.FixedKind {
		if gps.Hidden(g.zones, p) {
			return true
		}
		if end, _ := ends(track); ns <= end {
			return false
		}
	}
	before, after := around(track, ns)
	if ok && (gps.Hidden(g.zones, p) || !before.Known && !after.Known) {
		return gps.Hidden(g.zones, p)
	}
	return g.doubts(before, after, ns)
}

// doubts reports whether neither of two instants proves that the sensor was
// outside at a time.
func (g *Gate) doubts(before, after gps.Instant, ns int64) bool {
	return !before.Clears(g.zones, ns) && !after.Clears(g.zones, ns)
}
