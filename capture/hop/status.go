package hop

import (
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
)

// Status is what is in effect, as opposed to what was asked for. Its slices
// are the caller's.
type Status struct {
	Plan     Plan              // as it was set
	Active   []capture.Channel // what is visited: the plan's channels once each, without the refused
	Refused  []RefusedChannel  // what is left out, by channel
	Hopping  bool              // false: stays, by plan, lock or lack of channels, or nothing runs
	Locked   capture.Channel   // zero: not locked
	Tuned    capture.Channel   // zero: not known
	Rate     float64           // hops per second as kept in the last few hundred slots; 0 when not hopping
	Cycle    time.Duration     // in which every active channel is visited, as tuning took lately; 0 when not hopping
	Hops     uint64            // turns begun by plan
	Missed   uint64            // slots of the schedule that went by because tuning was slow or failed
	Failures uint64            // tunes that failed for a reason other than the channel
	Err      error             // why tuning fails at the moment; nil when it works
}

// RefusedChannel is a channel that is left out of the cycle.
type RefusedChannel struct {
	Channel capture.Channel
	Err     error
	Next    time.Time // when it is tried again
}

// progress is what a run has come to. Hopper.mu protects it.
type progress struct {
	tuned                  capture.Channel
	refusals               map[capture.Channel]*refusal // outlives a run: a restart does not repeat what was told
	hops, missed, failures uint64
	err                    error

	// Slots kept and lost, the old ones counting less and less.
	kept, lost float64
}

const rateWindow = 256

// count takes slots into account that a turn used, or that went by without one.
func (p *progress) count(used, missed int64) {
	p.missed += uint64(missed)
	p.kept += float64(used)
	p.lost += float64(missed)
	if over := (p.kept + p.lost) / rateWindow; over > 1 {
		p.kept, p.lost = p.kept/over, p.lost/over
	}
}

// share is how much of the schedule was kept.
func (p *progress) share() float64 {
	if p.kept+p.lost == 0 {
		return 1
	}
	return p.kept / (p.kept + p.lost)
}

// Status says what is in effect.
func (h *Hopper) Status() Status {
	h.mu.Lock()
	s := Status{
		Plan:     h.wish.plan,
		Locked:   h.wish.lock,
		Tuned:    h.done.tuned,
		Hops:     h.done.hops,
		Missed:   h.done.missed,
		Failures: h.done.failures,
		Err:      h.done.err,
	}
	share := h.done.share()
	visited := s.Plan
	visited.Channels = slices.DeleteFunc(slices.Clone(s.Plan.Channels), func(c capture.Channel) bool {
		return h.done.refusals[c] != nil
	})
	for c, r := range h.done.refusals {
		s.Refused = append(s.Refused, RefusedChannel{Channel: c, Err: r.err, Next: r.next})
	}
	h.mu.Unlock()

	s.Plan.Channels = slices.Clone(s.Plan.Channels)
	slices.SortFunc(s.Refused, func(a, b RefusedChannel) int { return compare(a.Channel, b.Channel) })
	s.Active = distinct(visited.Channels)
	if period := visited.Period(); period > 0 && len(s.Active) > 0 && s.Locked.IsZero() && len(h.running) > 0 {
		s.Hopping = true
		s.Rate = share * min(s.Plan.Rate, MaxRate)
		s.Cycle = visited.cycle(h.cover.peaks(s.Active))
	}
	return s
}
