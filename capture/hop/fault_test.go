package hop_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

func TestRefusedChannelIsLeftOutAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(4)
		var tries []string
		var allowed atomic.Bool
		radio := &tuner{}
		radio.fails = func(_ int, c capture.Channel) error {
			if c != l[2] {
				return nil
			}
			tries = append(tries, time.Since(epoch).Round(time.Second).String())
			if allowed.Load() {
				return nil
			}
			return refuse(l[2])(0, c)
		}
		r := start(t, hop.Plan{Channels: l, Rate: 10}, radio)
		wait(time.Second)
		// The slot of the refused one is the next one's.
		want := []string{"1@0s", "2@100ms", "4@200ms", "1@300ms", "2@400ms", "4@500ms"}
		if diff := cmp.Diff(want, names(radio.done())[:6]); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
		s := r.Status()
		if !slices.Equal(s.Active, []capture.Channel{l[0], l[1], l[3]}) || s.Cycle != 300*time.Millisecond || s.Rate != 10 || s.Err != nil {
			t.Errorf("status %+v", s)
		}
		if len(s.Refused) != 1 || s.Refused[0].Channel != l[2] || fault.CodeOf(s.Refused[0].Err) != fault.RadioChannel {
			t.Errorf("refused %+v", s.Refused)
		}
		wait(time.Hour)
		if diff := cmp.Diff([]string{"0s", "1m0s", "3m0s", "7m0s", "15m0s", "30m0s", "45m0s", "1h0m0s"}, tries); diff != "" {
			t.Errorf("tried at (-want +got):\n%s", diff)
		}
		allowed.Store(true)
		r.Retry()
		wait(time.Second)
		want = []string{"200ms 3 refused: tune to 3: disabled", "1h0m1s 3 back"}
		if diff := cmp.Diff(want, r.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		for _, c := range r.cover.Snapshot().Channels {
			if c.Channel == l[2] && (c.Refused != 8 || c.LastError != "tune to 3: disabled" || c.Visits == 0) {
				t.Errorf("coverage %+v", c)
			}
		}
		if s := r.Status(); len(s.Refused) != 0 || len(s.Active) != 4 || s.Missed != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAllRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(1000)
		var bad atomic.Pointer[[]capture.Channel]
		set := func(cs ...capture.Channel) { bad.Store(&cs) }
		set(l[1:]...)
		radio := &tuner{fails: func(i int, c capture.Channel) error { return refuse((*bad.Load())...)(i, c) }}
		r := start(t, hop.Plan{Channels: l[:1], Rate: 5}, radio)
		wait(time.Second)
		r.SetPlan(hop.Plan{Channels: l[1:], Rate: 5, Shuffle: true})
		wait(59 * time.Second)
		s := r.Status()
		if radio.asked() != 1000 || s.Tuned != l[0] || s.Hopping || s.Rate != 0 || s.Cycle != 0 || len(s.Refused) != 999 {
			t.Errorf("asked %d times, status: tuned %v, hopping %v, rate %v, %d refused", radio.asked(), s.Tuned, s.Hopping, s.Rate, len(s.Refused))
		}
		if len(r.events) != 1000 || !strings.HasPrefix(r.events[999], "1s all refused, staying on 1: ") {
			t.Errorf("%d events, the last %q", len(r.events), r.events[len(r.events)-1])
		}
		wait(2 * time.Second)
		if radio.asked() != 1999 || len(r.events) != 1000 {
			t.Errorf("asked %d times, %d events", radio.asked(), len(r.events))
		}
		set()
		r.Retry()
		wait(time.Hour)
		if s := r.Status(); !s.Hopping || len(s.Refused) != 0 || len(s.Active) != 999 {
			t.Errorf("status: hopping %v, %d refused, %d active", s.Hopping, len(s.Refused), len(s.Active))
		}
		// A list of which everything is known to be refused is told, too.
		set(l...)
		r.SetPlan(hop.Plan{Channels: l[:3], Rate: 5})
		wait(0)
		r.SetPlan(hop.Plan{Channels: l[1:3], Rate: 5})
		wait(0)
		told := r.events[len(r.events)-2:]
		for _, e := range told {
			if !strings.Contains(e, "all refused") && !strings.Contains(e, "refused:") {
				t.Errorf("events %q", told)
			}
		}
		if last := r.events[len(r.events)-1]; !strings.Contains(last, "all refused") {
			t.Errorf("last event %q", last)
		}
	})
}

