package gps

import "time"

// TrackOptions say how far a track may be trusted and how much of it is kept.
// The zero value of each is its default.
type TrackOptions struct {
	Predict time.Duration // how long the newest point is continued; default 3 s
	LimitM  float64       // positions with a larger 95 % radius are absent; default 100 m
	Keep    time.Duration // how much of the track is kept; default 2 h
	Detail  time.Duration // how much of it with every point: what is older is thinned to 1 s; default 2 min
}

// A Builder makes tracks. It belongs to one goroutine; the tracks that it
// returns may be read from any, while it goes on.
type Builder struct {
	track Track
}

// NewBuilder returns a Builder of a track without points.
func NewBuilder(o TrackOptions) *Builder { return &Builder{} }

// Add replaces everything from changed[0].TimeNs on by these points, which are
// in order of time: a late measurement changes the last few.
func (b *Builder) Add(changed []Point) {}

// SetClock says what the machine's clocks are worth.
func (b *Builder) SetClock(c ClockState) { b.track.clock = c }

// SetPace says how often fixes come and how late they usually are at worst:
// what Wait goes by. Without a live receiver both are 0.
func (b *Builder) SetPace(interval, latency time.Duration) {}

// SetFixed sets the position that is used where the track has none, nil for none.
func (b *Builder) SetFixed(p *Position) { b.track.fixed = p }

// SetLog sets the track of a replayed log, whose times are UTC: AtUTC asks it.
func (b *Builder) SetLog(points []Point) {}

// Track returns what is known now, as a value that never changes.
func (b *Builder) Track() *Track { t := b.track; return &t }
