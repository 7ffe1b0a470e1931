package spool

import (
	"os"
	"path/filepath"
	"time"

	"github.com/sensord/sensord/gps"
)

// A Place tells when and where frames of a segment were heard, by what was
// recorded with them. It belongs to the goroutine that reads the frames, and
// reads the disk when it is first asked where.
type Place struct {
	SameBoot bool // CLOCK_BOOTTIME goes on from there to now

	fs      files
	dir     string
	number  uint32   // of the segment
	numbers []uint32 // and of those that have its points
	bytes   int64
	boot    Boot
	clocks  []State // in order of time

	loaded bool
	track  *gps.Track
}

// At returns the position at a time on the CLOCK_BOOTTIME of its boot, by the
// points that were recorded; or else the fixed one.
func (p *Place) At(bootNs int64) (gps.Position, bool) {
	p.load()
	return p.track.At(bootNs)
}

// Fixed returns the position that was fixed then.
func (p *Place) Fixed() (gps.Position, bool) {
	p.load()
	return p.track.Fixed()
}

// Correction returns what the times of frames lack that were captured at a time
// on the CLOCK_BOOTTIME of its boot, while the system clock was offsetNs ahead
// of that; see gps.ClockState. It reports false if that was never known.
func (p *Place) Correction(bootNs, offsetNs int64) (ns int64, ok bool) {
	st, ok := clockAt(p.clocks, bootNs)
	if !ok {
		return 0, false
	}
	return st.Clock.Correction(offsetNs), true
}

func correction(clocks []State, bootNs, offsetNs int64) int64 {
	if st, ok := clockAt(clocks, bootNs); ok {
		return st.Clock.Correction(offsetNs)
	}
	return 0
}

// clockAt returns what was known last at a time, or, when that was nothing, what
// was known first after it.
func clockAt(clocks []State, bootNs int64) (best State, ok bool) {
	for i := range clocks {
		if ok && clocks[i].BootNs > bootNs {
			break
		}
		if clocks[i].Clock.Known() {
			best, ok = clocks[i], true
		}
	}
	return best, ok
}

// load makes the track of the points. What cannot be read is missing in it.
func (p *Place) load() {
	if p.loaded {
		return
	}
	p.loaded = true
	var points []gps.Point
	var st State
	for i, n := range p.numbers {
		f, size, err := openSized(p.fs, filepath.Join(p.dir, pointsName(n)), os.O_RDONLY)
		if err != nil {
			continue
		}
		sc := scanner{f: f, end: size, ahead: walkAhead}
		for {
			h, at, err := sc.next()
			if err != nil {
				break
			}
			if h.boot != p.boot || (h.kind != kindPoints && h.kind != kindState) {
				continue
			}
			payload, err := sc.payload(&h, at)
			if err != nil || payload == nil {
				continue
			}
			switch {
			case h.kind == kindPoints:
				points = readPoints(points, &h, payload)
			case i == 0 || st.Options == (gps.TrackOptions{}):
				if s, ok := readState(payload); ok {
					st = s
				}
			}
		}
		_ = f.Close()
	}
	p.track = trackOf(points, st)
}

// forever is longer than any spool. A Builder calculates with it.
const forever = 20 * 365 * 24 * time.Hour

func trackOf(points []gps.Point, st State) *gps.Track {
	o := st.Options
	o.Keep, o.Detail = forever, forever
	b := gps.NewBuilder(o)
	b.Add(inOrder(points))
	if st.HasFixed {
		b.SetFixed(&st.Fixed)
	}
	return b.Track()
}

// inOrder leaves out what is not behind the point before it: the points that a
// segment repeats.
func inOrder(points []gps.Point) []gps.Point {
	kept := points[:0]
	for i := range points {
		if n := len(kept); n == 0 || points[i].TimeNs > kept[n-1].TimeNs {
			kept = append(kept, points[i])
		}
	}
	return kept
}
