package main

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

// ledger is the server's own account of what arrived, compared with the
// capture frame by frame. It knows nothing of what sensord counts. Frames that
// are the same in content and time cannot be told apart: the capture should
// hold each once.
type ledger struct {
	want []fingerprint

	mu       sync.Mutex
	position place       // that every frame should come with
	drive    *drive      // or along which each was heard
	seen     []bool      // of want
	next     map[int]int // index behind a session's last frame, by session
	resumed  []time.Time // when each session's first frame came
	tally    tally
}

// place is where a sensor is, altM in metres above sea level or NaN.
type place struct{ lat, lon, altM float64 }

// tally is what a ledger has counted.
type tally struct {
	Arrived    uint64 // different frames of the capture
	Duplicates uint64 // frames that had arrived before
	Newest     uint64 // index behind the newest frame; below it, what has not arrived is missing
	Foreign    uint64 // frames that are not in the capture
	Disordered uint64 // frames behind a later one of the same session
	Misplaced  uint64 // frames without the right position

	// Of frames that were heard along a drive, those that came twice included.
	Placed    uint64     // with a position, right or wrong
	Within    uint64     // of those, as near to the truth as they claim to be
	OffSumM   float64    // how far from it they are, all together
	OffWorstM float64    // and the farthest
	ClaimSumM float64    // how near they claim to be, all together
	Last      kismet.GPS // the position of the newest frame; Fix is 0 before it
}

// mean is a sum over all frames that have a position, for each of them.
func (t *tally) mean(sum float64) float64 { return sum / float64(max(t.Placed, 1)) }

// missing is how many frames older than the newest have not arrived.
func (t tally) missing() uint64 { return t.Newest - t.Arrived }

func newLedger(want []fingerprint) *ledger {
	return &ledger{want: want, seen: make([]bool, len(want)), next: map[int]int{}}
}

// expect sets the position that frames should come with, before there are any.
func (l *ledger) expect(p place) {
	l.mu.Lock()
	l.position = p
	l.mu.Unlock()
}

// follow sets the drive along which frames were heard, before there are any.
func (l *ledger) follow(d *drive) {
	l.mu.Lock()
	l.drive = d
	l.mu.Unlock()
}

// take is the server's OnFrame.
func (l *ledger) take(_ string, session int, d *kismet.Data) {
	p := d.Packet
	id := fingerprintOf(p.LinkType, int64(p.Sec)*1e6+int64(p.Usec), p.OrigLen, p.Content)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.placed(d) {
		l.tally.Misplaced++
	}
	from, known := l.next[session]
	if !known {
		l.resumed = append(l.resumed, time.Now())
	}
	at, ok := l.find(id, from)
	if !ok {
		l.tally.Foreign++
		return
	}
	if at < from {
		l.tally.Disordered++
	}
	l.next[session] = at + 1
	if l.seen[at] {
		l.tally.Duplicates++
		return
	}
	l.seen[at] = true
	l.tally.Arrived++
	l.tally.Newest = max(l.tally.Newest, uint64(at)+1)
}

// placed reports whether a frame has the right position.
func (l *ledger) placed(d *kismet.Data) bool {
	if l.drive == nil {
		return l.position.is(d.GPS)
	}
	if d.GPS == nil {
		return false
	}
	off, ok := l.drive.compare(d.Packet, d.GPS)
	t := &l.tally
	t.Placed++
	t.OffSumM += off
	t.OffWorstM = max(t.OffWorstM, off)
	t.ClaimSumM += d.GPS.Precision
	if off <= d.GPS.Precision {
		t.Within++
	}
	if g := d.GPS; g.Sec > t.Last.Sec || g.Sec == t.Last.Sec && g.Usec > t.Last.Usec {
		t.Last = *g
	}
	return ok
}

// find returns a frame's index in the capture: the next from an index on, or,
// if it is not there, before it.
func (l *ledger) find(id fingerprint, from int) (int, bool) {
	if i := slices.Index(l.want[from:], id); i >= 0 {
		return from + i, true
	}
	i := slices.Index(l.want[:from], id)
	return i, i >= 0
}

// is reports whether a frame's GPS block says the same.
func (p place) is(got *kismet.GPS) bool {
	const degrees, metres = 1e-7, 0.01
	if got == nil || !near(p.lat, got.Lat, degrees) || !near(p.lon, got.Lon, degrees) {
		return false
	}
	if math.IsNaN(p.altM) {
		return got.Fix == 2
	}
	return got.Fix == 3 && near(p.altM, got.AltM, metres)
}

func near(a, b, most float64) bool { return math.Abs(a-b) <= most }

// read returns what is counted, and when each session's first frame came.
func (l *ledger) read() (tally, []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally, slices.Clone(l.resumed)
}
