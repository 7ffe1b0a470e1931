package hop_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

func TestHangingDriverDoesNotFreezeThePlan(t *testing.T) {
	for _, tc := range []struct {
		name   string
		deaf   bool
		hang   time.Duration
		then   error
		events []string
		want   []string
	}{
		{
			"in the kernel, and does it", true, 5900 * time.Millisecond, nil,
			[]string{"2.2s failing on 2, radio.driver: tune to 2: no answer from the driver for 2s", "6.1s recovered on 2 after 5.9s, failures 1"},
			[]string{"1@0s", "2@200ms", "3@6.11s", "1@6.2s"},
		},
		{
			"in the kernel, in vain", true, 5900 * time.Millisecond, errors.New("timeout"),
			[]string{"2.2s failing on 2, radio.driver: tune to 2: no answer from the driver for 2s", "6.1s recovered on 2 after 5.9s, failures 1"},
			[]string{"1@0s", "2@6.1s", "3@6.2s", "1@6.4s"},
		},
		{
			"and lets itself be stopped", false, time.Hour, nil,
			[]string{"2.2s failing on 2, radio.driver: tune to 2: no answer from the driver for 2s", "2.2s recovered on 2 after 2s, failures 1"},
			[]string{"1@0s", "2@2.2s", "3@2.4s", "1@2.6s"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				radio := &tuner{
					deaf: tc.deaf,
					takes: func(i int) time.Duration {
						if i == 1 {
							return tc.hang
						}
						return 0
					},
					fails: func(i int, _ capture.Channel) error {
						if i == 1 {
							return tc.then
						}
						return nil
					},
				}
				r := start(t, hop.Plan{Channels: list(3), Rate: 5}, radio)
				wait(2200 * time.Millisecond)
				if s := r.Status(); tc.deaf && (!s.Tuned.IsZero() || fault.CodeOf(s.Err) != fault.RadioDriver) {
					t.Errorf("status %+v", s)
				}
				wait(7 * time.Second)
				if diff := cmp.Diff(tc.events, r.events); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tc.want, names(radio.done())[:4]); diff != "" {
					t.Errorf("tuned (-want +got):\n%s", diff)
				}
				if err := r.stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// While the driver hangs, commands are answered, and obeyed when it is back.
func TestCommandsWhileTheDriverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(4)
		radio := &tuner{deaf: true, takes: func(i int) time.Duration {
			if i == 1 {
				return 10 * time.Second
			}
			return 0
		}}
		r := start(t, hop.Plan{Channels: l[:2], Rate: 5}, radio)
		wait(3 * time.Second)
		err := r.Lock(t.Context(), l[2])
		if fault.CodeOf(err) != fault.RadioDriver || time.Since(epoch) != 3*time.Second {
			t.Errorf("lock: %v after %v", err, time.Since(epoch))
		}
		r.SetPlan(hop.Plan{Channels: l[2:], Rate: 5})
		if s := r.Status(); s.Locked != l[2] || len(s.Active) != 2 || !s.Tuned.IsZero() {
			t.Errorf("status %+v", s)
		}
		wait(8 * time.Second)
		if s := r.Status(); s.Tuned != l[2] || s.Err != nil {
			t.Errorf("status %+v", s)
		}
		r.Unlock()
		wait(200 * time.Millisecond)
		want := []string{"1@0s", "2@200ms", "3@10.2s", "4@11.2s"}
		if diff := cmp.Diff(want, names(radio.done())); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
	})
}

func TestRunEndsWithADriverThatDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		radio := &tuner{deaf: true, takes: func(int) time.Duration { return time.Minute }}
		r := start(t, hop.Plan{Channels: list(2), Rate: 5}, radio)
		wait(10 * time.Second)
		if err := r.stop(); fault.CodeOf(err) != fault.RadioDriver || time.Since(epoch) != 12*time.Second {
			t.Errorf("run: %v after %v", err, time.Since(epoch))
		}
		wait(time.Hour) // and leaves nobody behind once the driver returns
	})
}

func TestRunEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		radio := &tuner{takes: func(int) time.Duration { return time.Second }}
		r := start(t, hop.Plan{Channels: list(2), Rate: 5}, radio)
		wait(500 * time.Millisecond)
		if err := r.stop(); err != nil || time.Since(epoch) != 500*time.Millisecond {
			t.Errorf("run: %v after %v", err, time.Since(epoch))
		}
		if s := r.Status(); !s.Tuned.IsZero() {
			t.Errorf("status %+v", s)
		}
	})
}

// A tuner that panics has failed to tune, and the next is tried.
func TestTunerThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		radio := &tuner{takes: func(n int) time.Duration {
			if n == 1 {
				panic("no such driver")
			}
			return time.Millisecond
		}}
		r := start(t, hop.Plan{Channels: list(3), Rate: 5}, radio)
		wait(10 * time.Second)
		if s := r.Status(); s.Failures != 1 || s.Err != nil || s.Hops < 45 {
			t.Errorf("status %+v", s)
		}
	})
}

// Another run goes on with the counters, and repeats nothing that was told.
func TestRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(3)
		r := start(t, hop.Plan{Channels: l, Rate: 5}, &tuner{fails: refuse(l[1])})
		wait(time.Second - 1)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second-1)
		defer cancel()
		second := make(chan error, 1)
		go func() { second <- r.Run(ctx) }()
		wait(0)
		short, cancelShort := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancelShort()
		if err := r.Run(short); err != nil { // waits for the second, in vain
			t.Error(err)
		}
		if err := <-second; err != nil {
			t.Error(err)
		}
		if s := r.Status(); s.Hops != 10 || len(s.Refused) != 1 || len(r.events) != 1 {
			t.Errorf("hops %d, refused %v, events %q", s.Hops, s.Refused, r.events)
		}
	})
}

// A radio that was opened again while a tune of the old one hung is tuned
// itself, whatever became of the other.
func TestRetryWhileTheDriverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(2)
		radio := &tuner{deaf: true, takes: func(i int) time.Duration {
			if i == 0 {
				return 5 * time.Second
			}
			return 0
		}}
		r := start(t, hop.Plan{}, radio)
		if err := r.Lock(t.Context(), l[1]); fault.CodeOf(err) != fault.RadioDriver {
			t.Errorf("lock: %v", err)
		}
		wait(time.Second)
		r.Retry()
		wait(time.Minute)
		if diff := cmp.Diff([]string{"2@0s", "2@5s"}, names(radio.done())); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
	})
}
