package hop

import (
	"cmp"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
)

// A SplitRadio takes part in a split.
type SplitRadio struct {
	Channels []capture.Channel // what it can be tuned to
	Period   time.Duration     // of its plan; 0 is that of five hops per second
	Switch   time.Duration     // how long it takes to tune, as measured; 0 is not known
}

// hopTime is what one more channel adds to a radio's cycle.
func (r SplitRadio) hopTime() time.Duration {
	period := r.Period
	if period <= 0 {
		period = 200 * time.Millisecond
	}
	return max(period, r.Switch+MinDwell)
}

// A Share is one radio's part of a list.
type Share struct {
	Channels []capture.Channel // in the list's order
	Offset   int               // for the plan: where to begin
	Extra    bool              // others visit these channels too
}

// Split divides a list among radios, so that each channel that any of them can
// be tuned to belongs to exactly one, and returns what is left because none
// can. A channel that stands in the list twice counts once.
//
// The longest cycle among the radios is as short as it can be: there is no
// other division with a shorter one. Neighbours in frequency stay together,
// and a channel more or less, or a radio that has become a little slower,
// moves few others. The same input gives the same shares.
//
// A radio that can be tuned to channels of the list but is of no help in
// dividing it, because there are more radios than channels or because it is
// too slow, gets all it can be tuned to as an extra, to begin elsewhere. One
// that can be tuned to none gets nothing.
func Split(list []capture.Channel, radios []SplitRadio) (shares []Share, nobody []capture.Channel) {
	s := newSplitting(list, radios)
	for _, g := range s.groups {
		for range g.channels {
			s.place(g)
		}
	}
	owner := map[capture.Channel]int{}
	for _, g := range s.groups {
		rest := g.channels
		for r, n := range g.counts {
			for _, c := range rest[:n] {
				owner[c] = r
			}
			rest = rest[n:]
		}
	}
	shares = make([]Share, len(radios))
	for _, c := range distinct(list) {
		r, ok := owner[c]
		if !ok {
			nobody = append(nobody, c)
			continue
		}
		shares[r].Channels = append(shares[r].Channels, c)
	}
	s.extras(list, shares)
	return shares, nobody
}

// splitting is a division that is being made. Only how many channels of each
// group a radio gets is decided there.
type splitting struct {
	can    []map[capture.Channel]bool // by radio
	cost   []time.Duration            // of one channel, by radio
	counts []int                      // by radio
	groups []*group
}

// A group are channels that the same radios can be tuned to.
type group struct {
	can      []bool            // by radio
	radios   int               // how many
	channels []capture.Channel // by frequency
	counts   []int             // by radio
}

func newSplitting(list []capture.Channel, radios []SplitRadio) *splitting {
	s := &splitting{counts: make([]int, len(radios))}
	for _, r := range radios {
		can := make(map[capture.Channel]bool, len(r.Channels))
		for _, c := range r.Channels {
			can[c] = true
		}
		s.can = append(s.can, can)
		s.cost = append(s.cost, r.hopTime())
	}
	all := distinct(list)
	slices.SortFunc(all, compare)
	byRadios := map[string]*group{}
	for _, c := range all {
		s.sort(byRadios, c)
	}
	// Those with the least choice first.
	slices.SortStableFunc(s.groups, func(a, b *group) int { return cmp.Compare(a.radios, b.radios) })
	return s
}

// sort puts a channel into the group of the radios that can be tuned to it.
func (s *splitting) sort(byRadios map[string]*group, c capture.Channel) {
	g := &group{can: make([]bool, len(s.can)), counts: make([]int, len(s.can))}
	key := make([]byte, len(s.can))
	for r, can := range s.can {
		if can[c] {
			g.can[r], key[r] = true, 1
			g.radios++
		}
	}
	if g.radios == 0 {
		return
	}
	if known := byRadios[string(key)]; known != nil {
		g = known
	} else {
		byRadios[string(key)] = g
		s.groups = append(s.groups, g)
	}
	g.channels = append(g.channels, c)
}

// place gives one more channel of a group to the radio whose cycle is then the
// shortest, among all that can make room for it by passing channels on to one
// another. With every channel placed so, no chain of such moves is left that
// would shorten the longest cycle, and then nothing would.
func (s *splitting) place(g *group) {
	const none = -1
	type step struct {
		from int    // the radio that passes on; none for the channel itself
		what *group // of which
	}
	way := make([]*step, len(s.can))
	var queue []int
	for r, can := range g.can {
		if can {
			way[r] = &step{from: none, what: g}
			queue = append(queue, r)
		}
	}
	best := none
	for len(queue) > 0 {
		r := queue[0]
		queue = queue[1:]
		if best == none || s.after(r) < s.after(best) {
			best = r
		}
		for _, other := range s.groups {
			if other.counts[r] == 0 {
				continue
			}
			for to, can := range other.can {
				if can && way[to] == nil {
					way[to] = &step{from: r, what: other}
					queue = append(queue, to)
				}
			}
		}
	}
	s.counts[best]++
	for r := best; r != none; r = way[r].from {
		way[r].what.counts[r]++
		if from := way[r].from; from != none {
			way[r].what.counts[from]--
		}
	}
}

// after is a radio's cycle with one more channel.
func (s *splitting) after(r int) time.Duration { return time.Duration(s.counts[r]+1) * s.cost[r] }

// extras gives radios without a share something to do.
func (s *splitting) extras(list []capture.Channel, shares []Share) {
	var idle []int
	for r := range shares {
		if len(shares[r].Channels) == 0 {
			idle = append(idle, r)
		}
	}
	for i, r := range idle {
		for _, c := range distinct(list) {
			if s.can[r][c] {
				shares[r].Channels = append(shares[r].Channels, c)
			}
		}
		if n := len(shares[r].Channels); n > 0 {
			shares[r].Extra = true
			shares[r].Offset = (i + 1) * n / (len(idle) + 1)
		}
	}
}
