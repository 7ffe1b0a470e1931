package gps_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
)

// at is a position of a receiver with a 95 % radius.
func at(lat, lon, accuracyM float64) gps.Position {
	return gps.Position{Lat: lat, Lon: lon, AccuracyM: accuracyM, SpeedMPS: math.NaN(), Kind: gps.Kind}
}

func TestZoneContainsWhatMayBeInside(t *testing.T) {
	home := gps.Zone{Lat: 52, Lon: 4, RadiusM: 200}
	dateline := gps.Zone{Lat: -17, Lon: 180, RadiusM: 1000}
	pole := gps.Zone{Lat: 90, Lon: 0, RadiusM: 1000}
	south := gps.Zone{Lat: -89.999, Lon: 10, RadiusM: 1000}
	nan := math.NaN()
	// A degree of latitude is 111 265 m at 52 degrees, 111 694 m at a pole; one
	// of longitude 106 489 m at 17 degrees south.
	for _, tt := range []struct {
		name string
		zone gps.Zone
		p    gps.Position
		want bool
	}{
		{"middle", home, at(52, 4, 3), true},
		{"199 m north", home, at(52+199/111265., 4, 0), true},
		{"201 m north", home, at(52+201/111265., 4, 0), false},
		{"201 m south, 3 m off", home, at(52-201/111265., 4, 3), true},
		{"201 m east", home, at(52, 4+201/68678., 0), false},
		{"199 m west", home, at(52, 4-199/68678., 0), true},
		{"500 m away, 400 m off", home, at(52+500/111265., 4, 400), true},
		{"far, but nobody knows how far off", home, at(0, 0, math.Inf(1)), true},
		{"220 m away, accuracy unknown", home, at(52+220/111265., 4, nan), true},
		{"240 m away, accuracy unknown", home, at(52+240/111265., 4, nan), false},
		{"201 m away, fixed", home, gps.NewFixed(52+201/111265., 4, nan, ""), false},
		{"199 m away, fixed", home, gps.NewFixed(52+199/111265., 4, nan, ""), true},
		{"no latitude", home, at(nan, 4, 3), true},
		{"no longitude", home, at(52, nan, 3), true},
		{"other side of the antimeridian", dateline, at(-17, -180+900/106489., 3), true},
		{"this side of it", dateline, at(-17, 180-900/106489., 3), true},
		{"too far behind it", dateline, at(-17, -180+1010/106489., 3), false},
		{"longitude by its other name", gps.Zone{Lat: -17, Lon: -180, RadiusM: 10}, at(-17, 180, 3), true},
		{"pole, any longitude", pole, at(90-900/111694., 123, 3), true},
		{"too far from the pole", pole, at(90-1010/111694., -123, 3), false},
		{"across the south pole", south, at(-89.999, -170, 3), true},
		{"zone of no place", gps.Zone{Lat: nan, Lon: 4, RadiusM: 1}, at(10, 10, 3), true},
		{"zone of no size", gps.Zone{Lat: 52, Lon: 4, RadiusM: nan}, at(10, 10, 3), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.zone.Contains(tt.p); got != tt.want {
				t.Errorf("contains is %v, clearance %g m", got, tt.zone.ClearanceM(tt.p))
			}
			if got := gps.Hidden([]gps.Zone{{Lat: 1, Lon: 1, RadiusM: 1}, tt.zone}, tt.p); got != tt.want {
				t.Errorf("hidden is %v", got)
			}
		})
	}
}

func TestNothingIsHiddenWithoutZones(t *testing.T) {
	if gps.Hidden(nil, at(52, 4, 3)) {
		t.Error("hidden")
	}
}

// The short cut of Hidden never differs from asking every zone.
func TestHiddenAsksEveryZone(t *testing.T) {
	lat, lon := rapid.Float64Range(-90, 90), rapid.Float64Range(-180, 180)
	rapid.Check(t, func(t *rapid.T) {
		p := at(lat.Draw(t, "lat"), lon.Draw(t, "lon"), rapid.Float64Range(0, 1000).Draw(t, "accuracy"))
		near := rapid.Float64Range(-9, 9)
		zones := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) gps.Zone {
			return gps.Zone{
				Lat: min(max(p.Lat+near.Draw(t, "dlat"), -90), 90), Lon: p.Lon + near.Draw(t, "dlon"),
				RadiusM: rapid.Float64Range(1, gps.MaxZoneRadiusM).Draw(t, "radius"),
			}
		}), 0, 4).Draw(t, "zones")
		want := false
		for _, z := range zones {
			want = want || z.Contains(p)
		}
		if got := gps.Hidden(zones, p); got != want {
			t.Errorf("hidden is %v, want %v", got, want)
		}
	})
}
