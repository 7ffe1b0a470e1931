package hop_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A wild radio does what it wants, until it is tame.
type wild struct {
	t    *testing.T
	rnd  *rand.Rand
	tame atomic.Bool
	busy atomic.Bool
}

func (w *wild) Tune(ctx context.Context, c capture.Channel) error {
	if w.busy.Swap(true) {
		w.t.Error("tuned while it is being tuned")
	}
	defer w.busy.Store(false)
	if w.tame.Load() {
		return nil
	}
	took := time.Duration(w.rnd.IntN(100)) * time.Millisecond
	if w.rnd.IntN(50) == 0 {
		took = time.Duration(w.rnd.IntN(10)) * time.Second
	}
	end := ctx.Done()
	if w.rnd.IntN(2) == 0 {
		end = nil
	}
	select {
	case <-time.After(took):
	case <-end:
		return ctx.Err()
	}
	codes := []fault.Code{fault.RadioChannel, fault.RadioBusy, fault.RadioDriver, fault.RadioGone, fault.RadioChannel, fault.RadioChannel}
	if i := w.rnd.IntN(30); i < len(codes) {
		return fault.Newf(codes[i], "tune to "+c.String(), "because")
	}
	return nil
}

// Whatever a radio and its commanders do: it is never tuned twice at once,
// events come in pairs, and when all is well again every channel is visited
// within the cycle.
func TestHopperOutlivesEverything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		commands := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 40).Draw(rt, "commands")
		n := rapid.IntRange(1, 30).Draw(rt, "channels")
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 2))
			radio := &wild{t: t, rnd: rand.New(rand.NewPCG(seed, 3))}
			log := &tuner{}
			cover := hop.NewCoverage(nil)
			var events []string
			plan := hop.Plan{Channels: list(n), Rate: 10, Shuffle: true}
			h := hop.New(plan, both{radio, log}, cover, func(e hop.Event) { events = append(events, text(e)) })
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- h.Run(ctx) }()
			for _, c := range commands {
				wait(time.Duration(rnd.IntN(5000)) * time.Millisecond)
				switch c {
				case 0, 1:
					l := list(1 + rnd.IntN(30))
					h.SetPlan(hop.Plan{Channels: l[rnd.IntN(len(l)):], Rate: float64(rnd.IntN(30)), Adaptive: c == 1})
				case 2, 3:
					_ = h.Lock(t.Context(), list(40)[rnd.IntN(40)])
				case 4:
					short, stop := context.WithTimeout(t.Context(), time.Duration(rnd.IntN(100))*time.Millisecond)
					_ = h.Lock(short, list(40)[rnd.IntN(40)])
					stop()
				case 5:
					h.Unlock()
				case 6:
					h.Retry()
				case 7:
					h.Status()
					cover.Snapshot()
				}
			}
			radio.tame.Store(true)
			h.SetPlan(plan)
			h.Unlock()
			wait(12 * time.Second) // whatever hangs is back
			h.Retry()
			wait(2 * plan.Cycle())
			s := h.Status()
			if len(s.Active) != n || len(s.Refused) > 0 || s.Err != nil || s.Tuned.IsZero() || !s.Hopping {
				t.Errorf("status %+v", s)
			}
			from := time.Since(epoch)
			wait(10 * plan.Cycle())
			if n > 1 {
				recent := slices.DeleteFunc(log.done(), func(v tuned) bool { return v.At < from })
				for i := range recent {
					recent[i].At -= from
				}
				visits(t, plan, recent, plan.Cycle(), 10*plan.Cycle())
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			paired(t, events)
			if t.Failed() {
				t.Logf("seed %d, commands %v, %d channels, events %q", seed, commands, n, events)
			}
		})
	})
}

// both is a radio, and a log of what it did.
type both struct {
	radio *wild
	log   *tuner
}

func (b both) Tune(ctx context.Context, c capture.Channel) error {
	if err := b.radio.Tune(ctx, c); err != nil {
		return err
	}
	return b.log.Tune(ctx, c)
}

// paired checks that nothing begins twice or ends without having begun. A
// refused channel that no plan has any more is forgotten, and may be refused
// again.
func paired(t *testing.T, events []string) {
	t.Helper()
	refused, failing := map[string]bool{}, ""
	for _, e := range events {
		word := strings.Fields(e)
		switch {
		case strings.HasSuffix(e, " back"):
			if !refused[word[0]] {
				t.Errorf("%q, but it was not refused", e)
			}
			delete(refused, word[0])
		case word[0] == "failing":
			code := word[3]
			if failing == code {
				t.Errorf("%q told twice", e)
			}
			failing = code
		case word[0] == "recovered":
			if failing == "" {
				t.Errorf("%q, but it was not failing", e)
			}
			failing = ""
		case word[1] == "refused:":
			refused[word[0]] = true
		}
	}
}
