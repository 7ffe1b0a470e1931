package uplink_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismettest"
)

// Frames that come one by one join the newest batch, which the link may have
// read just before: from then on it must not look at it again.
func TestFramesThatComeOneByOneWhileTheLinkSends(t *testing.T) {
	r := newRig(t, kismettest.Config{}, true)
	ended := make(chan error, 1)
	go func() { ended <- r.link(limited(t, time.Minute)) }()
	const total = 10_000
	for range total {
		for s := r.session.Log.Stats(); s.Waiting-s.InFlight > 10; s = r.session.Log.Stats() {
			runtime.Gosched() // as fast as they are sent
		}
		r.capture(1)
	}
	r.session.Log.Close()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	got, twice := r.arrived()
	if diff := cmp.Diff(upTo(total), got); diff != "" || twice != 0 {
		t.Fatalf("%d frames twice; frames (-want +got):\n%s", twice, diff)
	}
}
