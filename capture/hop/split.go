package hop

import (
	"time"

	"github.com/sensord/sensord/capture"
)

// SplitRadio is a radio that takes part in a split.
type SplitRadio struct {
	Can    func(capture.Channel) bool // whether it can be tuned there
	Period time.Duration              // of its plan
	Switch time.Duration              // how long it takes to tune, as measured; 0 is not known
}

// Share is one radio's part of a list.
type Share struct {
	Channels []capture.Channel
	Offset   int  // where to begin
	Extra    bool // others visit these channels too
}

// Split divides a list among radios; nobody is what none of them can tune.
func Split(list []capture.Channel, radios []SplitRadio) (shares []Share, nobody []capture.Channel) {
	panic("not yet")
}
