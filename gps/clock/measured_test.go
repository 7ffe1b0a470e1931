package clock_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
)

// A fix whose receiver knows when it was measured is placed there, however late
// it comes, and says nothing of UTC.
func TestFixesWhoseReceiverKnowsWhen(t *testing.T) {
	for _, tt := range []struct {
		name       string
		configured time.Duration
		usual      time.Duration // as it is placed, of those that are 200 ms late
	}{
		{"measured", 0, 200 * time.Millisecond},
		{"configured", 350 * time.Millisecond, 350 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := clock.NewEstimator(time.Time{})
			f := gps.NewFix()
			f.Receiver, f.Mode = "bus", gps.Mode2D
			for i := range 60 {
				late := []time.Duration{150, 200, 200, 200, 900}[i%5] * time.Millisecond
				f.MeasuredNs = int64(i+1) * int64(time.Second)
				f.ReceivedNs = f.MeasuredNs + int64(late)
				at, ok := e.Place(f, tt.configured)
				want := f.MeasuredNs + int64(200*time.Millisecond-tt.usual)
				if i >= 10 && (!ok || at != want) {
					t.Fatalf("fix %d: %v instead of %v, %t", i, time.Duration(at), time.Duration(want), ok)
				}
			}
			if usual, worst, known := e.Latency("bus"); usual != 200*time.Millisecond || worst != 900*time.Millisecond || !known {
				t.Errorf("latency %v, %v, %t", usual, worst, known)
			}
			if e.State().Known() {
				t.Errorf("clock %+v", e.State())
			}
		})
	}
	e := clock.NewEstimator(time.Time{})
	f := gps.NewFix()
	f.Receiver, f.ReceivedNs = "bus", int64(time.Hour)
	f.MeasuredNs = f.ReceivedNs - int64(clock.MaxLate) - 1
	if _, ok := e.Place(f, 0); ok {
		t.Error("a fix of long ago is placed")
	}
	f.MeasuredNs = f.ReceivedNs + int64(time.Second)
	if at, ok := e.Place(f, 0); !ok || at != f.ReceivedNs {
		t.Errorf("one of the future is placed at %v, %t", time.Duration(at), ok)
	}
}
