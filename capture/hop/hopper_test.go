package hop_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

// tuner is a radio as its driver could be.
type tuner struct {
	takes func(i int) time.Duration             // the i-th call, from 0; nil: nothing
	fails func(i int, c capture.Channel) error  // nil: never
	deaf  bool                                  // does not look at the context
	heard func(c capture.Channel, at time.Time) // called when it is there; may be nil

	mu    sync.Mutex
	calls int
	log   []tuned // what succeeded
}

// tuned is one success, asked for at a time since the test began.
type tuned struct {
	Channel capture.Channel
	At      time.Duration
}

func (r *tuner) Tune(ctx context.Context, c capture.Channel) error {
	r.mu.Lock()
	i, asked := r.calls, time.Now()
	r.calls++
	r.mu.Unlock()
	if r.takes != nil {
		end := ctx.Done()
		if r.deaf {
			end = nil
		}
		select {
		case <-time.After(r.takes(i)):
		case <-end:
			return ctx.Err()
		}
	}
	if r.fails != nil {
		if err := r.fails(i, c); err != nil {
			return err
		}
	}
	if r.heard != nil {
		r.heard(c, time.Now())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, tuned{c, asked.Sub(epoch)})
	return nil
}

func (r *tuner) done() []tuned {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

func (r *tuner) asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls
}

// epoch is when every bubble of synctest begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// rig is a Hopper that runs in a test.
type rig struct {
	*hop.Hopper
	cover  *hop.Coverage
	events []string // with their time in seconds
	stop   func() error
}

func start(t *testing.T, p hop.Plan, radio *tuner) *rig {
	r := &rig{cover: hop.NewCoverage(nil)}
	r.Hopper = hop.New(p, radio, r.cover, func(e hop.Event) {
		r.events = append(r.events, fmt.Sprintf("%v %s", time.Since(epoch), text(e)))
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = r.stop() })
	return r
}

func text(e hop.Event) string {
	switch e := e.(type) {
	case hop.Refused:
		return fmt.Sprintf("%v refused: %v", e.Channel, e.Err)
	case hop.Back:
		return fmt.Sprintf("%v back", e.Channel)
	case hop.AllRefused:
		return fmt.Sprintf("all refused, staying on %v: %v", e.Staying, e.Err)
	case hop.Failing:
		return fmt.Sprintf("failing on %v, %s: %v", e.Channel, fault.CodeOf(e.Err), e.Err)
	case hop.Recovered:
		return fmt.Sprintf("recovered on %v after %v, failures %d", e.Channel, e.After, e.Failures)
	}
	return fmt.Sprintf("%T", e)
}

// wait lets time pass, and whoever wakes up at its end be first.
func wait(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
	synctest.Wait()
}

// names writes tunings as "channel@time".
func names(log []tuned) []string {
	var out []string
	for _, t := range log {
		out = append(out, fmt.Sprintf("%v@%v", t.Channel, t.At))
	}
	return out
}

func refuse(cs ...capture.Channel) func(int, capture.Channel) error {
	return func(_ int, c capture.Channel) error {
		if slices.Contains(cs, c) {
			return fault.Newf(fault.RadioChannel, "tune to "+c.String(), "disabled")
		}
		return nil
	}
}

// visits checks that each channel of p comes within every cycle of the log.
func visits(t *testing.T, p hop.Plan, log []tuned, cycle, until time.Duration) {
	t.Helper()
	last := map[capture.Channel]time.Duration{}
	for _, c := range p.Channels {
		last[c] = 0
	}
	for _, v := range log {
		if gap := v.At - last[v.Channel]; gap > cycle {
			t.Errorf("%v was not visited for %v, the cycle is %v", v.Channel, gap, cycle)
			return
		}
		last[v.Channel] = v.At
	}
	for c, at := range last {
		if gap := until - at; gap > cycle {
			t.Errorf("%v was not visited for %v at the end, the cycle is %v", c, gap, cycle)
			return
		}
	}
}

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
