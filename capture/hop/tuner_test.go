package hop_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
