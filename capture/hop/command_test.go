package hop_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

func TestLockAndUnlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(5)
		radio := &tuner{takes: func(int) time.Duration { return 30 * time.Millisecond }}
		r := start(t, hop.Plan{Channels: l[:4], Rate: 5}, radio)
		wait(300 * time.Millisecond)
		if err := r.Lock(t.Context(), l[4]); err != nil {
			t.Error(err)
		}
		if s := r.Status(); s.Locked != l[4] || s.Tuned != l[4] || s.Hopping || s.Rate != 0 || s.Cycle != 0 {
			t.Errorf("status %+v", s)
		}
		wait(time.Hour)
		r.SetPlan(hop.Plan{Channels: l[:4], Rate: 10}) // does not unlock
		wait(time.Minute)
		r.Unlock()
		r.Unlock()
		wait(time.Second)
		got := names(radio.done())
		want := []string{"1@0s", "2@200ms", "5@300ms", "3@1h1m0.33s", "4@1h1m0.43s", "1@1h1m0.53s"}
		if diff := cmp.Diff(want, got[:6]); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
		if s := r.Status(); !s.Locked.IsZero() || !s.Hopping || s.Rate != 10 || s.Missed != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestLockOnWhereItIsTunesAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(1)
		radio := &tuner{}
		r := start(t, hop.Plan{Channels: l, Rate: 5}, radio)
		wait(time.Second)
		for range 2 {
			if err := r.Lock(t.Context(), l[0]); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"1@0s", "1@1s", "1@1s"}, names(radio.done())); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
	})
}

func TestLockThatIsRefusedStaysAndIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(3)
		var bad atomic.Pointer[[]capture.Channel]
		set := func(cs ...capture.Channel) { bad.Store(&cs) }
		set(l[2:]...)
		radio := &tuner{fails: func(i int, c capture.Channel) error { return refuse((*bad.Load())...)(i, c) }}
		r := start(t, hop.Plan{Channels: l[:2], Rate: 5}, radio)
		wait(time.Second)
		err := r.Lock(t.Context(), l[2])
		if fault.CodeOf(err) != fault.RadioChannel {
			t.Errorf("lock: %v", err)
		}
		if s := r.Status(); s.Tuned != l[1] || s.Locked != l[2] || s.Hopping || len(s.Refused) != 1 {
			t.Errorf("status %+v", s)
		}
		wait(30 * time.Second)
		set()
		wait(30 * time.Second)
		if s := r.Status(); s.Tuned != l[2] || len(s.Refused) != 0 {
			t.Errorf("status %+v", s)
		}
		if diff := cmp.Diff([]string{"1s 3 refused: tune to 3: disabled", "1m1s 3 back"}, r.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		set(l[2:]...)
		if err := r.Lock(t.Context(), l[2]); err == nil {
			t.Error("lock: no error")
		}
		r.SetPlan(hop.Plan{Channels: l[:1], Rate: 5})
		r.Unlock()
		wait(time.Second)
		r.SetPlan(hop.Plan{Channels: l[:2], Rate: 5})
		wait(time.Second)
		if s := r.Status(); len(s.Refused) != 0 || !s.Hopping {
			t.Errorf("nobody asks for it any more: %+v", s)
		}
	})
}

func TestLockWhileTuningFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(3)
		var broken atomic.Bool
		broken.Store(true)
		radio := &tuner{fails: func(int, capture.Channel) error {
			if broken.Load() {
				return fault.Newf(fault.RadioBusy, "wlan0", "other")
			}
			return nil
		}}
		r := start(t, hop.Plan{}, radio)
		if err := r.Lock(t.Context(), l[2]); fault.CodeOf(err) != fault.RadioBusy {
			t.Errorf("lock: %v", err)
		}
		wait(10*time.Second - 1)
		if radio.asked() != 10 {
			t.Errorf("tried %d times in 10 s", radio.asked())
		}
		broken.Store(false)
		wait(time.Second)
		if s := r.Status(); s.Tuned != l[2] || s.Err != nil || radio.asked() != 11 {
			t.Errorf("status %+v", s)
		}
		// The radio was opened again, and is who knows where.
		r.Retry()
		wait(time.Hour)
		if radio.asked() != 12 {
			t.Errorf("asked %d times", radio.asked())
		}
	})
}

func TestLockIsSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(2)
		radio := &tuner{takes: func(int) time.Duration { return time.Second }}
		r := start(t, hop.Plan{}, radio)
		first := make(chan error, 1)
		go func() { first <- r.Lock(t.Context(), l[0]) }()
		wait(100 * time.Millisecond)
		if err := r.Lock(t.Context(), l[1]); err != nil {
			t.Error(err)
		}
		if err := <-first; !errors.Is(err, hop.ErrSuperseded) {
			t.Errorf("first lock: %v", err)
		}
		go func() { first <- r.Lock(t.Context(), l[0]) }()
		wait(100 * time.Millisecond)
		r.Unlock()
		if err := <-first; !errors.Is(err, hop.ErrSuperseded) {
			t.Errorf("lock before unlock: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := r.Lock(ctx, l[0]); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("lock with a deadline: %v", err)
		}
		wait(5 * time.Second)
		if s := r.Status(); s.Tuned != l[0] {
			t.Errorf("what it asked for does not stand: %+v", s)
		}
	})
}

func TestNewPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(6)
		radio := &tuner{}
		plan := hop.Plan{Channels: slices.Clone(l[:3]), Rate: 1}
		r := start(t, plan, radio)
		wait(1500 * time.Millisecond)
		r.SetPlan(plan) // nothing new: no hop, and no beginning again
		wait(0)
		plan.Channels[2] = l[5] // the hopper has its own copy
		plan.Channels[2] = l[2]
		plan.Rate = 2 // the next is due 500 ms after the last
		wait(400 * time.Millisecond)
		r.SetPlan(plan)
		wait(600 * time.Millisecond) // 2.5 s
		plan.Rate = 0
		r.SetPlan(plan)
		wait(10 * time.Second)
		plan.Rate = 10
		r.SetPlan(plan)
		wait(100 * time.Millisecond) // 12.6 s
		r.SetPlan(hop.Plan{Channels: l[3:], Rate: 0.001, Offset: 2})
		wait(time.Second)
		r.SetPlan(hop.Plan{Channels: l[3:], Rate: 4, Offset: 2})
		wait(260 * time.Millisecond)
		want := []string{
			"1@0s", "2@1s", "3@1.9s", "1@2.4s", "2@12.5s", "3@12.6s",
			"6@12.6s", "4@13.6s", "5@13.85s",
		}
		if diff := cmp.Diff(want, names(radio.done())); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
		if s := r.Status(); s.Hops != 9 || s.Missed != 0 || s.Rate != 4 {
			t.Errorf("status %+v", s)
		}
		wait(time.Second)
		var visits uint64
		for _, c := range r.cover.Snapshot().Channels {
			visits += c.Visits
		}
		if visits != r.Status().Hops {
			t.Errorf("%d visits, %d hops", visits, r.Status().Hops)
		}
	})
}
