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
