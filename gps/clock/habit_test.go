package clock_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

// Something sets the clock wrong and says that it is right, and later it is set
// right. A receiver whose times did not move with it says so: its fixes stay
// where they are.
func TestPlaceWhileTheClockIsSetWrong(t *testing.T) {
	for _, off := range []time.Duration{
		-time.Hour, -10 * time.Second, -1500 * time.Millisecond, -400 * time.Millisecond, -150 * time.Millisecond,
		150 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond, 1900 * time.Millisecond, 10 * time.Second, time.Hour,
	} {
		for _, a := range []puck{{name: "quick", least: 80 * ms}, {name: "slow", least: 900 * ms}, {name: "restless", least: 300 * ms, jitter: 200 * ms}} {
			if a.name == "slow" && off < 0 && off > -time.Second {
				continue // see TestClockThatWasWrong
			}
			t.Run(a.name+" "+off.String(), func(t *testing.T) {
				w := newWorld(t)
				w.kernel(true, 0, 5*ms)
				w.wantPlaced(w.run(60, a), 60, 0, 0)
				for _, unsynchronised := range []bool{false, true} {
					if unsynchronised { // as the kernel says until it is told otherwise
						w.kernel(false, int64(off), 16*second)
						w.wantPlaced(w.run(3, a), 3, -a.jitter/2, a.jitter/2)
					}
					w.kernel(true, int64(off), 5*ms)
					// What stays of the jitter is what was not the least latency.
					w.wantPlaced(w.run(300, a), 300, -a.jitter/2, a.jitter/2)
					w.kernel(true, 0, 5*ms)
					w.run(60, a)
					w.wantPlaced(w.run(60, a), 60, 0, 0)
				}
			})
		}
	}
}

// The other way round: a receiver's clock is set, and the kernel's is not.
func TestPlaceAfterAReceiverIsSet(t *testing.T) {
	for _, by := range []time.Duration{-18 * time.Second, -2 * time.Second, -time.Second, 450 * time.Millisecond, time.Second, 2 * time.Second, 18 * time.Second} {
		for _, rate := range []int64{1, 10} {
			t.Run(by.String(), func(t *testing.T) {
				w := newWorld(t)
				w.kernel(true, 0, 5*ms)
				w.run(60, puck{name: "a", least: 300 * ms})
				w.doubts = int(2*rate) + 1
				for i := range 300 * rate {
					measured := w.nowNs + (i+1)*second/rate
					r, ok := w.report(puck{name: "a", lie: int64(by), least: 300 * ms}, measured)
					if ok {
						w.wantPlaced([]placed{r}, 1, 0, 0)
					}
				}
			})
		}
	}
}

// Both are set, as at a leap second, or one after the other.
func TestPlaceAfterBothAreSet(t *testing.T) {
	for _, by := range []int64{-18 * second, -second, second, 18 * second} {
		w := newWorld(t)
		a := puck{name: "a", least: 300 * ms, jitter: 100 * ms}
		w.kernel(true, 0, 5*ms)
		w.run(60, a)
		a.lie, w.doubts = by, 3
		w.wantPlaced(w.run(60, a), 55, -50*ms, 50*ms)
		w.kernel(true, by, 5*ms)
		w.run(30, a)
		w.wantPlaced(w.run(30, a), 30, 0, 0)
	}
}

// A clock that was wrong from the start cannot be told from a receiver that is
// slow. Once it is set, the receiver would be uncommonly quick or slow no more:
// then the clock is believed.
func TestClockThatWasWrong(t *testing.T) {
	for _, off := range []int64{-1500 * ms, -700 * ms, 700 * ms, 1500 * ms, 1900 * ms, 3600 * second} {
		w := newWorld(t)
		a := puck{name: "a", least: 100 * ms, jitter: 200 * ms}
		w.kernel(true, off, 5*ms)
		w.doubts = 3
		w.run(60, a)
		w.kernel(true, 0, 5*ms)
		w.doubts = 0
		w.wantPlaced(w.run(60, a), 60, 0, 0)
	}
	// A slow one looks quick by a clock that is behind, and slow again when that
	// is set right.
	w := newWorld(t)
	slow := puck{name: "slow", least: 900 * ms}
	w.kernel(true, 0, 5*ms)
	w.run(60, slow)
	w.kernel(true, -600*ms, 5*ms)
	w.wantPlaced(w.run(60, slow), 60, 0, 600*ms)
	w.kernel(true, 0, 5*ms)
	w.wantPlaced(w.run(60, slow), 60, 0, 0)
}

// A step by no more than the kernel said that it may be off is what it is: the
// end of that error.
func TestClockThatSaidThatItMayBeOff(t *testing.T) {
	w := newWorld(t)
	a := puck{name: "a", least: 100 * ms}
	w.kernel(true, 350*ms, 900*ms)
	w.wantPlaced(w.run(60, a), 60, -350*ms, -350*ms)
	w.kernel(true, 0, 5*ms)
	w.wantPlaced(w.run(60, a), 60, 0, 0)
}

// The clock of a machine that sleeps is kept by one that counts seconds: when it
// wakes up, all of its clocks may be off by one, and the kernel does not know.
func TestPlaceAfterSleep(t *testing.T) {
	for _, off := range []int64{-900 * ms, -300 * ms, 0, 400 * ms, 900 * ms} {
		for _, slept := range []int64{30 * second, 8 * 3600 * second} {
			w := newWorld(t)
			a := puck{name: "a", least: 200 * ms, jitter: 100 * ms}
			w.kernel(true, 0, 5*ms)
			w.run(60, a)
			w.nowNs += slept
			w.sleptNs += slept
			w.utcNs -= off
			w.kernel(true, off, 5*ms)
			if off > 0 {
				w.doubts = 3 // they could be late
			}
			w.wantPlaced(w.run(60, a), 60, -110*ms, 110*ms)
			w.doubts = 0
			w.wantPlaced(w.run(60, a), 60, -20*ms, 20*ms)
			w.kernel(true, 0, 5*ms) // NTP
			w.run(10, a)
			w.wantPlaced(w.run(60, a), 60, 0, 0)
		}
	}
}

// While the line is slow the clock is set wrong, and then it is quick again.
func TestPlaceAfterTheLineWasSlow(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, 0, 5*ms)
	w.wantPlaced(w.run(60, puck{name: "a", least: 150 * ms}), 60, 0, 0)
	w.wantPlaced(w.run(120, puck{name: "a", least: 550 * ms}), 120, 0, 0)
	w.kernel(true, 1500*ms, 5*ms)
	w.run(30, puck{name: "a", least: 550 * ms})
	w.wantPlaced(w.run(60, puck{name: "a", least: 150 * ms}), 60, -20*ms, 20*ms)
}

// What NTP was good for is not forgotten with it.
func TestPlaceAfterNTPIsLost(t *testing.T) {
	w := newWorld(t)
	a := puck{name: "a", least: 450 * ms}
	w.kernel(true, 0, 5*ms)
	w.run(60, a)
	w.kernel(false, 0, 16*second)
	w.wantPlaced(w.run(300, a), 300, 0, 0)

	// A pulse knows better.
	a.least = 850 * ms
	for i := range 30 {
		w.nowNs += second
		w.Pulse("a", gps.Pulse{UTCNs: w.nowNs + w.utcNs, BoottimeNs: w.nowNs, ErrorNs: ms})
		if reports := w.run(3, a); i >= 2 {
			w.wantPlaced(reports, 3, -ms, ms)
		}
	}
	w.wantState(gps.ClockPulse, ms)
}
