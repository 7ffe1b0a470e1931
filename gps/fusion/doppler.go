package fusion

import "math"

// A doppler learns how noisy the velocities of a receiver are, from how far each
// is from the line between the one before and the one behind it. Whoever
// accelerates is off that line, too; so it is the quiet quarter of them that
// counts.
type doppler struct {
	variance float64 // (m/s)², per axis; 0 before anything is known
	said     [2]spoken
	count    int
}

type spoken struct {
	atNs        int64
	east, north float64
}

const (
	quiet = 0.25
	// quietest is that quantile of the square of a two-dimensional deviation, in
	// variances of one axis: -2 ln(1 - quiet).
	quietest = 0.5753641449035618
	// dopplerRate is by how much the logarithm moves at most: some 40 fixes count.
	dopplerRate = 0.1
	// dopplerSpan is the longest, in seconds, that three velocities may take.
	dopplerSpan = 3.0
)

// learn takes a velocity that has a direction.
func (d *doppler) learn(m *measurement) {
	now := spoken{m.atNs, m.east, m.north}
	a, b := d.said[0], d.said[1]
	d.said[0], d.said[1] = b, now
	d.count++
	if d.count < 3 {
		return
	}
	span, left := float64(now.atNs-a.atNs)/1e9, float64(now.atNs-b.atNs)/1e9
	if !(left > 0 && span > left && span <= dopplerSpan) {
		return
	}
	w := left / span
	e := b.east - w*a.east - (1-w)*now.east
	n := b.north - w*a.north - (1-w)*now.north
	x := (e*e + n*n) / (1 + w*w + (1-w)*(1-w))
	by := dopplerRate * quiet
	if x < d.variance*quietest {
		by -= dopplerRate
	}
	d.variance = min(max(d.variance*math.Exp(by), bestSpeed*bestSpeed), noisiest*noisiest)
}

// break forgets what was said last.
func (d *doppler) stop() { d.count = 0 }
