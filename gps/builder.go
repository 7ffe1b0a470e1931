package gps

import (
	"cmp"
	"slices"
	"time"
)

// TrackOptions say how far a track may be trusted and how much of it is kept.
// The zero value of each is its default.
type TrackOptions struct {
	Predict time.Duration // how long the newest point is continued; default 3 s
	LimitM  float64       // positions with a larger 95 % radius are absent; default 100 m
	Keep    time.Duration // how much of the track is kept; default 2 h
	Detail  time.Duration // how much of it with every point: what is older is thinned to 1 s; default 2 min
}

// Defaults of TrackOptions.
const (
	DefaultPredict = 3 * time.Second
	DefaultLimitM  = 100.0
	DefaultKeep    = 2 * time.Hour
	DefaultDetail  = 2 * time.Minute
)

// A Builder makes tracks. It belongs to one goroutine; the tracks that it
// returns may be read from any, while it goes on.
//
// Its points are in three parts, oldest first. Those of old and recent do not
// change any more, so that all tracks share them: a track has the parts as they
// were when it was made, and does not see what is appended. The few of tip may
// change, each track has a copy of them. With 10 points a second a Builder
// holds 1 MB after two hours, and no more later.
type Builder struct {
	keep, detail int64 // ns

	track Track  // what the next one is like, but for its tip
	tip   []knot // in memory of the Builder's own
}

const (
	tipMax     = 48 // then the older ones of the tip stop being changed cheaply
	tipMin     = 16
	thinnedNs  = int64(time.Second)
	keepExcess = 8 // a part of keep: how much more may be there before it is cut
)

// NewBuilder returns a Builder of a track without points.
func NewBuilder(o TrackOptions) *Builder {
	keep := cmp.Or(max(o.Keep, 0), DefaultKeep)
	limit := o.LimitM
	if !(limit > 0) {
		limit = DefaultLimitM
	}
	return &Builder{
		keep: int64(keep), detail: int64(min(cmp.Or(max(o.Detail, 0), DefaultDetail), keep)),
		track: Track{predictNs: int64(cmp.Or(max(o.Predict, 0), DefaultPredict)), limit: limit},
	}
}

// Add replaces everything from changed[0].TimeNs on by these points, which are
// in order of time: a late measurement changes the last few. Of two points of
// one time the later one counts; a point without a place or an accuracy is left
// out. The points are copied.
func (b *Builder) Add(changed []Point) {
	changed = inOrder(changed)
	if len(changed) == 0 {
		return
	}
	b.cut(changed[0].TimeNs)
	for i := range changed {
		k, ok := newKnot(&changed[i])
		if !ok {
			continue
		}
		b.cut(k.timeNs) // one of the same time
		if last := b.last(); last != nil {
			k.follow(last)
		}
		b.tip = append(b.tip, k)
		if len(b.tip) >= tipMax {
			b.settle()
		}
	}
}

// SetClock says what the machine's clocks are worth.
func (b *Builder) SetClock(c ClockState) { b.track.clock = c }

// SetPace says how often fixes come and how late they usually are at worst:
// what Wait goes by. Without a live receiver the interval is 0.
func (b *Builder) SetPace(interval, latency time.Duration) {
	b.track.interval, b.track.latency = max(interval, 0), max(latency, 0)
}

// SetFixed sets the position that is used where the track has none, nil for
// none. The Position is copied.
func (b *Builder) SetFixed(p *Position) {
	b.track.fixed = nil
	if p != nil {
		fixed := *p
		b.track.fixed = &fixed
	}
}

// SetLog sets the track of a replayed log, whose times are UTC: AtUTC asks it.
// It is kept whole, 100 bytes a point.
func (b *Builder) SetLog(points []Point) {
	points = inOrder(points)
	log := make([]knot, 0, len(points))
	for i := range points {
		k, ok := newKnot(&points[i])
		if !ok {
			continue
		}
		if n := len(log); n > 0 && log[n-1].timeNs == k.timeNs {
			log = log[:n-1]
		}
		if n := len(log); n > 0 {
			k.follow(&log[n-1])
		}
		log = append(log, k)
	}
	b.track.log = log
}

