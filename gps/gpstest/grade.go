package gpstest

import (
	"math"
	"slices"

	"github.com/sensord/sensord/gps"
)

// A gross error is a position more than grossM off that claims to be better
// than claimsM.
const grossM, claimsM = 50, 15

// A Grader compares positions with the truth. The zero Grader is ready.
type Grader struct {
	errors  []float64
	claimed int // how many claimed anything
	inside  int
	gross   int
	frames  int
}

// Add counts one frame: where it truly was heard, and the position that it got.
func (g *Grader) Add(truth State, p gps.Position, ok bool) {
	g.frames++
	if !ok {
		return
	}
	e := apart(truth.Lat, truth.Lon, p.Lat, p.Lon)
	g.errors = append(g.errors, e)
	if math.IsNaN(p.AccuracyM) {
		return
	}
	g.claimed++
	if e <= p.AccuracyM {
		g.inside++
	}
	if e > grossM && p.AccuracyM < claimsM {
		g.gross++
	}
}

// Merge adds what another grader saw.
func (g *Grader) Merge(o *Grader) {
	g.errors = append(g.errors, o.errors...)
	g.claimed += o.claimed
	g.inside += o.inside
	g.gross += o.gross
	g.frames += o.frames
}

// Grade sums up.
func (g *Grader) Grade() Grade {
	n := len(g.errors)
	out := Grade{Frames: g.frames, Located: n, Gross: g.gross, None: math.NaN()}
	out.RMSE, out.P50, out.P95, out.Mean, out.Inside, out.Worst = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
	if g.frames > 0 {
		out.None = float64(g.frames-n) / float64(g.frames)
	}
	if g.claimed > 0 {
		out.Inside = float64(g.inside) / float64(g.claimed)
	}
	if n == 0 {
		return out
	}
	sorted := slices.Sorted(slices.Values(g.errors))
	var sum float64
	for _, e := range sorted {
		sum += e * e
	}
	out.RMSE = math.Sqrt(sum / float64(n))
	out.P50, out.P95, out.Worst = quantile(sorted, 0.50), quantile(sorted, 0.95), sorted[n-1]
	out.Mean = (out.P50 + out.P95) / 2
	return out
}

// quantile is the smallest of the sorted values that the share of all does not
// exceed.
func quantile(sorted []float64, share float64) float64 {
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// A Grade says how good positions were. Distances are in metres, shares are of
// one; what cannot be said is NaN.
type Grade struct {
	Frames  int     // asked
	Located int     // that had a position
	RMSE    float64 // root of the mean square
	P50     float64 // half of the errors are not larger
	P95     float64 // 95 % of the errors are not larger
	Mean    float64 // of P50 and P95: what positioning competitions rank by
	Inside  float64 // share of the located that was within the claimed radius
	Gross   int     // more than 50 m off while claiming less than 15 m
	None    float64 // share without a position
	Worst   float64 // the largest error
}
