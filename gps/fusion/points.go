package fusion

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// What a point must change by to be told again: metres, and a share of the
// accuracy.
const (
	toldM     = 0.01
	toldShare = 0.02
)

// tell returns the points that are new or not what was said of them before.
func (f *Filter) tell() []gps.Point {
	f.smoothed = f.smoothed[:0]
	last := len(f.nodes) - 1
	for range f.nodes {
		f.smoothed = append(f.smoothed, smoothed{})
	}
	a := adjoint{n: f.nodes[last].e.n}
	first := last + 1
	for i := last; i >= 0; i-- {
		n := f.nodes[i]
		s := a.smooth(&n.e)
		f.smoothed[i] = s
		if n.visible() && n.said.differs(&s, n.doubt) {
			first = i
		}
		n.back(&a)
	}
	f.points = f.points[:0]
	if first <= last && first == 0 && f.since == f.nodes[0].m.atNs && !f.nodes[0].said.ok && f.told {
		f.points = append(f.points, f.gap(f.nodes[0]))
	}
	for i := first; i <= last; i++ {
		if f.nodes[i].visible() {
			f.add(f.nodes[i], &f.smoothed[i])
		}
	}
	f.told = f.told || len(f.points) > 0
	return f.points
}

// back goes back over what was measured at the node, and to the one before.
func (n *node) back(a *adjoint) {
	if n.role == roleUsed && n.fix.s > 0 {
		a.unlearn(&n.fix)
	}
	a.scale(rowBias+n.m.slot, n.kept)
	for k := n.n - 1; k >= 0; k-- {
		a.unlearn(&n.moves[k])
	}
	a.unpredict(&n.t)
}

// visible reports whether a node makes a point: one that only said something of
// its receiver does not.
func (n *node) visible() bool { return n.role == roleUsed || n.role == roleMoves && n.n > 0 }

func (s *said) differs(now *smoothed, doubt float64) bool {
	d := math.Hypot(now.pos[0]-s.pos[0], now.pos[1]-s.pos[1])
	r := r95*math.Sqrt(now.posVar) + doubt
	return !s.ok || d > toldM || math.Abs(r-s.accuracy) > toldShare*r
}

// add adds the point of a node. Of nodes of one instant the last one counts.
func (f *Filter) add(n *node, s *smoothed) {
	r := r95*math.Sqrt(s.posVar) + n.doubt
	n.said = said{pos: s.pos, accuracy: r, ok: true}
	lat, lon := f.plane.Ground(s.pos[0], s.pos[1])
	east, north := f.plane.VelFromENU(lat, lon, gps.ENU{E: s.vel[0], N: s.vel[1]})
	p := gps.Point{
		TimeNs: n.m.atNs, Lat: lat, Lon: lon, AltMSL: math.NaN(),
		VelEast: east, VelNorth: north, CourseDeg: math.NaN(),
		AccuracyM: r, VelAccuracyMPS: r95 * math.Sqrt(s.velVar), AccelMPS2: r95 * math.Sqrt(f.body.accVar),
		Receiver: f.name(n),
	}
	if n.up.n > 0 && n.m.atNs-n.altNs <= int64(heightSilent) {
		p.AltMSL = n.up.x[0][rowPos]
	}
	if math.Hypot(east, north) > movingFrom && !n.e.calm {
		p.CourseDeg = math.Mod(math.Atan2(east, north)*180/math.Pi+360, 360)
	}
	if k := len(f.points); k > 0 && f.points[k-1].TimeNs == p.TimeNs {
		f.points[k-1] = p
		return
	}
	f.points = append(f.points, p)
}

// gap is the point that breaks the track before a node.
func (f *Filter) gap(n *node) gps.Point {
	return gps.Point{
		TimeNs: n.m.atNs - 1, Lat: n.m.at.Lat, Lon: n.m.at.Lon, AltMSL: math.NaN(), CourseDeg: math.NaN(),
		AccuracyM: Nowhere, VelAccuracyMPS: r95 * math.Sqrt(f.body.velVar), AccelMPS2: r95 * math.Sqrt(f.body.accVar),
		Receiver: f.name(n),
	}
}

// name says who made the point of a node.
func (f *Filter) name(n *node) string {
	name := f.receivers[n.m.slot].name
	count := 0
	for i := range f.receivers {
		if n.e.recent(i, n.m.atNs) {
			count++
			if count > 1 {
				return gps.FusedName
			}
			name = f.receivers[i].name
		}
	}
	return name
}
