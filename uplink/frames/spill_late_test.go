package frames_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/frames"
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
