package fusion

import (
	"math"
	"slices"
	"strconv"

	"github.com/sensord/sensord/gps"
)

// A Filter turns fixes into points of a track.
type Filter struct {
	o    Options
	body *body

	plane     gps.Plane
	receivers []*receiver

	active    int        // the receiver that has priority, none if there is none
	electedNs int64      // since when
	glide     [2]float64 // room for its offset and that of its height then, m²

	nodes    []*node // in order of time; empty before the first position
	spare    []*node
	since    int64   // when it started
	lastGood int64   // when a position was believed last
	leapt    float64 // metres from where it was before, if it started because a jump was believed
	stray    stray

	told     bool // there are points before
	smoothed []smoothed
	points   []gps.Point
}

// New returns a Filter that has heard nothing.
func New(o Options) *Filter {
	if o.BelieveAfter <= 0 {
		o.BelieveAfter = DefaultBelieveAfter
	}
	o.Order = slices.Clone(o.Order)
	return &Filter{o: o, body: o.Motion.body(), active: none}
}

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
func (f *Filter) Add(fix gps.Fix, atNs int64) Result {
	slot := f.slot(&fix, atNs)
	if slot == none {
		return Result{Rejected: true, Why: "there are " + strconv.Itoa(maxReceivers) + " other receivers"}
	}
	r := f.receivers[slot]
	if atNs < -farNs || atNs > farNs {
		return r.refuse("not a time")
	}
	r.searching = !fix.HasPosition()
	r.heardNs = atNs
	if r.searching {
		return Result{}
	}
	at, ok := place(&fix)
	if !ok {
		return r.refuse("not a place on earth")
	}
	if len(f.nodes) == 0 {
		return f.restart(f.measure(&fix, at, slot, atNs), 0)
	}
	switch why, again := f.timely(slot, atNs); {
	case again:
		return f.restart(f.measure(&fix, at, slot, atNs), 0)
	case why != "":
		return r.refuse(why)
	}
	f.elect(slot, atNs)
	return f.insert(f.measure(&fix, at, slot, atNs))
}

// insert puts a measurement where it belongs, and goes through what follows
// again.
func (f *Filter) insert(m measurement) Result {
	i := len(f.nodes)
	for f.nodes[i-1].m.atNs > m.atNs {
		i-- // ends: timely refuses what is before the first
	}
	n := f.node(m)
	f.nodes = slices.Insert(f.nodes, i, n)
	f.replay(f.unlend(i))
	n.doubt = max(f.tie(n), f.leap(m.atNs))

	r := f.receivers[m.slot]
	if !n.jumped {
		f.accept(n)
		f.trim()
		return Result{Points: f.tell()}
	}
	r.jump.add(&m, f.body)
	if f.believe(m.slot, m.atNs) {
		return f.restart(m, f.distance(n))
	}
	r.reject(r.jump.why(f.distance(n), m.accuracy))
	if n.n == 0 && i == len(f.nodes)-1 {
		f.drop(i)
	}
	f.trim()
	return Result{Points: f.tell(), Rejected: true, Why: r.why}
}

// unlend returns from where to calculate again when the node i is new. If it
// moves, then those before it that did not know may have moved, too.
func (f *Filter) unlend(i int) int {
	if f.nodes[i].m.pose != poseMoves {
		return i
	}
	for i > 1 && f.nodes[i-1].lent {
		i--
		f.nodes[i].barred = true
	}
	return i
}

// accept notes that a position was believed, or held back.
func (f *Filter) accept(n *node) {
	m, r := &n.m, f.receivers[n.m.slot]
	if n.role == roleMoves {
		r.unused++
		return
	}
	r.jump, r.refused = jump{}, false
	r.calm.move(m.ecef, m.atNs, m.accuracy)
	if n.role == roleUsed {
		f.learnScale(n)
	}
	r.good(m.atNs, f.nodes[len(f.nodes)-1].m.atNs-m.atNs)
	f.lastGood = max(f.lastGood, m.atNs)
}

// learnScale compares a receiver with others that had a say lately.
func (f *Filter) learnScale(n *node) {
	r := f.receivers[n.m.slot]
	if !r.isGood || !n.e.settled(n.m.slot, n.m.atNs) {
		return
	}
	b := rowBias + n.m.slot
	x, y := n.e.x[0][b], n.e.x[1][b]
	r.learnScale((x*x+y*y)/2+n.e.p[b][b], n.e.bias[n.m.slot], seconds(n.m.atNs-r.goodNs))
}

// restart begins anew with one measurement, so many metres from where the
// filter believed to be. What the track was before ends there.
func (f *Filter) restart(m measurement, leap float64) Result {
	for i := range slices.Backward(f.nodes) {
		f.drop(i)
	}
	f.plane = gps.NewPlane(m.at)
	m.project(&f.plane)
	n := f.node(m)
	f.nodes = append(f.nodes, n)
	for _, r := range f.receivers {
		r.isGood, r.doubted = false, false
		r.doppler.stop()
	}
	f.start(n)
	f.since, f.leapt, f.stray = m.atNs, leap, stray{}
	n.doubt = leap
	f.lastGood = m.atNs
	f.active, f.glide = m.slot, [2]float64{}
	f.accept(n)
	return Result{Points: f.tell()}
}

// replay calculates again from the node i on.
func (f *Filter) replay(i int) {
	for ; i < len(f.nodes); i++ {
		f.step(f.nodes[i-1], f.nodes[i])
	}
}

// trim forgets what is too old to change, but the last of it, which what comes
// late is added to.
func (f *Filter) trim() {
	newest := f.nodes[len(f.nodes)-1]
	old := 0
	for old < len(f.nodes)-2 && (newest.m.atNs-f.nodes[old+1].m.atNs > int64(History) || len(f.nodes)-old > historyMost) {
		old++
	}
	for i := range old {
		f.spare = append(f.spare, f.nodes[i])
	}
	f.nodes = slices.Delete(f.nodes, 0, old)
	if p := newest.e.x; math.Hypot(p[0][rowPos], p[1][rowPos]) > recentre {
		f.recentre()
	}
}

func (f *Filter) node(m measurement) *node {
	var n *node
	if k := len(f.spare); k > 0 {
		n, f.spare = f.spare[k-1], f.spare[:k-1]
	} else {
		n = new(node)
	}
	*n = node{m: m}
	return n
}

func (f *Filter) drop(i int) {
	f.spare = append(f.spare, f.nodes[i])
	f.nodes = slices.Delete(f.nodes, i, i+1)
}
