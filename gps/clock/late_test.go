package clock_test

import (
	"testing"
	"time"
)

// What is known of a fix that comes after so long. A clock that is synchronised
// knows better than the receiver's own.
func TestPlaceOfWhatWasLeftInABuffer(t *testing.T) {
	for _, c := range []struct {
		name  string
		late  int64
		slept bool
		ntp   bool // where it is placed with NTP, and without
		gps   bool
	}{
		{"the line stood still for 10 s", 10 * second, false, true, true},
		{"and for 19 s", 19 * second, false, true, true},
		{"for longer than is of use", 21 * second, false, false, false},
		{"for longer than receivers are remembered", 11 * 60 * second, false, false, false},
		{"the machine slept for 10 s", 10 * second, true, false, false},
		{"the machine slept overnight", 8 * 3600 * second, true, false, false},
	} {
		for name, want := range map[string]bool{"ntp": c.ntp, "gps": c.gps} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				w := newWorld(t)
				w.kernel(name == "ntp", 0, 10*ms)
				a := puck{name: "a", least: 150 * ms}
				w.run(30, a)
				left := w.nowNs + second
				if c.slept {
					w.sleptNs = c.late
					w.kernel(name == "ntp", 0, 10*ms)
				}
				if f := w.at(left, c.late, 0); want {
					w.wantAt("left", f, left, ms)
				} else {
					w.wantNowhere("left", f)
				}
				w.nowNs = left + c.late
				w.wantPlaced(w.run(30, a), 30, 0, 0)
			})
		}
	}
}

// Who stays behind by more than a line that stood still explains has set back a
// clock, or else the line is slow for good. That is not known, and no place.
func TestPlaceOfOneWhoStaysBehind(t *testing.T) {
	w := newWorld(t)
	w.kernel(false, 0, 16*second)
	w.run(30, puck{name: "a", least: 150 * ms})
	w.nowNs += 60 * second
	w.doubts = 1000
	behind := w.run(530, puck{name: "a", lie: -15 * second, least: 150 * ms})
	if len(behind) > 3 {
		t.Errorf("%d are placed", len(behind))
	}
	// After ten minutes it does not matter any more what it said before.
	w.run(30, puck{name: "a", lie: -15 * second, least: 150 * ms})
	w.doubts = 0
	w.wantPlaced(w.run(20, puck{name: "a", lie: -15 * second, least: 150 * ms}), 20, 0, 0)
}

// By a clock that is synchronised it is late, for as long as it lasts.
func TestPlaceOfOneWhoIsLateForLong(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, 0, 10*ms)
	w.run(30, puck{name: "a", least: 150 * ms})
	w.wantPlaced(w.run(1800, puck{name: "a", least: 10 * second}), 1800, 0, 0)
	w.wantPlaced(w.run(30, puck{name: "a", least: 150 * ms}), 30, 0, 0)
}

// The first one of all may have been kept, too.
func TestPlaceOfTheFirst(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, 0, 10*ms)
	w.wantNowhere("late", w.at(w.nowNs-8*second, 8*second, 0))
	w.wantPlaced(w.run(30, puck{name: "a", least: 150 * ms}), 30, 0, 0)
}

// That a line is often slow does not make the first one behind a silence fresh.
func TestPlaceOfTheFirstOfASlowLine(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, 0, 10*ms)
	a := puck{name: "a", least: 150 * ms, jitter: 4500 * ms}
	w.wantPlaced(w.run(100, a), 100, 0, 0)
	w.nowNs += 700 * second
	w.wantNowhere("late", w.at(w.nowNs, 4*second, 0))
}

// A receiver's clock is set back by less than what is between two reports, or
// while nothing is heard of it: that its time goes on does not make it late.
func TestPlaceAfterAReceiverIsSetBackUnheard(t *testing.T) {
	for name, synchronised := range map[string]bool{"ntp": true, "gps": false} {
		t.Run("slow, "+name, func(t *testing.T) {
			w := newWorld(t)
			w.kernel(synchronised, 0, 10*ms)
			refused := 0
			for i := range int64(60) {
				w.nowNs += 10 * second
				lie := int64(0)
				if i >= 30 {
					lie = -18 * second
				}
				at, ok := w.Place(w.at(w.nowNs, 150*ms, lie), 0)
				if ok && max(at-w.nowNs, w.nowNs-at) > ms {
					t.Errorf("report %d is placed %v off", i, time.Duration(at-w.nowNs))
				}
				if !ok {
					refused++
				}
			}
			if refused > 3 {
				t.Errorf("%d are refused", refused)
			}
		})
	}
	t.Run("set right", func(t *testing.T) {
		w := newWorld(t)
		w.kernel(true, 0, 10*ms)
		w.run(60, puck{name: "a", lie: 18 * second, least: 150 * ms})
		w.nowNs += 60 * second
		w.doubts = 3
		w.wantPlaced(w.run(30, puck{name: "a", least: 150 * ms}), 27, 0, 0)
	})
}

// Old ones that come one by one are no clock that was set back, if they come
// faster than they were measured.
func TestPlaceOfOldOnesOneByOne(t *testing.T) {
	w := newWorld(t)
	w.kernel(false, 0, 16*second)
	w.run(30, puck{name: "a", least: 150 * ms})
	last := w.nowNs
	for i := range int64(20) {
		measured := last - 25*second + i*second
		w.wantNowhere("old", w.at(measured, last+(i+1)*600*ms-measured, 0))
	}
}

// Posts of several at once come in any order.
func TestPlaceOutOfOrder(t *testing.T) {
	for name, synchronised := range map[string]bool{"ntp": true, "gps": false} {
		w := newWorld(t)
		w.kernel(synchronised, 0, 10*ms)
		w.run(30, puck{name: "a", least: 150 * ms})
		base := w.nowNs
		for round := range int64(10) {
			order := []int64{1, 2, 3, 4, 5, 6, 7, 8}
			w.random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
			for i, n := range order {
				measured := base + n*second
				f := w.at(measured, (8-n)*second+150*ms+int64(i)*ms, 0)
				if at, ok := w.Place(f, 0); ok && max(at-measured, measured-at) > 50*ms || !ok && n == 8 {
					t.Errorf("%s, round %d, %v: placed %v off, %v", name, round, order, time.Duration(at-measured), ok)
				}
			}
			base += 8 * second
		}
	}
}
