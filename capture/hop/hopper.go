package hop

import (
	"context"
	"time"

	"github.com/sensord/sensord/capture"
)

// Tuner is a radio that can be tuned.
type Tuner interface {
	Tune(ctx context.Context, c capture.Channel) error
}

// Hopper tunes a radio by a plan.
type Hopper struct{}

// New returns a Hopper.
func New(p Plan, t Tuner, c *Coverage, onEvent func(Event)) *Hopper { panic("not yet") }

// Run hops until ctx ends.
func (h *Hopper) Run(ctx context.Context) error { panic("not yet") }

// SetPlan replaces the plan.
func (h *Hopper) SetPlan(p Plan) { panic("not yet") }

// Lock stops hopping and tunes to c; it returns when that is done or failed.
func (h *Hopper) Lock(ctx context.Context, c capture.Channel) error { panic("not yet") }

// Unlock hands the radio back to the plan.
func (h *Hopper) Unlock() { panic("not yet") }

// Retry tries refused channels again at once.
func (h *Hopper) Retry() { panic("not yet") }

// Status says what is in effect.
func (h *Hopper) Status() Status { panic("not yet") }

// Status is what is in effect.
type Status struct {
	Plan     Plan              // as it was set
	Active   []capture.Channel // of Plan, what is really visited: each once, without the refused
	Hopping  bool
	Locked   capture.Channel // zero: not locked
	Tuned    capture.Channel // zero: not known
	Rate     float64         // hops per second as achieved
	Cycle    time.Duration   // in which every active channel is visited
	Refused  []RefusedChannel
	Hops     uint64
	Missed   uint64 // slots of the schedule that went by because tuning took too long
	Failures uint64
	Err      error // why tuning fails at the moment; nil when it works
}

// RefusedChannel is a channel that is left out.
type RefusedChannel struct {
	Channel capture.Channel
	Err     error
	Next    time.Time // when it is tried again
}

// An Event is one of Refused, Back, AllRefused, Failing, Recovered.
type Event interface{ event() }

// Refused says that a channel was refused and is left out from now on.
type Refused struct {
	Channel capture.Channel
	Err     error
}

// Back says that a refused channel is visited again.
type Back struct{ Channel capture.Channel }

// AllRefused says that no channel of the plan can be tuned.
type AllRefused struct {
	Staying capture.Channel
	Err     error // of the last one
}

// Failing says that tuning began to fail for a reason that is not the channel.
type Failing struct {
	Channel capture.Channel
	Err     error
}

// Recovered says that tuning works again.
type Recovered struct {
	Channel  capture.Channel
	Failures int
}

func (Refused) event()    {}
func (Back) event()       {}
func (AllRefused) event() {}
func (Failing) event()    {}
func (Recovered) event()  {}
