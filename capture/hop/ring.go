package hop

import "time"

// A tuning is one change of channel. Times are in nanoseconds on the clock of
// the Coverage.
type tuning struct {
	leftNs int64 // when the radio began to leave the channel before
	hereNs int64 // when it listened on this one
	place  int
}

// A ring keeps the last tunings: at the highest rate those of the last 2.5 s.
// Frames are counted as they are captured, at most some 100 ms behind.
type ring struct {
	buf [ringSize]tuning
	n   uint64 // ever added
}

const (
	ringSize = 256
	// inFlight is how far a frame's time and its channel's may be apart: a
	// driver delivers what it received a little later, and the time is taken
	// when the kernel sees the frame.
	inFlight = 50 * time.Millisecond
)

func (r *ring) add(t tuning) {
	r.buf[r.n%ringSize] = t
	r.n++
}

// at is the i-th tuning ever, oldest() <= i < n.
func (r *ring) at(i uint64) *tuning { return &r.buf[i%ringSize] }

func (r *ring) oldest() uint64 {
	if r.n > ringSize {
		return r.n - ringSize
	}
	return 0
}

// find returns the last tuning that had begun at ns, looking from near, which
// is what find returned for the frame before: frames come in order. It returns
// false if that is not known any more.
func (r *ring) find(ns int64, near uint64) (uint64, bool) {
	old := r.oldest()
	if r.n == 0 || ns < r.at(old).leftNs {
		return 0, false
	}
	i := min(max(near, old), r.n-1)
	for i+1 < r.n && r.at(i+1).leftNs <= ns {
		i++
	}
	for r.at(i).leftNs > ns {
		i--
	}
	return i, true
}
