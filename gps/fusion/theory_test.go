package fusion

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sensord/sensord/gps"
)

// driven is something that moves as the filter expects: Singer's model, one axis
// after the other.
type driven struct{ p, v, a [2]float64 }

// step goes on by a second, in small steps.
func (d *driven) step(rng *rand.Rand, b *body) {
	const steps, h = 100, 0.01
	keep := math.Exp(-h / b.accTau)
	push := math.Sqrt(b.accVar * (1 - keep*keep))
	for range steps {
		for i := range d.p {
			d.p[i] += h*d.v[i] + h*h/2*d.a[i]
			d.v[i] += h * d.a[i]
			d.a[i] = keep*d.a[i] + push*rng.NormFloat64()
		}
	}
}

// A receiver whose noise is white, alone, each second: the variance goes where
// the textbook's equation of Riccati says, and the errors are what it says.
func TestWhiteNoiseConverges(t *testing.T) {
	const sigma = 3.0
	want := riccati(sigma*sigma*claimDoubt, &car)

	var sum, count float64
	var variances []float64
	home := gps.NewPlane(gps.LLA{Lat: 47, Lon: 8})
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		f := New(Options{})
		var d driven
		for k := range 300 {
			d.step(rng, &car)
			fix := gps.NewFix()
			fix.Receiver, fix.Mode, fix.AccuracyM = "a", gps.Mode2D, sigma*r95
			fix.Lat, fix.Lon = home.Ground(d.p[0]+sigma*rng.NormFloat64(), d.p[1]+sigma*rng.NormFloat64())
			if len(f.receivers) > 0 {
				f.receivers[0].white = whiteMost // it has shown it
			}
			r := f.Add(fix, int64(k)*1e9)
			if k < 60 || len(r.Points) == 0 {
				continue
			}
			p := r.Points[len(r.Points)-1]
			e := home.ToENU(gps.LLA{Lat: p.Lat, Lon: p.Lon})
			sum += ((e.E-d.p[0])*(e.E-d.p[0]) + (e.N-d.p[1])*(e.N-d.p[1])) / 2
			count++
			n := f.nodes[len(f.nodes)-1]
			variances = append(variances, n.e.p[rowPos][rowPos])
		}
	}
	// Now and then a surprise makes it larger for a while.
	slices.Sort(variances)
	if got := variances[len(variances)/2]; math.Abs(got/want-1) > 0.03 {
		t.Errorf("the variance is %.2f, theory says %.2f", got, want)
	}
	// The filter doubts the claim, and expects a part of the noise to last: the
	// errors are a little smaller than it says.
	if got := sum / count; got > want*1.05 || got < want*0.6 {
		t.Errorf("the errors have a variance of %.2f, theory says %.2f", got, want)
	}
}

// riccati goes on with the textbook's filter of one axis until nothing changes:
// the variance of the position.
func riccati(variance float64, b *body) float64 {
	white, off := variance*whiteMost, variance*(1-whiteMost)
	f, tr := identity(4), transit(1, b.accTau, offTau)
	f[0][1], f[0][2], f[1][2], f[2][2], f[3][3] = 1, tr.accPos, tr.accVel, tr.accKept, tr.offKept
	q, s := zeros(4, 4), singer(1, b.accTau)
	for i := range 3 {
		for j := range 3 {
			q[i][j] = 2 * b.accVar / b.accTau * s[i][j]
		}
	}
	q[3][3] = (1 - tr.offKept*tr.offKept) * off
	p := identity(4)
	for i := range p {
		p[i][i] = 100
	}
	p[3][3] = off
	for range 2000 {
		p = f.times(p).times(f.t()).plus(q, 1)
		o := observation{a: 0, b: 3}
		_, p = learnt(zeros(4, 2), p, &o, [2]float64{}, white)
	}
	return p[0][0]
}
