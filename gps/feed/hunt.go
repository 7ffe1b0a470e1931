package feed

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// maxBaud is more than any UART is clocked for.
const maxBaud = 4_000_000

// usualRates are the rates of receivers, the most frequent ones first.
func usualRates() []int {
	return []int{9600, 115200, 38400, 4800, 57600, 460800, 19200, 230400, 921600}
}

// rates is what is known of a line's rate from one Run to the next.
type rates struct {
	worked int   // the last one at which sentences came; 0: none yet
	order  []int // in which to try them
	at     int   // which one of order is tried
	rounds int   // how often all were tried in vain
}

// begin makes ready for a hunt. line is the rate that the line is set to, or 0.
// A hunt that was broken off goes on where it was, so that a line that is
// silent at the wrong rate cannot hold it there.
func (s *rates) begin(line int) {
	if s.order != nil {
		return
	}
	for _, rate := range append([]int{s.worked, line}, usualRates()...) {
		if rate >= 1200 && rate <= maxBaud && !slices.Contains(s.order, rate) {
			s.order = append(s.order, rate)
		}
	}
	s.at = 0
}

func (s *rates) rate() int { return s.order[s.at] }

func (s *rates) next() { s.at = (s.at + 1) % len(s.order) }

// skip goes on to another rate if there is a hunt: the line cannot be set to
// this one, or says nothing at it, as adapters do that keep to themselves what
// they cannot read.
func (s *rates) skip() {
	if s.order != nil {
		s.next()
	}
}

// found ends the hunt: the next one begins with this rate, and stays at it for
// as long as was necessary now.
func (s *rates) found() { s.worked, s.order = s.rate(), nil }

// A hunt looks for the rate at which valid sentences come. A rate is given up
// when bytes came for a while and no sentence was among them: garbage alone
// says nothing, because binary messages stand between the sentences of many
// receivers. The nil hunt is over.
type hunt struct {
	r     *Receiver
	set   func(baud int) error
	done  bool
	tried []string
	bytes int
	looks looks

	changed time.Time // when the rate was set
	since   time.Time // the first byte at it; zero: none came
}

// over reports whether there is nothing to look for.
func (h *hunt) over() bool { return h == nil || h.done }

// start begins with the rate that rates say; the line is set to it already.
func (h *hunt) start(p *peer, now time.Time) {
	h.changed, h.since = now, time.Time{}
	p.restart()
	p.where = fmt.Sprintf(" at %d baud", h.r.rates.rate())
	h.r.say(fmt.Sprintf("trying %d baud", h.r.rates.rate()))
}

// ignores reports whether a piece still has bytes of the rate before.
func (h *hunt) ignores(got piece) bool {
	return !h.over() && len(h.tried) > 0 && got.at.Sub(h.changed) < h.r.limits.settle
}

// heard looks at what a piece did to the peer.
func (h *hunt) heard(p *peer, got piece) {
	if h.over() {
		return
	}
	h.bytes += len(got.data)
	if h.since.IsZero() && !h.ignores(got) {
		h.since = got.at
	}
	if p.heard {
		h.done = true
		baud := h.r.rates.rate()
		h.r.rates.found()
		h.r.say(fmt.Sprintf("%d baud", baud))
		h.r.log.Info("baud rate found", "device", h.r.o.Device, "baud", baud)
	}
}

// due is when to go on to the next rate; zero: not before a byte came.
func (h *hunt) due() time.Time {
	if h.since.IsZero() {
		return time.Time{}
	}
	return h.since.Add(h.r.limits.dwell * time.Duration(1+min(h.r.rates.rounds, 2)))
}

// check goes on to the next rate when it is time for that.
func (h *hunt) check(p *peer, now time.Time) error {
	if due := h.due(); due.IsZero() || now.Before(due) {
		return nil
	}
	h.looks.add(p.looks)
	for {
		h.tried = append(h.tried, fmt.Sprint(h.r.rates.rate()))
		h.r.rates.next()
		if len(h.tried) >= len(h.r.rates.order) {
			h.r.rates.rounds++
			return h.r.garbled(h.looks, "%d bytes, and no valid sentence among them at %s baud", h.bytes, strings.Join(h.tried, ", "))
		}
		err := h.set(h.r.rates.rate())
		if err == nil {
			break
		}
		if lineGone(err) {
			return h.r.fail(fault.GPSLost, "%w", err)
		}
		// The device has not got that rate.
	}
	h.start(p, now)
	return nil
}
