package frames_test

import (
	"math"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

func TestScreenShowsWhatAGateWouldLetThrough(t *testing.T) {
	at := func(s int64, metres float64) frames.Located {
		return frames.Located{TimeNs: s * gateSecond, HasPosition: true, Position: gps.Position{
			Lat: 52 + metres/gateDegreeM, Lon: 4, AccuracyM: 5, SpeedMPS: math.NaN(), Kind: gps.Kind,
		}}
	}
	nowhere := func(s int64) frames.Located { return frames.Located{TimeNs: s * gateSecond} }
	screen := frames.NewScreen(home)
	for i, tt := range []struct {
		l    frames.Located
		want bool
	}{
		{nowhere(1), false},
		{at(10, 3000), true},
		{nowhere(11), true},
		{nowhere(60), false},
		{at(61, 204), false},
		{at(62, 206), true},
		{nowhere(63), false},
		{at(70, 0), false},
		{nowhere(71), false},
	} {
		if got := screen.Shows(&tt.l); got != tt.want {
			t.Errorf("%d: shows is %v", i, got)
		}
	}
	if l := nowhere(1); !frames.NewScreen(nil).Shows(&l) {
		t.Error("hidden without a zone")
	}
}
