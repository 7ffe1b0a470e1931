package fusion

import "github.com/sensord/sensord/gps"

// A Filter turns fixes into points of a track.
type Filter struct {
	o Options
}

// New returns a Filter that has heard nothing.
func New(o Options) *Filter { return &Filter{o: o} }

// A Result is what became of one fix.
type Result struct {
	// Points are new or changed, in the order of their times, and replace every
	// point of the track from Points[0].TimeNs on. The slice is the caller's
	// until the next Add. A point with an AccuracyM of Nowhere is a break: the
	// track does not go on from the points before it.
	Points []gps.Point

	Rejected bool   // the position was not believed, or the fix could not be used
	Why      string // what was wrong with it: "140 m off, 9 times its accuracy"
}

// Nowhere is the accuracy, in metres, of a point that breaks the track.
const Nowhere = 1e7

// Add takes a fix that was true at atNs, on the clock of the track. Fixes may
// come late, and in any order, as long as they are not more than History behind
// the newest.
func (f *Filter) Add(fix gps.Fix, atNs int64) Result { return Result{} }