func TestOtherErrorsLeaveNoChannelOut(t *testing.T) {
	for _, tc := range []struct {
		code   fault.Code
		stays  bool // the radio is known to be where it was
		events []string
	}{
		{fault.RadioBusy, true, []string{"10s failing on 1, radio.busy: wlan0: other", "20.6s recovered on 3 after 10.6s, failures 12"}},
		{fault.RadioGone, false, []string{"10s failing on 1, radio.gone: wlan0: other", "21.4s recovered on 2 after 11.4s, failures 13"}},
		{"", false, []string{"10s failing on 1, : other", "21.4s recovered on 2 after 11.4s, failures 13"}},
	} {
		t.Run(string(tc.code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var broken atomic.Bool
				p := hop.Plan{Channels: list(5), Rate: 5}
				radio := &tuner{fails: func(int, capture.Channel) error {
					if broken.Load() && tc.code == "" {
						return errors.New("other")
					} else if broken.Load() {
						return fault.Newf(tc.code, "wlan0", "other")
					}
					return nil
				}}
				r := start(t, p, radio)
				wait(9900 * time.Millisecond)
				broken.Store(true)
				wait(10 * time.Second)
				s := r.Status()
				if s.Err == nil || len(s.Refused) > 0 || len(s.Active) != 5 || s.Tuned.IsZero() == tc.stays || s.Failures < 10 || s.Failures > 15 {
					t.Errorf("status %+v", s)
				}
				wait(600 * time.Millisecond)
				broken.Store(false)
				wait(10 * time.Second)
				if diff := cmp.Diff(tc.events, r.events); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				log := radio.done()
				i := slices.IndexFunc(log, func(v tuned) bool { return v.At > 20*time.Second })
				if n := len(maps.Collect(seen(log[i : i+5]))); n != 5 {
					t.Errorf("%d different channels in the first cycle", n)
				}
				if s := r.Status(); s.Err != nil || s.Tuned.IsZero() || s.Missed == 0 {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

// A driver that now and then does not do it loses no channel's turn.
func TestFailedTuneIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		radio := &tuner{fails: func(i int, _ capture.Channel) error {
			if i%3 == 2 {
				return fault.Newf(fault.RadioDriver, "wlan0", "once")
			}
			return nil
		}}
		r := start(t, hop.Plan{Channels: list(4), Rate: 10}, radio)
		wait(time.Second - 1)
		want := []string{"1@0s", "2@100ms", "3@300ms", "4@400ms", "1@600ms", "2@700ms", "3@900ms"}
		if diff := cmp.Diff(want, names(radio.done())); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
		if s := r.Status(); s.Rate > 7.1 || s.Rate < 6.9 || s.Failures != 3 {
			t.Errorf("status %+v", s)
		}
	})
}

// One channel that the driver never does keeps the others from nothing.
func TestChannelThatAlwaysFailsFreezesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(4)
		radio := &tuner{fails: func(_ int, c capture.Channel) error {
			if c == l[1] {
				return fault.Newf(fault.RadioDriver, "wlan0", "never")
			}
			return nil
		}}
		r := start(t, hop.Plan{Channels: l, Rate: 10}, radio)
		wait(5*time.Second - 1)
		for _, c := range r.cover.Snapshot().Channels {
			if c.Channel == l[1] {
				if c.Failed != 20 || c.Visits != 0 || c.LastError != "wlan0: never" {
					t.Errorf("coverage %+v", c)
				}
			} else if c.Visits != 10 {
				t.Errorf("coverage %+v", c)
			}
		}
	})
}
