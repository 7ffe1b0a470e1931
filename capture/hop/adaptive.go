package hop

import (
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
)

// A bonus is what channels get beyond their turn in an adaptive plan: their
// turn lasts further slots, so that no tuning is lost on it.
//
// In any n turns in a row, n being the channels of the cycle, at most n slots
// are given away, and at most n/2 to one turn. So a channel waits for 2n slots
// at most whatever is heard, and who floods a channel with invented
// transmitters gets a third of the time and a turn, not more.
type bonus struct {
	wants  map[capture.Channel]*want
	recent []int // given in the last turns, the newest last
	sum    int   // of recent
	turn   int   // the last one's place in the walk
}

// want is what is known of a channel's worth.
type want struct {
	last   yield   // the counts at the end of the cycle before
	found  float64 // new transmitters and the time they took, older cycles
	heard  float64 // counting less; seconds
	credit float64 // slots that it should get
}

// yield is what came of a channel so far.
type yield struct {
	found uint64        // transmitters not known before
	dwell time.Duration // time spent
}

const (
	// fading is what a cycle counts one cycle later: some eight cycles count,
	// a minute for a usual list at a usual rate. A rig that drives does not
	// hear the street before last.
	fading = 7.0 / 8
	// doubt is how many findings make half a case: a single new transmitter
	// moves little.
	doubt = 2.0
	// lean is how much of an average channel's record each one starts with.
	lean = 0.1
)

// extra is how many slots the turn of the next channel lasts beyond its own.
func (r *run) extra() int {
	if !r.plan.Adaptive {
		return 0
	}
	now, n := time.Now(), 0
	for _, c := range r.walk {
		if r.usable(c, now) {
			n++
		}
	}
	if r.bonus.wants == nil || r.next <= r.bonus.turn {
		list := slices.DeleteFunc(distinct(r.walk), func(c capture.Channel) bool { return !r.usable(c, now) })
		r.bonus.settle(list, r.h.cover.yields(list))
	}
	r.bonus.turn = r.next
	return r.bonus.grant(r.walk[r.next], n)
}

// settle weighs the channels anew, at the beginning of each cycle. Each one's
// credit grows by its share of as many slots as there are channels, share
// being by new transmitters in the time listened, less what all have in
// common: where nothing differs, all dwell alike and the cycle is short.
func (b *bonus) settle(list []capture.Channel, now []yield) {
	if b.wants == nil {
		b.wants = map[capture.Channel]*want{}
	}
	var found, heard float64
	for i, c := range list {
		w := b.wants[c]
		if w == nil {
			w = &want{last: now[i]}
			b.wants[c] = w
		}
		w.found = fading*w.found + float64(now[i].found-w.last.found)
		w.heard = fading*w.heard + (now[i].dwell - w.last.dwell).Seconds()
		w.last = now[i]
		found += w.found
		heard += w.heard
	}
	n := float64(len(list))
	if found == 0 || heard <= 0 {
		for _, w := range b.wants {
			w.credit = 0
		}
		return
	}
	rates := make([]float64, len(list))
	var sum float64
	for i, c := range list {
		w := b.wants[c]
		rates[i] = (w.found + lean*found/n) / (w.heard + lean*heard/n)
		sum += rates[i]
	}
	least := slices.Min(rates)
	certain := found / (found + doubt)
	for i, c := range list {
		w := b.wants[c]
		w.credit = min(w.credit+n*certain*(rates[i]-least)/sum, n)
	}
}

// grant gives a channel its extra slots, out of n channels in the cycle.
func (b *bonus) grant(c capture.Channel, n int) int {
	for len(b.recent) > 0 && len(b.recent) >= n {
		b.sum -= b.recent[0]
		b.recent = b.recent[1:]
	}
	given := 0
	if w := b.wants[c]; w != nil && n > 1 {
		given = min(int(w.credit), n/2, n-b.sum)
		given = max(given, 0)
		w.credit -= float64(given)
	}
	b.recent = append(b.recent, given)
	b.sum += given
	return given
}
