package clock

import (
	"slices"
	"time"

	"github.com/sensord/sensord/gps"
)

const (
	pulseCount = 8
	pulseMin   = 3 // of one alone is not known whether it began the right second
	// What claims to be no better than this is no pulse.
	pulseErrorNs = int64(50 * time.Millisecond)
)

// pulses are the last ones of a receiver.
type pulses struct {
	ring [pulseCount]gps.Pulse
	n    int
	sane bool // their times can be
}

func (p *pulses) add(pulse gps.Pulse, sane bool) {
	if pulse.ErrorNs < 0 || pulse.ErrorNs > pulseErrorNs {
		return
	}
	p.sane = sane
	p.ring[p.n%pulseCount] = pulse
	p.n++
	if p.n > 2*pulseCount {
		p.n -= pulseCount
	}
}

// estimate returns what the pulses of the last minute say: the offset in their
// middle, so that one of a wrong second does not count. They scatter by half of
// what lies between their quarters.
func (p *pulses) estimate(nowNs int64) (offsetNs, errorNs int64, ok bool) {
	var offsets, errors [pulseCount]int64
	n := 0
	for _, q := range p.ring[:min(p.n, pulseCount)] {
		if abs(nowNs-q.BoottimeNs) <= freshNs {
			offsets[n], errors[n] = q.UTCNs-q.BoottimeNs, q.ErrorNs
			n++
		}
	}
	if n < pulseMin {
		return 0, 0, false
	}
	slices.Sort(offsets[:n])
	slices.Sort(errors[:n])
	scatter := offsets[n*3/4] - offsets[n/4]
	if scatter > pulseErrorNs {
		return 0, 0, false // of several seconds: none is known to be right
	}
	return offsets[n/2], errors[n/2] + scatter/2, true
}
