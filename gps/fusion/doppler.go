package fusion

import "math"

// A doppler learns how noisy the velocities of a receiver are, from how far each
// is from the parabola through three others: what is left when it brakes and
// turns evenly. Whoever does not is off that, too; so it is the quiet quarter of
// them that counts.
type doppler struct {
	variance float64   // (m/s)², per axis; 0 before anything is known
	said     [3]spoken // the last ones, oldest first
	count    int       // how many in a row
}

// A spoken is a velocity as it was said.
type spoken struct {
	atNs int64
	vel  [2]float64 // m/s in the plane
}

const (
	// quiet is that share, and quietest that quantile of the square of a
	// two-dimensional deviation, in variances of one axis: -2 ln(1 - quiet).
	quiet, quietest = 0.25, 0.5753641449035618
	// dopplerRate is by how much the logarithm moves at most: some 40 fixes count.
	dopplerRate = 0.1
	// dopplerSpan is the longest, in seconds, that four velocities may take.
	dopplerSpan = 4.5
)

// learn takes a velocity that has a direction, and forgets the row without.
func (d *doppler) learn(m *measurement) {
	if m.speed < courseSure || !m.course || m.guess {
		d.stop()
		return
	}
	s := [4]spoken{d.said[0], d.said[1], d.said[2], {m.atNs, m.vel}}
	d.count++
	copy(d.said[:], s[1:])
	if span := seconds(s[3].atNs - s[0].atNs); d.count < len(s) || !(span > 0 && span <= dopplerSpan) {
		return
	}
	// The third divided difference: nothing of a parabola is left in it.
	var e, n, noise float64
	for i := range s {
		c := 1.0
		for j := range s {
			if i != j {
				c /= seconds(s[i].atNs - s[j].atNs)
			}
		}
		e, n, noise = e+c*s[i].vel[0], n+c*s[i].vel[1], noise+c*c
	}
	x := (e*e + n*n) / noise
	if math.IsNaN(x) { // two of one time
		return
	}
	by := dopplerRate * quiet
	if x < d.variance*quietest {
		by -= dopplerRate
	}
	d.variance = min(max(d.variance*math.Exp(by), bestSpeed*bestSpeed), noisiest*noisiest)
}

// stop forgets what was said last.
func (d *doppler) stop() { d.count = 0 }
