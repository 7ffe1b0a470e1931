package frames_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// Frames that come one by one share a batch, in which the first may have come
// long before the one that waits.
func TestAFrameIsAsOldAsItIsAndNotAsItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, nil)
		began := time.Now()
		for n := range 60 {
			r.log.Append(liveBatch(int64(time.Since(began))+1e9, 1_790_000_000e9, 1))
			c, ok := r.log.Next()
			if !ok || c.Len() != 1 || c.Spilled() {
				t.Fatalf("frame %d: %d frames, late %v", n, c.Len(), c.Spilled())
			}
			if b := r.log.Backlog(); b.Frames != 1 || b.Spilled || b.Age != 0 {
				t.Fatalf("frame %d: %+v", n, b)
			}
			r.log.Sent(c, 1)
			r.log.Ack(frames.Seq(n)) // all but the newest
			wait(100 * time.Millisecond)
		}
		r.want(frames.Stats{Captured: 60, Acked: 59, Waiting: 1, InFlight: 1})
		if diff := cmp.Diff([]string{"cursor", "lock", "meta"}, files(t, dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		wait(3 * time.Second) // but now it is late
		r.want(frames.Stats{Captured: 60, Acked: 59, Waiting: 1, InFlight: 1, Spilled: 1})
		r.end()
	})
}

// What waits in memory for longer than the track is kept has its places on disk.
func TestCopiesInMemoryAreOlderThanTheTrack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		tracker := &gps.Tracker{}
		clock := gps.ClockState{OffsetNs: 1_790_000_000e9, Source: gps.ClockGPS}
		tracker.Publish(drive(80e9, 40, clock, nil))
		r := start(t, t.TempDir(), func(_ *spool.Options, f *frames.Options) {
			f.Tracker = tracker
			f.Now = func() int64 { return 100e9 + int64(time.Since(began)) }
		})
		r.log.Append(liveBatch(100e9, 1_790_000_000e9, 20))
		var want []placed
		for i := range 20 {
			at := int64(100e9) + int64(i)*1e8
			want = append(want, placed{TimeNs: at + 1_790_000_000e9, Lon: math.Round(lonAt(at)*1e6) / 1e6})
		}
		wait(30 * time.Second)
		r.want(frames.Stats{Captured: 20, Waiting: 20, Spilled: 20})
		compare(t, "later", want, locate(r.log, drive(10_000e9, 10, clock, nil)))
		r.end()
	})
}
