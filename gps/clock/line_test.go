package clock_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
)

// A line is what lies between a receiver and the machine: it can stand still,
// keep what it was given, and deliver it later.
type line struct {
	*clock.Estimator
	t      *rapid.T
	system clock.System

	lie, least, jitter, interval int64
	// within is how far off a fix may be placed.
	within int64

	nextNs int64 // when the receiver measures next
	freeNs int64 // when the line has delivered what it was given so far
	last   gps.Fix
	lastNs int64 // when that was measured

	wary     int   // so many fresh reports may be refused, and
	waryToNs int64 // those until then
	sure     bool  // whatever is not too late has to be placed
}

// drawLine makes a line, and a receiver that was heard for a while.
func drawLine(t *rapid.T) *line {
	l := &line{
		Estimator: clock.NewEstimator(time.Time{}), t: t,
		system:   clock.System{OffsetNs: booted, ErrorNs: 10 * ms, Synchronised: rapid.Bool().Draw(t, "synchronised")},
		lie:      rapid.SampledFrom([]int64{0, 0, 18 * second, -3 * second, -1024 * week}).Draw(t, "lie"),
		least:    rapid.Int64Range(20, 450).Draw(t, "least") * ms,
		jitter:   rapid.Int64Range(1, 300).Draw(t, "jitter") * ms,
		interval: rapid.SampledFrom([]int64{100 * ms, second, 3 * second}).Draw(t, "interval"),
		nextNs:   100 * second,
	}
	l.sure = l.system.Synchronised && l.lie == 0
	l.within = 800 * ms
	if l.sure {
		l.within = 0
	}
	l.beWary()
	l.run(25)
	return l
}

// beWary allows for the reports that are refused where a liar cannot be told
// from one that is late.
func (l *line) beWary() {
	if !l.sure {
		l.wary, l.waryToNs = 4, l.nextNs+3*second+l.interval
	}
}

// run has the receiver measure and report.
func (l *line) run(reports int) {
	for range reports {
		l.deliver(l.measure(), l.nextNs-l.interval+l.latency())
	}
}

func (l *line) latency() int64 { return l.least + rapid.Int64Range(0, l.jitter).Draw(l.t, "jitter") }

// measure returns a report, which is yet to arrive.
func (l *line) measure() gps.Fix {
	f := gps.NewFix()
	f.Receiver, f.TimeNs = "a", l.nextNs+booted+l.lie
	l.nextNs += l.interval
	return f
}

// deliver has a report arrive, but not before those before it.
func (l *line) deliver(f gps.Fix, atNs int64) {
	l.freeNs = max(l.freeNs, atNs)
	measured := f.TimeNs - booted - l.lie
	l.last, l.lastNs = f, measured
	late := l.freeNs - measured
	ok := l.arrive(f, measured)
	due := late <= l.least+l.jitter || l.sure && late < 15*second
	switch {
	case ok || !due:
	case l.wary > 0 || l.freeNs <= l.waryToNs:
		l.wary--
	default:
		l.t.Fatalf("a report that is %v late is not placed", time.Duration(late))
	}
}

func (l *line) arrive(f gps.Fix, measured int64) (ok bool) {
	f.ReceivedNs = l.freeNs
	l.system.AtNs = l.freeNs
	l.SetSystem(l.system)
	at, ok := l.Place(f, 0)
	if off := at - measured; ok && (off > l.within || off < -l.within) {
		l.t.Fatalf("a report that is %v late is placed %v off", time.Duration(l.freeNs-measured), time.Duration(off))
	}
	return ok
}

// stall has the line stand still. It keeps all, or the first or the last few, and
// then delivers them at some pace, which is more than they come at.
func (l *line) stall(forNs int64) {
	var kept []gps.Fix
	end := l.nextNs + forNs
	for l.nextNs < end {
		kept = append(kept, l.measure())
	}
	switch few := rapid.IntRange(1, 50).Draw(l.t, "kept"); rapid.SampledFrom([]string{"all", "first", "last"}).Draw(l.t, "keeps") {
	case "first":
		kept = kept[:min(few, len(kept))]
	case "last":
		kept = kept[max(0, len(kept)-few):]
	}
	slowest := l.interval * 2 / 3
	if !l.sure {
		slowest = l.interval / 5 // in a minute a slow line is the usual one
	}
	spacing := rapid.Int64Range(0, slowest).Draw(l.t, "spacing")
	l.freeNs = max(l.freeNs, end)
	for len(kept) > 0 {
		if l.nextNs+l.least <= l.freeNs {
			kept = append(kept, l.measure())
		}
		f := kept[0]
		kept = kept[1:]
		l.deliver(f, f.TimeNs-booted-l.lie+l.latency())
		l.freeNs += spacing
	}
}

// lag has the line be slow.
func (l *line) lag(byNs int64, reports int) {
	for range reports {
		l.deliver(l.measure(), l.nextNs-l.interval+l.latency()+byNs)
	}
}

// A fix is placed where it was measured, or nowhere, however late it comes: held
// back by a line that stands still or is slow, left in a buffer while the machine
// slept, told again. And what comes in time is placed.
func TestLateFixesArePlacedWhereTheyWereMeasured(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLine(t)
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			kinds := []string{"stall", "silence", "sleep", "again"}
			if l.sure {
				kinds = append(kinds, "lag") // without another clock one that lasts is not seen
			}
			switch rapid.SampledFrom(kinds).Draw(t, "event") {
			case "stall":
				l.stall(rapid.Int64Range(0, 90_000).Draw(t, "for") * ms)
			case "silence":
				l.nextNs += rapid.Int64Range(0, 1200).Draw(t, "for") * second
			case "sleep":
				f, slept := l.measure(), rapid.Int64Range(1, 8*3600).Draw(t, "for")*second
				l.system.SleptNs += slept
				l.nextNs += slept
				l.sure, l.within = false, 800*ms // the kernel's clock may have suffered
				l.beWary()
				if rapid.Bool().Draw(t, "one is left") {
					wary := l.wary
					l.wary = 1
					l.deliver(f, l.nextNs)
					l.wary = wary
				}
			case "again":
				l.freeNs = max(l.freeNs, l.lastNs) + rapid.Int64Range(1000, 20_000).Draw(t, "after")*ms
				l.arrive(l.last, l.lastNs)
				l.nextNs = max(l.nextNs, l.freeNs)
			case "lag":
				l.lag(rapid.Int64Range(500, 4500).Draw(t, "by")*ms, rapid.IntRange(1, 200).Draw(t, "reports"))
			}
			l.run(rapid.IntRange(5, 70).Draw(t, "reports"))
		}
	})
}
