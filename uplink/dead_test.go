package uplink_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A path that is dead is left within 8 s, whether frames flow or not, and
// whenever the last sign of life came.
func TestDeadPathIsLeftWithinEightSeconds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		every time.Duration // between frames; 0 is none
	}{
		{"idle", 0},
		{"few frames", 700 * time.Millisecond},
		{"many frames", time.Millisecond},
	} {
		for after := 10 * time.Second; after < 11500*time.Millisecond; after += 290 * time.Millisecond {
			t.Run(fmt.Sprintf("%s/%v", tt.name, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, kismettest.Config{}, false)
					l := (&line{delay: 300 * time.Millisecond}).over(r)
					ended := make(chan error, 1)
					go func() { ended <- r.link(t.Context()) }()
					stop := r.captures(tt.every)
					defer stop()
					elapse(after)
					cut := time.Now()
					l.cut()
					err := <-ended
					if took := time.Since(cut); fault.CodeOf(err) != fault.LinkSilent || took > 8*time.Second {
						t.Errorf("after %v: %v", took, err)
					}
				})
			})
		}
	}
}

// captures appends a frame so often until it is stopped.
func (r *rig) captures(every time.Duration) (stop func()) {
	if every == 0 {
		return func() {}
	}
	tick := time.NewTicker(every)
	stopped, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-tick.C:
				r.capture(1)
			case <-stopped:
				return
			}
		}
	}()
	return func() { tick.Stop(); close(stopped); <-done }
}

// An LTE line at the edge of coverage: 50 kB/s, 2 s there and back. No link is
// given up by either side, the line is used, and everything arrives.
func TestSlowLineWithALongRoundTripLosesNoLink(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		r.dialer.Server.Protocol = versionOf(p)
		(&line{bytesPerSecond: 50_000, delay: time.Second}).over(r)
		const total = 6_000 // about 1.5 MB
		r.capture(total)
		start := time.Now()
		ended := make(chan error, 1)
		go func() { ended <- r.link(limited(t, time.Hour)) }()
		if err := r.srv.Wait(t.Context(), func(s *kismettest.Server) bool { return len(s.Frames(testUUID)) == total }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 45*time.Second {
			t.Errorf("1.5 MB took %v: the line was not used", took)
		}
		stop := r.captures(40 * time.Millisecond) // an eighth of what the line carries
		elapse(2 * time.Minute)
		stop()
		r.session.Log.Close()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		got, twice := r.arrived()
		if diff := cmp.Diff(upTo(r.next), got); diff != "" || twice != 0 {
			t.Fatalf("%d frames twice; frames (-want +got):\n%s", twice, diff)
		}
		if src, _ := r.srv.Source(testUUID); src.Sessions != 1 {
			t.Errorf("%d sessions", src.Sessions)
		}
	})
}
