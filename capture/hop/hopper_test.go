package hop_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

func TestEveryChannelIsVisitedWithinTheCycle(t *testing.T) {
	sizes := []int{1000}
	for n := 2; n <= 120; n++ {
		sizes = append(sizes, n)
	}
	for _, rate := range []float64{1.0 / 60, 1, 5, 10, 20, 99, 5000} {
		t.Run(fmt.Sprintf("rate %.3g", rate), func(t *testing.T) {
			for _, n := range sizes {
				synctest.Test(t, func(t *testing.T) {
					p := hop.Plan{Channels: list(n), Rate: rate, Shuffle: n%3 != 0, Skip: n % 7, Offset: n * 5}
					p.Adaptive = n%2 == 0
					radio := &tuner{takes: func(i int) time.Duration { return time.Duration(i*7%60) * time.Millisecond }}
					r := start(t, p, radio)
					cycle := p.Cycle() + time.Duration(n)*max(0, 59*time.Millisecond+hop.MinDwell-p.Period())
					wait(cycle)
					if first := maps.Collect(seen(radio.done())); len(first) != n {
						t.Errorf("%d of %d channels in the first cycle", len(first), n)
					}
					wait(cycle)
					if stated := r.Status().Cycle; stated > cycle {
						t.Errorf("%d channels: the cycle is said to be %v, which is more than %v", n, stated, cycle)
					}
					visits(t, p, radio.done(), cycle, 2*cycle)
				})
			}
		})
	}
}

func seen(log []tuned) func(func(capture.Channel, bool) bool) {
	return func(yield func(capture.Channel, bool) bool) {
		for _, v := range log {
			if !yield(v.Channel, true) {
				return
			}
		}
	}
}

func TestAnHourDoesNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hop.Plan{Channels: list(38), Rate: 5, Shuffle: true}
		radio := &tuner{takes: func(i int) time.Duration { return time.Duration(3+i*13%58) * time.Millisecond }}
		r := start(t, p, radio)
		wait(time.Hour - time.Millisecond)
		log := radio.done()
		if len(log) != 18000 {
			t.Errorf("%d hops in an hour at 5 per second", len(log))
		}
		order := p.Order()
		for i, v := range log {
			want := tuned{p.Channels[order[i%38]], time.Duration(i) * 200 * time.Millisecond}
			if v != want {
				t.Fatalf("hop %d is %v, want %v", i, v, want)
			}
		}
		s := r.Status()
		if s.Hops != 18000 || s.Missed != 0 || s.Rate != 5 || !s.Hopping || s.Cycle != p.Cycle() {
			t.Errorf("status %+v", s)
		}
		var visits uint64
		var dwell, moving time.Duration
		for _, c := range r.cover.Snapshot().Channels {
			visits += c.Visits
			dwell += c.Dwell
			moving += c.MeanSwitch * time.Duration(c.Visits)
			if c.MeanSwitch < 3*time.Millisecond || c.MaxSwitch > 60*time.Millisecond || c.MaxSwitch < c.MeanSwitch {
				t.Errorf("%s: mean switch %v, longest %v", c.Name, c.MeanSwitch, c.MaxSwitch)
			}
		}
		if lost := time.Hour - time.Millisecond - dwell - moving; visits != 18000 || lost < 0 || lost > time.Millisecond {
			t.Errorf("%d visits, %v listened and %v moved in an hour", visits, dwell, moving)
		}
	})
}

func TestMissedSlotsDoNotSkipChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		radio := &tuner{takes: func(i int) time.Duration {
			if i == 2 {
				return 1050 * time.Millisecond
			}
			return 0
		}}
		r := start(t, hop.Plan{Channels: list(4), Rate: 5}, radio)
		wait(2 * time.Second)
		want := []string{"1@0s", "2@200ms", "3@400ms", "4@1.46s", "1@1.6s", "2@1.8s", "3@2s"}
		if diff := cmp.Diff(want, names(radio.done())); diff != "" {
			t.Errorf("tuned (-want +got):\n%s", diff)
		}
		if s := r.Status(); s.Missed != 4 || s.Hops != 7 {
			t.Errorf("missed %d, hops %d", s.Missed, s.Hops)
		}
	})
}

