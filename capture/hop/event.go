package hop

import (
	"time"

	"github.com/sensord/sensord/capture"
)

// An Event is one of Refused, Back, AllRefused, Failing and Recovered. They
// are told at the edges: when something begins and when it ends.
type Event interface{ event() }

// Refused says that the radio may not or cannot use a channel
// (fault.RadioChannel). The channel is left out of the cycle and tried again
// after a minute, then after twice as long each time, up to a quarter of an
// hour. It is not told again until the channel was Back. A channel that neither
// a new plan nor a lock asks for is forgotten without an event.
type Refused struct {
	Channel capture.Channel
	Err     error
}

// Back says that a channel that was Refused is visited again.
type Back struct{ Channel capture.Channel }

// AllRefused says that no channel of the plan can be tuned. The radio stays
// where it is. It ends with the first Back.
type AllRefused struct {
	Staying capture.Channel // zero: not known
	Err     error           // the reason of the last one
}

// Failing says that tuning began to fail for a reason other than the channel,
// or that the reason is another one now. No channel is left out for it; the
// plan is tried on.
type Failing struct {
	Channel capture.Channel // the first that failed
	Err     error
}

// Recovered says that tuning works again after Failing.
type Recovered struct {
	Channel  capture.Channel
	Failures int           // how often it failed
	After    time.Duration // how long that took
}

func (Refused) event()    {}
func (Back) event()       {}
func (AllRefused) event() {}
func (Failing) event()    {}
func (Recovered) event()  {}