// Track returns what is known now, as a value that never changes. It costs the
// copy of at most 48 points, however long the track is.
func (b *Builder) Track() *Track {
	t := b.track
	t.tip = slices.Clone(b.tip)
	return &t
}

// last returns the newest knot, nil if there is none.
func (b *Builder) last() *knot {
	for _, l := range [...][]knot{b.tip, b.track.recent, b.track.old} {
		if n := len(l); n > 0 {
			return &l[n-1]
		}
	}
	return nil
}

// cut removes everything from ns on.
func (b *Builder) cut(ns int64) {
	last := b.last()
	if last == nil || last.timeNs < ns {
		return
	}
	b.tip = b.tip[:before(b.tip, ns)]
	if len(b.tip) > 0 {
		return
	}
	// Tracks see what is behind the cut: who appends there has to copy first.
	for _, l := range [...]*[]knot{&b.track.recent, &b.track.old} {
		if n := before(*l, ns); n < len(*l) {
			*l = (*l)[:n:n]
		}
	}
}

// before returns how many knots are before ns.
func before(l []knot, ns int64) int {
	n, _ := slices.BinarySearchFunc(l, ns, func(k knot, ns int64) int { return cmp.Compare(k.timeNs, ns) })
	return n
}

// settle makes the older knots of the tip part of what all tracks share, and
// thins and forgets what has become old.
func (b *Builder) settle() {
	t := &b.track
	n := len(b.tip) - tipMin
	t.recent = append(t.recent, b.tip[:n]...)
	b.tip = slices.Delete(b.tip, 0, n)

	newest := b.tip[len(b.tip)-1].timeNs
	if newest-t.recent[0].timeNs > 2*b.detail {
		b.thin(before(t.recent, newest-b.detail))
	}
	if len(t.old) > 0 && newest-t.old[0].timeNs > b.keep+b.keep/keepExcess {
		t.old = slices.Clone(t.old[max(0, before(t.old, newest-b.keep)-1):])
	}
	// Two a second are the most that thinning leaves, if not for points that
	// break the track, which hardly are so many.
	if most := int(2*b.keep/thinnedNs) + tipMax; len(t.old) > most {
		t.old = slices.Clone(t.old[len(t.old)-most+most/keepExcess:])
	}
}

// thin moves the first n recent knots to the old ones, but for those that can
// be missed: without them the next one is no more than a second away. So a gap
// is as long as it was. Where points that break the track begin and end, none
// can be missed.
func (b *Builder) thin(n int) {
	t := &b.track
	for i, k := range t.recent[:n] {
		if len(t.old) > 0 {
			last := &t.old[len(t.old)-1]
			next := &b.tip[0]
			if i+1 < len(t.recent) {
				next = &t.recent[i+1]
			}
			edge := t.breaks(&k) != t.breaks(last) || t.breaks(&k) != t.breaks(next)
			if next.timeNs-last.timeNs <= thinnedNs && !edge {
				continue
			}
			k.follow(last)
		}
		t.old = append(t.old, k)
	}
	t.recent = slices.Clone(t.recent[n:])
	if len(t.recent) > 0 {
		t.recent[0].follow(&t.old[len(t.old)-1])
		return
	}
	b.tip[0].follow(&t.old[len(t.old)-1])
}

// breaks reports whether there is no position at a knot: it is there so that
// the track does not go on from the one before it.
func (t *Track) breaks(k *knot) bool { return !(float64(k.accuracy) <= t.limit) }

// inOrder returns the points sorted by time, the same slice if they are.
func inOrder(points []Point) []Point {
	byTime := func(p, q Point) int { return cmp.Compare(p.TimeNs, q.TimeNs) }
	if slices.IsSortedFunc(points, byTime) {
		return points
	}
	points = slices.Clone(points)
	slices.SortStableFunc(points, byTime)
	return points
}
