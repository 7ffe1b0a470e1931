package hop

import (
	"strings"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
)

// A Coverage counts what a radio visited and what came of it. It belongs to
// the radio and outlives plans and Hoppers. It is safe for concurrent use;
// its memory is bounded whatever is heard and whatever is asked for.
type Coverage struct {
	boottime func() int64 // nil: CLOCK_REALTIME

	mu        sync.Mutex
	since     time.Time
	places    []*place
	index     map[capture.Channel]int
	here      int       // where the radio is, in places; nowhere if not known
	arrivedAt time.Time // here
	ring      ring
	heard     transmitters
	lost      uint64 // frames of which nobody knows the channel
}

// A place is a channel and what came of it.
type place struct {
	channel                capture.Channel
	visits, refused, fails uint64
	dwell                  time.Duration // without the visit that goes on
	switches               uint64        // that were measured
	switched               time.Duration // their sum
	slowest, peak          time.Duration // of all, and of the last ones
	lastError              string
	frames, found          uint64
}

const (
	nowhere = -1

	// maxPlaces is more than any radio can be tuned to. A server that invents
	// channels does not fill the memory: those beyond are tuned and not counted.
	maxPlaces = 4096
	// maxErrorBytes is how much of an error's text is kept.
	maxErrorBytes = 200
)

// NewCoverage returns a coverage that begins now. The function boottime reads
// CLOCK_BOOTTIME in nanoseconds, to which each batch says its frames' offset;
// with it, frames find their channel also when the wall clock is set. Nil
// compares by CLOCK_REALTIME.
func NewCoverage(boottime func() int64) *Coverage {
	return &Coverage{boottime: boottime, since: time.Now(), index: map[capture.Channel]int{}, here: nowhere}
}

// arrived counts a visit that begins at done, for which the radio left the
// channel before at began.
func (c *Coverage) arrived(ch capture.Channel, began, done time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(began)
	p := c.place(ch)
	c.ring.add(tuning{leftNs: c.clockAt(began), hereNs: c.clockAt(done), place: p})
	c.here, c.arrivedAt = p, done
	if p == nowhere {
		return
	}
	c.places[p].visits++
	if took := done.Sub(began); took <= TuneTimeout { // else it hung: a fault and no measure
		c.places[p].measure(took)
	}
}

// measure takes a time into account that it took to tune. The peak sinks
// slowly, so that one slow tune does not mark the channel for ever.
func (p *place) measure(took time.Duration) {
	p.switches++
	p.switched += took
	p.slowest = max(p.slowest, took)
	p.peak = max(took, p.peak-(p.peak-took)/16)
}

// adrift says that since at nobody knows where the radio is.
func (c *Coverage) adrift(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here == nowhere {
		return
	}
	c.leave(at)
	ns := c.clockAt(at)
	c.ring.add(tuning{leftNs: ns, hereNs: ns, place: nowhere})
	c.here = nowhere
}

// leave ends the visit that goes on.
func (c *Coverage) leave(at time.Time) {
	if c.here != nowhere {
		c.places[c.here].dwell += max(at.Sub(c.arrivedAt), 0)
		c.arrivedAt = at
	}
}

func (c *Coverage) refused(ch capture.Channel, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.place(ch); p != nowhere {
		c.places[p].refused++
		c.places[p].lastError = cut(err.Error())
	}
}

func (c *Coverage) failed(ch capture.Channel, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.place(ch); p != nowhere {
		c.places[p].fails++
		c.places[p].lastError = cut(err.Error())
	}
}

// place is where ch is in places; it is made if there is room.
func (c *Coverage) place(ch capture.Channel) int {
	p, ok := c.index[ch]
	if ok {
		return p
	}
	if len(c.places) == maxPlaces {
		return nowhere
	}
	c.places = append(c.places, &place{channel: ch})
	c.index[ch] = len(c.places) - 1
	return len(c.places) - 1
}

// clockAt is an instant on the clock to which frames are compared.
func (c *Coverage) clockAt(t time.Time) int64 {
	if c.boottime == nil {
		return t.UnixNano()
	}
	return c.boottime() - int64(time.Since(t))
}

// yields is what came of each channel of a list so far.
func (c *Coverage) yields(list []capture.Channel) []yield {
	out := make([]yield, len(list))
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, ch := range list {
		if p, ok := c.index[ch]; ok {
			out[i] = yield{found: c.places[p].found, dwell: c.places[p].dwell}
		}
	}
	return out
}

// peaks returns how long tuning to a channel of the list took lately at the most.
func (c *Coverage) peaks(list []capture.Channel) func(capture.Channel) time.Duration {
	times := make(map[capture.Channel]time.Duration, len(list))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ch := range list {
		if p, ok := c.index[ch]; ok {
			times[ch] = c.places[p].peak
		}
	}
	return func(ch capture.Channel) time.Duration { return times[ch] }
}

func cut(s string) string {
	if len(s) > maxErrorBytes {
		s = strings.ToValidUTF8(s[:maxErrorBytes], "") + "…"
	}
	return s
}
