package gps_test

import (
	"math"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

const second = int64(time.Second)

// drive returns n points of a car that goes round and round, rate of them a
// second, at 30 m/s on a circle of 500 m.
func drive(startNs int64, n, rate int) []gps.Point {
	points := make([]gps.Point, n)
	plane := gps.NewPlane(gps.LLA{Lat: 52.1, Lon: 4.3})
	for i := range points {
		sin, cos := math.Sincos(float64(i) / float64(rate) * 30 / 500)
		lat, lon := plane.Ground(500*sin, 500*cos)
		points[i] = gps.Point{
			TimeNs: startNs + int64(i)*second/int64(rate), Lat: lat, Lon: lon, AltMSL: 3,
			VelEast: 30 * cos, VelNorth: -30 * sin, CourseDeg: math.Mod(math.Atan2(cos, -sin)*180/math.Pi+360, 360),
			AccuracyM: 3, VelAccuracyMPS: 0.4, AccelMPS2: 3, Receiver: gps.FusedName,
		}
	}
	return points
}

func longTrack() (t *gps.Track, newestNs int64) {
	b := gps.NewBuilder(gps.TrackOptions{})
	points := drive(100*second, 2*3600*10, 10)
	for i := range points {
		b.Add(points[i : i+1])
	}
	return b.Track(), points[len(points)-1].TimeNs
}

// BenchmarkTrackAt asks a track of two hours where frames were heard: those of
// the last seconds, in order, as a session asks; those of a spool; and any.
func BenchmarkTrackAt(b *testing.B) {
	track, newest := longTrack()
	for _, c := range []struct {
		name     string
		from, by int64
	}{
		{"live", newest - 2*second, 1_000_003},
		{"spooled", newest - 3600*second, 1_000_003},
		{"any", newest - 7000*second, 777_000_000_007},
		{"predicted", newest + 1, 1_003},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			span := min(newest+second-c.from, 7000*second)
			at := int64(0)
			for b.Loop() {
				if _, ok := track.At(c.from + at); !ok {
					b.Fatal("no position")
				}
				if at += c.by; at >= span {
					at -= at / span * span
				}
			}
		})
	}
}

// BenchmarkBuilderAdd is what a fix costs: its point, and the next track.
func BenchmarkBuilderAdd(b *testing.B) {
	points := drive(100*second, 36_000, 10)
	builder := gps.NewBuilder(gps.TrackOptions{})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p := points[i%len(points)]
		p.TimeNs = 100*second + int64(i)*second/10
		builder.Add([]gps.Point{p})
		if _, ok := builder.Track().At(p.TimeNs); !ok {
			b.Fatal("no position")
		}
		i++
	}
}