func TestRateThatCannotBeKeptIsReportedAsKept(t *testing.T) {
	for _, tc := range []struct {
		rate  float64
		takes time.Duration
		want  float64
	}{
		{5, 190 * time.Millisecond, 5},
		{20, 45 * time.Millisecond, 1 / 0.055},
		{100, 3 * time.Millisecond, 1 / 0.013},
		{1000, 0, 100},
		{10, 1990 * time.Millisecond, 0.5},
	} {
		synctest.Test(t, func(t *testing.T) {
			radio := &tuner{takes: func(int) time.Duration { return tc.takes }}
			r := start(t, hop.Plan{Channels: list(11), Rate: tc.rate}, radio)
			wait(2 * time.Minute)
			hops := float64(len(radio.done())) / 120
			if s := r.Status(); s.Rate < tc.want*0.97 || s.Rate > tc.want*1.03 || hops < tc.want*0.98 || hops > tc.want*1.02 {
				t.Errorf("%g/s, tuning in %v: said to be %.4g, was %.4g, want %.4g", tc.rate, tc.takes, s.Rate, hops, tc.want)
			}
			want := 11 * max(tc.takes+hop.MinDwell, hop.Plan{Rate: tc.rate}.Period())
			if s := r.Status(); s.Cycle != want {
				t.Errorf("%g/s, tuning in %v: cycle %v, want %v", tc.rate, tc.takes, s.Cycle, want)
			}
		})
	}
}

func TestPlansThatStay(t *testing.T) {
	three := list(3)
	for _, tc := range []struct {
		name string
		plan hop.Plan
		fail func(int, capture.Channel) error
		want []string
	}{
		{"no channels", hop.Plan{Rate: 5}, nil, nil},
		{"the zero plan", hop.Plan{}, nil, nil},
		{"one channel", hop.Plan{Channels: three[:1], Rate: 5}, nil, []string{"1@0s"}},
		{"one channel, many times", hop.Plan{Channels: slices.Repeat(three[:1], 50), Rate: 5, Shuffle: true}, nil, []string{"1@0s"}},
		{"no rate", hop.Plan{Channels: three, Offset: 1}, nil, []string{"2@0s"}},
		{"no rate, refused", hop.Plan{Channels: three, Offset: 1}, refuse(three[1]), []string{"3@0s"}},
		{"one left", hop.Plan{Channels: three, Rate: 50}, refuse(three[1:]...), []string{"1@0s"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				radio := &tuner{fails: tc.fail}
				r := start(t, tc.plan, radio)
				wait(50 * time.Second)
				if diff := cmp.Diff(tc.want, names(radio.done())); diff != "" {
					t.Errorf("tuned (-want +got):\n%s", diff)
				}
				if s := r.Status(); len(tc.want) > 0 && s.Tuned.IsZero() {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

func TestChannelListedTwiceIsVisitedTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(3)
		radio := &tuner{}
		r := start(t, hop.Plan{Channels: []capture.Channel{l[0], l[1], l[0], l[2]}, Rate: 1}, radio)
		wait(400*time.Second - 1)
		got := map[string]uint64{}
		for _, c := range r.cover.Snapshot().Channels {
			got[c.Name] = c.Visits
		}
		if diff := cmp.Diff(map[string]uint64{"1": 200, "2": 100, "3": 100}, got); diff != "" {
			t.Errorf("visits (-want +got):\n%s", diff)
		}
		if s := r.Status(); s.Cycle != 4*time.Second || !slices.Equal(s.Active, l) || len(s.Plan.Channels) != 4 {
			t.Errorf("status %+v", s)
		}
	})
}
