package gps_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

func TestWait(t *testing.T) {
	const ms = int64(time.Millisecond)
	for _, c := range []struct {
		name              string
		interval, latency time.Duration
		newest            int64 // ms; 0 for no point
		frame, now        int64 // ms
		want              time.Duration
	}{
		{"a point covers the frame", time.Second, 200 * time.Millisecond, 5000, 5000, 5100, 0},
		{"just behind the newest", time.Second, 200 * time.Millisecond, 5000, 5100, 5200, 1100 * time.Millisecond},
		{"some of it is over", time.Second, 200 * time.Millisecond, 5000, 5100, 6000, 300 * time.Millisecond},
		{"all of it is over", time.Second, 200 * time.Millisecond, 5000, 5100, 6300, 0},
		{"long over, from a spool", time.Second, 200 * time.Millisecond, 5000, 5100, 6_000_000, 0},
		{"never more than MaxWait", 2 * time.Second, 200 * time.Millisecond, 5000, 5100, 5200, 1400 * time.Millisecond},
		{"a slow receiver's next", 10 * time.Second, 0, 5000, 14_000, 14_000, 1500 * time.Millisecond},
		{"a slow receiver that stopped", 10 * time.Second, 0, 5000, 15_100, 15_100, 0},
		{"ten a second", 100 * time.Millisecond, 50 * time.Millisecond, 5000, 5010, 5020, 140 * time.Millisecond},
		{"no receiver", 0, 0, 5000, 5100, 5200, 0},
		{"no receiver, with a latency", 0, time.Second, 5000, 5100, 5200, 0},
		{"no point", time.Second, 200 * time.Millisecond, 0, 5100, 5200, 0},
		{"unplugged, predicted", time.Second, 200 * time.Millisecond, 5000, 7500, 7500, 1200 * time.Millisecond},
		{"unplugged, nothing to predict", time.Second, 200 * time.Millisecond, 5000, 8300, 8300, 0},
		{"a little ahead of its time", time.Second, 200 * time.Millisecond, 5000, 5201, 5200, 1200 * time.Millisecond},
		{"of the future", time.Second, 200 * time.Millisecond, 5000, 9000, 5200, 0},
	} {
		b := gps.NewBuilder(gps.TrackOptions{})
		b.SetPace(c.interval, c.latency)
		if c.newest > 0 {
			b.Add([]gps.Point{{TimeNs: c.newest * ms, Lat: 52, Lon: 4, AccuracyM: 3}})
		}
		if got := b.Track().Wait(c.frame*ms, c.now*ms); got != c.want {
			t.Errorf("%s: waits %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTrackAllocatesNothing(t *testing.T) {
	track := trackOf(gps.TrackOptions{}, drive(0, 100, 10)...)
	ns := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		ns += 10_000_019
		track.At(ns)
		track.AtUTC(ns)
		track.Wait(ns, ns)
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
