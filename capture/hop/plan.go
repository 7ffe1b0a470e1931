package hop

import (
	"cmp"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
)

// A Plan says which channels to visit, in which order and how fast. The zero
// Plan stays where the radio is. A plan is a value; whoever has it may not
// change its list any more once a Hopper has it too.
type Plan struct {
	// Channels is the list as it was asked for. A channel that stands in it
	// several times is visited as often in each cycle: that is how one gives a
	// channel more time by hand.
	Channels []capture.Channel
	// Rate is in hops per second, the tuning included. 0, a negative rate and
	// NaN stay on one channel of the list: the tuned one if it is in it. More
	// than MaxRate is MaxRate.
	Rate float64
	// Shuffle keeps neighbours in the list apart in time: the list is walked
	// Skip by Skip. Without, it is walked as it stands.
	Shuffle bool
	// Skip is how far apart two channels visited one after the other are in
	// the list; 0 is DefaultSkip. The nearest step that reaches the whole list
	// is taken, see Stride.
	Skip int
	// Offset is where in the list to begin. Two radios with the same list and
	// different offsets stay that far apart.
	Offset int
	// Adaptive gives channels where new transmitters appear longer turns: up
	// to a third of the time for one, half of it for all together. See Cycle
	// for what the others keep.
	Adaptive bool
}

const (
	// DefaultSkip is the step that Kismet's Wi-Fi tools shuffle with. The
	// server never sends one.
	DefaultSkip = 4
	// MinDwell is how long the radio listens on each channel at the least,
	// after tuning. A rate that leaves less is not kept.
	MinDwell = 10 * time.Millisecond
	// MaxRate is the rate at which MinDwell is all there is.
	MaxRate = float64(time.Second / MinDwell)

	// maxPeriod keeps absurdly small rates computable.
	maxPeriod = 24 * time.Hour
)

// Period is the time from one hop to the next, and 0 for a plan that stays.
func (p Plan) Period() time.Duration {
	switch {
	case !(p.Rate > 0): // also NaN
		return 0
	case p.Rate >= MaxRate:
		return MinDwell
	case p.Rate <= 1/maxPeriod.Seconds():
		return maxPeriod
	}
	return time.Duration(float64(time.Second) / p.Rate)
}

// Cycle is the time in which every channel of the list is visited, wherever in
// the plan one begins to watch: n periods for a list of n, and twice that when
// the plan is adaptive, where each channel thus has at least half of what it
// would have if all were equal. It is 0 for a plan that stays.
//
// A radio that needs longer to tune to a channel than the period allows for,
// MinDwell left out, lengthens the cycle by the difference; Status.Cycle says
// the cycle with the times that were measured.
func (p Plan) Cycle() time.Duration { return p.cycle(func(capture.Channel) time.Duration { return 0 }) }

// cycle is Cycle for a radio whose tuning takes up to switchTime.
func (p Plan) cycle(switchTime func(capture.Channel) time.Duration) time.Duration {
	period := p.Period()
	var sum time.Duration
	if period == 0 {
		return 0
	}
	for _, c := range p.Channels {
		slot := max(period, switchTime(c)+MinDwell)
		if p.Adaptive && len(p.Channels) > 1 {
			slot += period
		}
		if sum += slot; sum < 0 {
			return 1<<63 - 1
		}
	}
	return sum
}

// Order is one cycle: indices into Channels, each exactly once, Offset first.
// The next cycle is the same again.
func (p Plan) Order() []int {
	n := len(p.Channels)
	if n == 0 {
		return nil
	}
	step := p.Stride()
	at := p.Offset % n
	if at < 0 {
		at += n
	}
	order := make([]int, n)
	for k := range order {
		order[k] = at
		at = (at + step) % n
	}
	return order
}

// Stride is the step with which the list is walked: 1 without Shuffle, else
// the number next to Skip that has no divisor in common with the list's
// length. Only so does one walk reach every channel; Kismet's step of 4 misses
// most of a list of 24. Neighbours in the list are not visited one after the
// other, except in lists of 3, 4 and 6 channels, which have no such step, and
// with a Skip of 1, which asks for it.
func (p Plan) Stride() int {
	n := len(p.Channels)
	if !p.Shuffle || p.Skip == 1 || n < 5 {
		return 1
	}
	skip := p.Skip
	if skip <= 0 {
		skip = DefaultSkip
	}
	skip = min(skip, n-2)
	for d := range n {
		for _, s := range [...]int{skip + d, skip - d} {
			if s >= 2 && s <= n-2 && gcd(s, n) == 1 {
				return s
			}
		}
	}
	return 1
}

// sameWalk reports whether p visits the same channels in the same order as q.
func (p Plan) sameWalk(q Plan) bool {
	return p.Adaptive == q.Adaptive && slices.Equal(p.Channels, q.Channels) && slices.Equal(p.Order(), q.Order())
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// distinct returns each channel of list once, in the list's order.
func distinct(list []capture.Channel) []capture.Channel {
	seen := make(map[capture.Channel]bool, len(list))
	var out []capture.Channel
	for _, c := range list {
		if !seen[c] {
			seen[c] = true
			out = append(out, c)
		}
	}
	return out
}

// compare orders channels by frequency.
func compare(a, b capture.Channel) int {
	return cmp.Or(cmp.Compare(a.FreqMHz, b.FreqMHz), cmp.Compare(a.Width, b.Width), cmp.Compare(a.CenterMHz, b.CenterMHz))
}
