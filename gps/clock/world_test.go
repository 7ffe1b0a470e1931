package clock_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
)

const (
	ms     = int64(time.Millisecond)
	second = int64(time.Second)
	week   = 7 * 24 * 3600 * second
)

// booted is UTC when the machine of the tests started: its CLOCK_BOOTTIME is 0.
var booted = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC).UnixNano()

// A world is a machine with receivers, whose truth is known.
type world struct {
	*clock.Estimator
	t      *testing.T
	nowNs  int64
	utcNs  int64 // UTC minus CLOCK_BOOTTIME
	doubts int   // so many reports may still be refused
	random *rand.Rand

	sleptNs int64
}

func newWorld(t *testing.T) *world {
	return &world{
		Estimator: clock.NewEstimator(time.Time{}), t: t, nowNs: 20 * second, utcNs: booted,
		random: rand.New(rand.NewPCG(4, 2)),
	}
}

// A puck is a receiver that reports once a second.
type puck struct {
	name   string
	lie    int64         // its time minus UTC
	least  int64         // latency
	jitter int64         // and up to so much more
	set    time.Duration // its latency, as it is configured
}

// placed is what became of a report.
type placed struct {
	receiver string
	errorNs  int64 // by how much it was placed too late
}

// run lets seconds pass, in which each receiver reports once.
func (w *world) run(seconds int, pucks ...puck) (reports []placed) {
	w.t.Helper()
	for range seconds {
		w.nowNs += second
		measured := w.nowNs - (w.nowNs+w.utcNs)%second // at a full second of UTC
		for _, p := range pucks {
			if r, ok := w.report(p, measured); ok {
				reports = append(reports, r)
			}
		}
	}
	return reports
}

func (w *world) report(p puck, measured int64) (r placed, ok bool) {
	w.t.Helper()
	f := gps.NewFix()
	f.Receiver, f.TimeNs = p.name, measured+w.utcNs+p.lie
	f.ReceivedNs = measured + p.least
	if p.jitter > 0 {
		f.ReceivedNs += w.random.Int64N(p.jitter)
	}
	at, ok := w.Place(f, p.set)
	if !ok {
		w.doubts--
	}
	if w.doubts < 0 || at > f.ReceivedNs {
		w.t.Errorf("report of %s at %d: placed at %d, %v", p.name, f.ReceivedNs, at, ok)
	}
	return placed{p.name, at - measured}, ok
}

// kernel sets the system clock: errorNs is what the kernel says, off what it
// really is off by.
func (w *world) kernel(synchronised bool, off, errorNs int64) {
	w.SetSystem(clock.System{AtNs: w.nowNs, SleptNs: w.sleptNs, OffsetNs: w.utcNs + off, ErrorNs: errorNs, Synchronised: synchronised})
}

func (w *world) wantState(source gps.ClockSource, errorNs int64) {
	w.t.Helper()
	s := w.State()
	if s.Source != source || s.ErrorNs != errorNs {
		w.t.Errorf("state: %+v, want %q with an error of %v", s, source, time.Duration(errorNs))
	}
	if off := max(s.OffsetNs-w.utcNs, w.utcNs-s.OffsetNs); s.Known() && off > errorNs {
		w.t.Errorf("state: %+v is %v off", s, time.Duration(off))
	}
}

func (w *world) wantSystemOffset(want, within int64) {
	w.t.Helper()
	s := w.State()
	if d := s.SystemOffsetNs - want; !s.HasSystemOffset || max(d, -d) > within {
		w.t.Errorf("state: %+v, want the system clock %v off", s, time.Duration(want))
	}
}

// wantPlaced checks by how much the last reports were placed too late.
func (w *world) wantPlaced(reports []placed, last int, from, to int64) {
	w.t.Helper()
	for _, p := range reports[len(reports)-min(last, len(reports)):] {
		if p.errorNs < from || p.errorNs > to {
			w.t.Errorf("a report of %s is placed %v late, want %v to %v",
				p.receiver, time.Duration(p.errorNs), time.Duration(from), time.Duration(to))
		}
	}
}
