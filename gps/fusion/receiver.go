package fusion

import (
	"cmp"
	"math"
	"slices"

	"github.com/sensord/sensord/gps"
)

// A receiver is what is known of one receiver beside the state of the filter.
type receiver struct {
	name     string
	of       string // the receiver that it is a device of, else its name
	rank     int    // in Options.Order, of what it is a device of; those that are not in it come last
	accepted uint64
	rejected uint64
	unused   uint64
	why      string
	whyNs    int64 // of the fix that it is about

	heardNs   int64 // its last report, with or without a position
	searching bool  // that said that there is none
	refused   bool  // its last position could not be used

	isGood    bool    // a position was believed since the start of the filter
	goodNs    int64   // the newest of them
	inRow     bool    // it was the last one, too
	goodSince int64   // the first one in that row
	interval  float64 // seconds between them, 0 if not known
	lag       float64 // seconds by which the others are ahead when it reports

	claimed float64 // 95 % radius as it was said last, metres
	claim   float64 // variance per axis that is claimed, averaged
	white   float64 // share of it that is new in each fix
	scale   float64 // by which the variance is multiplied, because others contradict

	calm     calm
	doppler  doppler
	jump     jump
	doubted  bool  // its last position was a surprise
	altBad   bool  // its last height was not believed
	altSince int64 // nor were those since then
}

func newReceiver(name, of string, rank int) *receiver {
	return &receiver{name: name, of: of, rank: rank, white: whiteShare, scale: 1, claimed: math.NaN()}
}

// refuse notes a fix that could not be used.
func (r *receiver) refuse(why string) Result {
	r.unused++
	r.refused, r.why, r.whyNs = true, why, r.heardNs
	return Result{Rejected: true, Why: why}
}

// reject notes a position that was not believed.
func (r *receiver) reject(why string) {
	r.rejected++
	r.inRow, r.why, r.whyNs = false, why, r.heardNs
}

// good notes a position that was believed, when the filter was ahead by so much.
func (r *receiver) good(atNs, ahead int64) {
	r.accepted++
	dt := seconds(atNs - r.goodNs)
	switch {
	case !r.isGood || dt <= 0:
	case r.interval == 0:
		r.interval = min(dt, longest)
	default:
		r.interval += (min(dt, longest) - r.interval) / 8
	}
	r.lag += (min(seconds(ahead), longest) - r.lag) / 8
	if !r.inRow || !r.isGood || !r.fresh(atNs) {
		r.inRow, r.goodSince = true, atNs
	}
	if !r.isGood || dt > 0 {
		r.goodNs = atNs
	}
	r.isGood = true
}

// longest is the interval, in seconds, above which fixes are not regular.
const longest = 10.0

// fresh reports whether the last believed position still speaks for a receiver:
// for an interval and a half, so that at a fix a second another one takes over
// before the track's prediction ends.
func (r *receiver) fresh(atNs int64) bool {
	return r.isGood && seconds(atNs-r.goodNs) <= min(max(1.5*r.interval+r.lag+0.25, 1.2), 5)
}

// noise splits the variance that a fix claims, per axis, into what is new in it
// and what lasts; dt seconds after the one before.
func (r *receiver) noise(claim, dt float64) (white, off float64) {
	if r.claim == 0 || claim > claimStep*r.claim {
		r.claim = claim
	}
	tau := claimRise
	if claim < r.claim {
		tau = claimFall
	}
	r.claim *= math.Pow(claim/r.claim, -math.Expm1(-dt/tau))
	white = r.white * r.claim
	off = max(r.scale, r.white/whiteMost)*r.claim - white
	return max(white, leastWhiteVar), max(off, leastOffVar)
}

// learnWhite makes the share of white noise likelier, given a surprise: the
// gradient of the log likelihood in the logarithm of that variance, with the
// surprise cut off where it is no noise any more.
func (r *receiver) learnWhite(nis, white, s float64) {
	by := whiteRate * white / s * (min(nis/2, whiteCut) - 1)
	r.white = min(max(r.white*math.Exp(by), whiteLeast), whiteUtmost)
}

// learnScale makes the scale of the claim likelier, given how far the receiver
// is off in the eyes of the others: one step of expectation maximisation, which
// goes nowhere while nobody else says anything. Claims are not made smaller:
// receivers in one place share errors that no comparison shows.
func (r *receiver) learnScale(offsetVar, off, dt float64) {
	by := -math.Expm1(-dt/scaleSeconds) * (offsetVar/off - 1)
	r.scale = min(max(r.scale*(1+by), 1), scaleMost)
}

// slot returns where a receiver stands, and makes room for one that was never
// heard where another one was not heard for long.
func (f *Filter) slot(fix *gps.Fix, atNs int64) int {
	name := fix.Receiver
	oldest := none
	for i, r := range f.receivers {
		if r.name == name {
			return i
		}
		if oldest == none || r.heardNs < f.receivers[oldest].heardNs {
			oldest = i
		}
	}
	of := cmp.Or(fix.Of, name)
	rank := slices.Index(f.o.Order, of)
	if rank < 0 {
		rank = len(f.o.Order) + len(f.receivers)
	}
	r := newReceiver(name, of, rank)
	r.heardNs = atNs
	if len(f.receivers) < maxReceivers {
		f.receivers = append(f.receivers, r)
		return len(f.receivers) - 1
	}
	if o := f.receivers[oldest]; atNs < o.heardNs || atNs-o.heardNs < int64(restartAfter) || oldest == f.active {
		return none
	}
	f.receivers[oldest] = r
	for _, n := range f.nodes {
		n.e.remove(oldest)
		n.up.remove(oldest)
	}
	return oldest
}

// seconds is a difference of times.
func seconds(ns int64) float64 { return float64(ns) / 1e9 }
