package gps_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
)

const wgs84A = 6378137.0

func dms(d, m, s float64) float64 { return d + m/60 + s/3600 }

// The examples of EPSG Guidance Note 7-2, 4.1.1 and 4.1.2: a place in the
// southern North Sea, seen from the middle of the earth and from 55 N 5 E.
func TestConversionsGiveThePublishedExamples(t *testing.T) {
	place := gps.LLA{Lat: dms(53, 48, 33.82), Lon: dms(2, 7, 46.38), HeightM: 73.0}
	wantECEF := gps.ECEF{X: 3771793.968, Y: 140253.342, Z: 5124304.349}
	if d := distance(place.ECEF(), wantECEF); d > 0.001 {
		t.Errorf("ECEF of %+v: got %+v, want %+v", place, place.ECEF(), wantECEF)
	}

	plane := gps.NewPlane(gps.LLA{Lat: 55, Lon: 5, HeightM: 200})
	got := plane.ToENU(place)
	want := gps.ENU{E: -189013.869, N: -128642.040, U: -4220.171}
	if math.Abs(got.E-want.E) > 0.001 || math.Abs(got.N-want.N) > 0.001 || math.Abs(got.U-want.U) > 0.001 {
		t.Errorf("ENU of %+v: got %+v, want %+v", place, got, want)
	}
	if back := plane.FromENU(want); distance(back.ECEF(), wantECEF) > 0.001 {
		t.Errorf("place of %+v: got %+v, want %+v", want, back, place)
	}
}

func TestECEFAtTheEllipsoidsEnds(t *testing.T) {
	for _, c := range []struct {
		lla  gps.LLA
		want gps.ECEF
	}{
		{gps.LLA{}, gps.ECEF{X: wgs84A}},
		{gps.LLA{Lon: 90}, gps.ECEF{Y: wgs84A}},
		{gps.LLA{Lon: 180}, gps.ECEF{X: -wgs84A}},
		{gps.LLA{Lat: 90, HeightM: 10}, gps.ECEF{Z: 6356752.3142 + 10}},
		{gps.LLA{Lat: -90, Lon: 77}, gps.ECEF{Z: -6356752.3142}},
	} {
		if got := c.lla.ECEF(); distance(got, c.want) > 1e-4 {
			t.Errorf("%+v: got %+v, want %+v", c.lla, got, c.want)
		}
		if back := c.want.LLA(); distance(back.ECEF(), c.want) > 1e-6 {
			t.Errorf("%+v: got %+v and not back", c.want, back)
		}
	}
}

func TestConversionsAreInverses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := gps.LLA{
			Lat:     rapid.Float64Range(-90, 90).Draw(t, "lat"),
			Lon:     rapid.Float64Range(-180, 180).Draw(t, "lon"),
			HeightM: rapid.Float64Range(-500, 20_000).Draw(t, "height"),
		}
		if d := distance(a.ECEF(), a.ECEF().LLA().ECEF()); !(d < 1e-6) {
			t.Errorf("ECEF: %g m apart", d)
		}
		plane := gps.NewPlane(a)
		e := gps.ENU{
			E: rapid.Float64Range(-50_000, 50_000).Draw(t, "e"),
			N: rapid.Float64Range(-50_000, 50_000).Draw(t, "n"),
			U: rapid.Float64Range(-500, 500).Draw(t, "u"),
		}
		back := plane.ToENU(plane.FromENU(e))
		if d := math.Hypot(math.Hypot(back.E-e.E, back.N-e.N), back.U-e.U); !(d < 1e-5) {
			t.Errorf("ENU: %g m apart", d)
		}

		lat, lon := plane.Ground(e.E, e.N)
		ground := plane.ToENU(gps.LLA{Lat: lat, Lon: lon})
		if d := math.Hypot(ground.E-e.E, ground.N-e.N); !(d < 1e-5) {
			t.Errorf("ground: %g m apart", d)
		}
	})
}

// East at a place near the pole is another direction than at the plane's
// origin: what goes along the place's own east has to arrive east of it.
func TestPlaneTurnsVelocities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		origin := gps.LLA{Lat: rapid.Float64Range(-89.9, 89.9).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon")}
		plane := gps.NewPlane(origin)
		lat, lon := plane.Ground(rapid.Float64Range(-9000, 9000).Draw(t, "e"), rapid.Float64Range(-9000, 9000).Draw(t, "n"))
		east, north := rapid.Float64Range(-60, 60).Draw(t, "ve"), rapid.Float64Range(-60, 60).Draw(t, "vn")
		v := plane.VelToENU(lat, lon, east, north)
		gotEast, gotNorth := plane.VelFromENU(lat, lon, v)
		if math.Hypot(gotEast-east, gotNorth-north) > 1e-9 {
			t.Errorf("back: got %g %g, want %g %g", gotEast, gotNorth, east, north)
		}

		local := gps.NewPlane(gps.LLA{Lat: lat, Lon: lon})
		before := plane.ToENU(gps.LLA{Lat: lat, Lon: lon})
		after := plane.ToENU(local.FromENU(gps.ENU{E: east, N: north}))
		if math.Hypot(after.E-before.E-v.E, after.N-before.N-v.N) > 1e-5 {
			t.Errorf("a second later: got %+v from %+v by %+v", after, before, v)
		}
	})
}

func TestGroundBeyondTheHorizonIsANumber(t *testing.T) {
	plane := gps.NewPlane(gps.LLA{Lat: 52})
	if lat, lon := plane.Ground(9e6, 0); math.IsNaN(lat) || math.IsNaN(lon) {
		t.Errorf("got %g, %g", lat, lon)
	}
}

// The share inside of the circle, by integrating over the angle: a normal
// distribution has exp(-r²/2w) of its mass beyond r in each direction.
func TestRadius95HoldsNinetyFivePercent(t *testing.T) {
	for _, minor := range []float64{1e-3, 0.1, 0.25, 0.5, 0.75, 0.9, 1} {
		r := gps.Radius95(3, 3*minor)
		if swapped := gps.Radius95(3*minor, 3); swapped != r {
			t.Errorf("axes %g: %g one way, %g the other", minor, r, swapped)
		}
		const steps = 200_000
		outside := 0.0
		for i := range steps {
			s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / steps)
			w := c*c/9 + s*s/(9*minor*minor)
			outside += math.Exp(-r*r*w/2) / (w * 9 * minor) / steps
		}
		if inside := 1 - outside; inside < 0.9494 || inside > 0.9506 {
			t.Errorf("axes %g: %.5f inside of %g", minor, inside, r)
		}
	}
	if got := gps.Radius95(0, 0); got != 0 {
		t.Errorf("of nothing: %g", got)
	}
}

func distance(a, b gps.ECEF) float64 {
	return math.Hypot(math.Hypot(a.X-b.X, a.Y-b.Y), a.Z-b.Z)
}
