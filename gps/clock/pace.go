package clock

import "time"

// An Interval follows how often something comes: the mean of the last few
// times between. The zero Interval has seen nothing.
type Interval struct {
	lastNs int64
	mean   time.Duration
}

// longestInterval is more than can be told from a pause.
const longestInterval = time.Minute

// Came notes that it came at ns, which may be on any clock that does not step.
func (i *Interval) Came(ns int64) {
	if since := time.Duration(ns - i.lastNs); i.lastNs != 0 && since > 0 && since < longestInterval {
		if i.mean == 0 {
			i.mean = since
		}
		i.mean += (since - i.mean) / 4
	}
	i.lastNs = max(ns, i.lastNs)
}

// Mean returns the time from one to the next, 0 before the second.
func (i *Interval) Mean() time.Duration { return i.mean }

// A Pace says how soon the next fix can be expected. It belongs to one
// goroutine.
type Pace struct {
	clock     *Estimator
	predict   time.Duration
	intervals map[string]*Interval // by receiver
}

// NewPace returns a Pace of receivers whose latencies clock knows. One that has
// been silent for longer than an interval and predict, for which a track goes on
// without fixes, is not expected any more.
func NewPace(clock *Estimator, predict time.Duration) *Pace {
	return &Pace{clock: clock, predict: predict, intervals: map[string]*Interval{}}
}

// Came notes a fix of a receiver that was measured at a time on CLOCK_BOOTTIME.
func (p *Pace) Came(receiver string, atNs int64) {
	i := p.intervals[receiver]
	if i == nil {
		i = &Interval{}
		p.intervals[receiver] = i
	}
	i.Came(atNs)
}

// Next returns how often fixes come and how late they usually are at worst, of
// the receiver from which one comes first: what gps.Builder.SetPace takes. Both
// are 0 if none is expected. nowNs is CLOCK_BOOTTIME.
func (p *Pace) Next(nowNs int64) (interval, latency time.Duration) {
	for name, i := range p.intervals {
		if i.mean == 0 || time.Duration(nowNs-i.lastNs) > p.predict+i.mean {
			continue
		}
		if _, worst, _ := p.clock.Latency(name); interval == 0 || i.mean+worst < interval+latency {
			interval, latency = i.mean, worst
		}
	}
	return interval, latency
}
