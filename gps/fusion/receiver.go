package fusion

import (
	"math"
	"slices"
	"time"

	"github.com/sensord/sensord/gps"
)

// A receiver is what is known of one receiver beside the state of the filter.
type receiver struct {
	name     string
	rank     int // in Options.Order; those that are not in it come last
	accepted uint64
	rejected uint64
	unused   uint64
	why      string

	heardNs   int64 // its newest report, with or without a position
	searching bool  // that said that there is none

	isGood    bool  // a position was believed since the start of the filter
	goodNs    int64 // the newest of them
	inRow     bool  // it was the last one, too
	goodSince int64 // the first one in that row
	interval  float64

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

func newReceiver(name string, rank int, atNs int64) *receiver {
	return &receiver{name: name, rank: rank, heardNs: atNs, white: whiteShare, scale: 1, claimed: math.NaN()}
}

// hear notes that there was a report.
func (r *receiver) hear(atNs int64) { r.heardNs = max(r.heardNs, atNs) }

// refuse notes a fix that could not be used.
func (r *receiver) refuse(why string) Result {
	r.unused++
	r.why = why
	return Result{Rejected: true, Why: why}
}

// reject notes a position that was not believed.
func (r *receiver) reject(m *measurement, b *body) {
	r.rejected++
	r.inRow = false
	r.jump.add(m, b)
}

// good notes a position that was believed.
func (r *receiver) good(atNs int64) {
	r.accepted++
	dt := float64(atNs-r.goodNs) / 1e9
	switch {
	case !r.isGood || dt <= 0:
	case r.interval == 0:
		r.interval = dt
	default:
		r.interval += (min(dt, longest) - r.interval) / 8
	}
	if !r.inRow || !r.isGood || atNs-r.goodNs > r.fresh() {
		r.inRow, r.goodSince = true, atNs
	}
	if !r.isGood || atNs > r.goodNs {
		r.goodNs = atNs
	}
	r.isGood = true
}

// longest is the interval, in seconds, above which fixes are not regular.
const longest = 10.0

// noise splits the variance that a fix claims, per axis, into what is new in it
// and what lasts.
func (r *receiver) noise(claim float64, dt float64) (white, off float64) {
	switch {
	case r.claim == 0 || claim > claimStep*r.claim:
		r.claim = claim
	default:
		r.claim -= math.Expm1(-dt/claimSeconds) * (claim - r.claim)
	}
	white = r.white * r.claim
	off = max(r.scale, r.white/whiteMost)*r.claim - white
	return max(white, leastWhiteVar), max(off, leastOffVar)
}

// learnWhite makes the share of white noise likelier, given a surprise: the
// gradient of the log likelihood in the logarithm of that variance, with the
// surprise cut off where it is no noise any more.
func (r *receiver) learnWhite(nis, white, s float64) {
	by := whiteRate * white / s * (min(nis/2, 4) - 1)
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

// fresh is how long its last position speaks for a receiver: two intervals and
// a half, for one may be lost.
func (r *receiver) fresh() int64 {
	return int64(min(max(1.9*r.interval, 1.2), 5) * float64(time.Second))
}

// A calm watches whether a receiver says that it stands.
type calm struct {
	since int64 // it said nothing else since then
	at    gps.ECEF
	on    bool
	mute  bool // its zero is no speed: it moved meanwhile

	last        int64
	speed       float64 // averaged, m/s
	east, north float64 // the same of the velocity, where that has a course
}

// A pose is what a fix says of moving.
type pose uint8

const (
	poseUnknown pose = iota // nothing, or it creeps, or is too noisy to tell
	poseStands
	poseMoves
)

// watch takes what a receiver says of its speed, and where; noise is the
// variance of that speed along an axis. It averages out of a velocity that has a
// course; creeping along does not.
func (c *calm) watch(m *measurement, noise float64) pose {
	switch {
	case m.speed >= courseSure:
		*c = calm{}
		return poseMoves
	case math.IsNaN(m.speed):
		return poseUnknown
	case !c.on:
		*c = calm{on: true, mute: c.mute, since: m.atNs, at: m.ecef, last: m.atNs, speed: m.speed, east: m.east, north: m.north}
	}
	share := -math.Expm1(-math.Abs(float64(m.atNs-c.last)) / 1e9 / calmSeconds)
	c.last = m.atNs
	c.speed += share * (m.speed - c.speed)
	c.east += share * (m.east - c.east)
	c.north += share * (m.north - c.north)
	drift := c.speed
	if m.course {
		drift = math.Hypot(c.east, c.north)
	}
	switch {
	case c.mute:
		return poseUnknown
	case m.speed*m.speed > 9*noise:
		return poseMoves
	case drift > creeping || m.atNs-c.since < int64(calmAfter):
		return poseUnknown
	}
	return poseStands
}

// move compares that with a position that is believed. Many clients post a
// speed of 0 because they know none.
func (c *calm) move(at gps.ECEF, atNs int64, accuracy float64) {
	if !c.on {
		return
	}
	d := apart(at, c.at)
	if d <= 5+2*accuracy {
		return
	}
	if d > 2*courseSure*float64(atNs-c.since)/1e9 {
		c.mute = true
	}
	c.since, c.at = atNs, at
}

func apart(a, b gps.ECEF) float64 {
	return math.Sqrt((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) + (a.Z-b.Z)*(a.Z-b.Z))
}

// slot returns where a receiver stands, and makes room for one that was never
// heard where another one was not heard for long.
func (f *Filter) slot(name string, atNs int64) int {
	oldest := none
	for i, r := range f.receivers {
		if r.name == name {
			return i
		}
		if oldest == none || r.heardNs < f.receivers[oldest].heardNs {
			oldest = i
		}
	}
	rank := slices.Index(f.o.Order, name)
	if rank < 0 {
		rank = len(f.o.Order) + len(f.receivers)
	}
	r := newReceiver(name, rank, atNs)
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
