package hop

import (
	"time"

	"github.com/sensord/sensord/capture"
)

// Plan says which channels to visit, how fast and in which order.
type Plan struct {
	Channels []capture.Channel
	Rate     float64 // hops per second; 0 stays
	Shuffle  bool
	Skip     int // with Shuffle, how far apart in the list; 0 is DefaultSkip
	Offset   int // where in the list to begin
	Adaptive bool
}

// Cycle is the time in which every channel is visited.
func (p Plan) Cycle() time.Duration { panic("not yet") }

// Period is the time from one hop to the next; 0 stays.
func (p Plan) Period() time.Duration { panic("not yet") }

// Order is one cycle as indices into Channels.
func (p Plan) Order() []int { panic("not yet") }
