package actors

import (
	"math"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

func TestWhatIsToldIsWhatWasMeasuredLast(t *testing.T) {
	const second = int64(time.Second)
	moving := func() *gps.Builder {
		b := gps.NewBuilder(gps.TrackOptions{Predict: 3 * time.Second, LimitM: 100})
		b.Add([]gps.Point{{TimeNs: 10 * second, Lat: 47, Lon: 8, VelEast: 30, AccuracyM: 3}, {TimeNs: 11 * second, Lat: 47, Lon: 8.0004, VelEast: 30, AccuracyM: 3}})
		return b
	}
	fixed := gps.NewFixed(52, 4, 0, "base")
	parked := moving()
	parked.SetFixed(&fixed)
	for _, tt := range []struct {
		name string
		b    *gps.Builder
		at   time.Duration
		lat  float64
		age  time.Duration
		want bool
	}{
		{"just measured", moving(), 11 * time.Second, 47, 0, true},
		{"two seconds ago", moving(), 13 * time.Second, 47, 2 * time.Second, true},
		{"too long ago", moving(), 20 * time.Second, 0, 0, false},
		{"fixed meanwhile", parked, 20 * time.Second, 52, 0, true},
		{"nothing", gps.NewBuilder(gps.TrackOptions{}), time.Second, 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, age, ok := lastMeasured(tt.b.Track(), int64(tt.at))
			if ok != tt.want || ok && (math.Abs(p.Lat-tt.lat) > 1e-9 || age != int64(tt.age)) {
				t.Errorf("%+v, %v old, %t", p, time.Duration(age), ok)
			}
		})
	}
}

func TestAPlaceIsToldWhenItIsNew(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct {
		name     string
		fixed    bool
		measures time.Duration // between two of the receiver; 0 has stopped
		want     int           // in 10 s, looked at ten times a second
	}{
		{"once a second", false, time.Second, 10},
		{"ten times a second", false, 100 * time.Millisecond, 100},
		{"more often than is told", false, 20 * time.Millisecond, 100},
		{"grows old", false, 0, 7},
		{"never moves", true, 0, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told toldPlace
			n := 0
			for at := time.Duration(0); at < 10*time.Second; at += 100 * time.Millisecond {
				measured := int64(time.Hour)
				if tt.fixed {
					measured += int64(at)
				} else if tt.measures > 0 {
					measured += int64(at.Truncate(tt.measures))
				}
				if told.due(tt.fixed, measured, begin.Add(at)) {
					n++
				}
			}
			if n != tt.want {
				t.Errorf("told %d times, want %d", n, tt.want)
			}
		})
	}
}
