package gpstest

import "github.com/sensord/sensord/gps"

// A Grader compares positions with the truth. The zero Grader is ready.
type Grader struct{}

// Add counts one frame: where it truly was heard, and the position that it got.
func (g *Grader) Add(truth State, p gps.Position, ok bool) { panic("not yet") }

// Merge adds what another grader saw.
func (g *Grader) Merge(o *Grader) { panic("not yet") }

// Grade sums up.
func (g *Grader) Grade() Grade { panic("not yet") }

// A Grade says how good positions were. Distances are in metres, shares are of
// one; they are NaN if no frame had a position.
type Grade struct {
	Frames  int     // asked
	Located int     // that had a position
	RMSE    float64 // root of the mean square
	P50     float64 // half of the errors are smaller
	P95     float64 // 95 % of the errors are smaller
	Mean    float64 // of P50 and P95: what positioning competitions rank by
	Inside  float64 // share of the located that was within the claimed radius
	Gross   int     // more than 50 m off while claiming less than 15 m
	None    float64 // share without a position
	Worst   float64 // the largest error
}
