package spool

import "slices"

// A segment is one file of frames and the file of points beside it. What is
// here is known without the disk; the store's lock guards it.
type segment struct {
	number uint32
	boot   Boot
	runs   []run // the frames that can be read, in order
	size   int64 // of the frames' file, as far as it may be read
	points int64 // of the points' file, the same
	sealed bool  // nothing is appended any more

	from, to moment // of the oldest frame and of the newest
}

// A moment is a time by the clock that a frame has: UTC as the system took it
// to be, which was offsetNs ahead of CLOCK_BOOTTIME, if it is live.
type moment struct {
	ns, offsetNs int64
	live         bool
}

// A run is frames with numbers that follow each other.
type run struct{ first, end uint64 }

func (g *segment) bytes() int64 { return g.size + g.points }

// first is the number of the first frame, and end that behind the last. They
// are 0 if there is no frame.
func (g *segment) first() uint64 {
	if len(g.runs) == 0 {
		return 0
	}
	return g.runs[0].first
}

func (g *segment) end() uint64 {
	if len(g.runs) == 0 {
		return 0
	}
	return g.runs[len(g.runs)-1].end
}

// add appends the frames of a record.
func (g *segment) add(first, end uint64) {
	if n := len(g.runs); n > 0 && g.runs[n-1].end == first {
		g.runs[n-1].end = end
		return
	}
	g.runs = append(g.runs, run{first, end})
}

// count is the number of frames in [from, to).
func (g *segment) count(from, to uint64) (n uint64) {
	for _, r := range g.runs {
		if lo, hi := max(r.first, from), min(r.end, to); lo < hi {
			n += hi - lo
		}
	}
	return n
}

// seek returns the number of the first frame at or behind from.
func (g *segment) seek(from uint64) (uint64, bool) {
	for _, r := range g.runs {
		if from < r.end {
			return max(from, r.first), true
		}
	}
	return 0, false
}

// lose takes out the frames in [from, to).
func (g *segment) lose(from, to uint64) {
	var left []run
	for _, r := range g.runs {
		if r.first < from {
			left = append(left, run{r.first, min(r.end, from)})
		}
		if r.end > to {
			left = append(left, run{max(r.first, to), r.end})
		}
	}
	g.runs = slices.DeleteFunc(left, func(r run) bool { return r.first >= r.end })
}

// note remembers the times of records of frames, before they are added: of the
// first of them and of the last.
func (g *segment) note(first, last *header) {
	if len(g.runs) == 0 {
		g.from = moment{first.firstNs, first.offsetNs, first.live}
	}
	g.to, g.boot = moment{last.lastNs, last.offsetNs, last.live}, last.boot
}
