package gpstest_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpstest"
)

// beside is a truth, and a position so many metres north of it.
func beside(metres, claims float64) (gpstest.State, gps.Position) {
	truth := gpstest.State{Lat: 52, Lon: 179.99999}
	p := gps.NewPlane(gps.LLA{Lat: truth.Lat, Lon: truth.Lon})
	lat, lon := p.Ground(metres, 0) // to the east: over the antimeridian
	out := gps.NewFixed(lat, lon, math.NaN(), "")
	out.AccuracyM = claims
	return truth, out
}

func TestGrade(t *testing.T) {
	var g, rest gpstest.Grader
	add := func(g *gpstest.Grader, metres, claims float64) {
		truth, p := beside(metres, claims)
		g.Add(truth, p, true)
	}
	for i := 1; i <= 60; i++ { // errors of 1 to 100 m
		add(&g, float64(i), 60.5)
	}
	for i := 61; i <= 99; i++ {
		add(&rest, float64(i), 14)
	}
	add(&rest, 100, math.NaN())
	for range 25 {
		rest.Add(gpstest.State{}, gps.Position{}, false)
	}
	g.Merge(&rest)
	want := gpstest.Grade{
		Frames: 125, Located: 100, RMSE: math.Sqrt(338350.0 / 100), P50: 50, P95: 95, Mean: 72.5,
		Inside: 60.0 / 99, Gross: 39, None: 0.2, Worst: 100,
	}
	if d := cmp.Diff(want, g.Grade(), cmpopts.EquateApprox(0, 1e-3)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestGradeOfNothing(t *testing.T) {
	nan := math.NaN()
	want := gpstest.Grade{RMSE: nan, P50: nan, P95: nan, Mean: nan, Inside: nan, None: nan, Worst: nan}
	if d := cmp.Diff(want, new(gpstest.Grader).Grade(), cmpopts.EquateNaNs()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var g gpstest.Grader
	g.Add(gpstest.State{}, gps.Position{}, false)
	want.Frames, want.None = 1, 1
	if d := cmp.Diff(want, g.Grade(), cmpopts.EquateNaNs()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
