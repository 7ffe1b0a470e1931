package clock_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

// at is a report of a receiver that was measured at a moment of CLOCK_BOOTTIME.
func (w *world) at(measured, latency, lie int64) gps.Fix {
	f := gps.NewFix()
	f.Receiver, f.TimeNs, f.ReceivedNs = "a", measured+w.utcNs+lie, measured+latency
	return f
}

func (w *world) wantAt(what string, f gps.Fix, want, within int64) {
	w.t.Helper()
	at, ok := w.Place(f, 0)
	if d := at - want; !ok || max(d, -d) > within {
		w.t.Errorf("%s: placed %v off, %v", what, time.Duration(at-want), ok)
	}
}

func (w *world) wantNowhere(what string, f gps.Fix) {
	w.t.Helper()
	if at, ok := w.Place(f, 0); ok {
		w.t.Errorf("%s: placed %v before it came", what, time.Duration(f.ReceivedNs-at))
	}
}

func TestPlaceWithoutTimes(t *testing.T) {
	w := newWorld(t)
	f := gps.NewFix()
	f.Receiver, f.ReceivedNs = "a", 5*second
	w.wantAt("no time", f, 5*second-150*ms, 0)
	if usual, worst, known := w.Latency("a"); known {
		t.Errorf("latency %v, %v without any time", usual, worst)
	}
	if _, _, known := w.Latency("nobody"); known {
		t.Error("the latency of nobody is known")
	}
	if at, ok := w.Place(f, 2*time.Second); !ok || at != 3*second {
		t.Errorf("configured: %d %v", at, ok)
	}

	f = w.at(30*second, 0, 0)
	f.ReceivedNs = 0
	if at, ok := w.Place(f, 0); ok {
		t.Errorf("neither UTC nor the arrival are known, and it is at %d", at)
	}
	w.kernel(true, 0, ms)
	w.wantAt("no arrival", f, 30*second, 0)
	f.TimeNs = 0
	if at, ok := w.Place(f, 0); ok {
		t.Errorf("nothing is known, and it is at %d", at)
	}
}

// The line stands still for 3 s; then all that waited arrives at once.
func TestPlaceAfterTheLineStoodStill(t *testing.T) {
	for name, synchronised := range map[string]bool{"ntp": true, "gps": false} {
		w := newWorld(t)
		w.kernel(synchronised, 0, 10*ms)
		w.run(30, puck{name: "a", least: 150 * ms})
		last := w.nowNs
		for i := range int64(4) {
			measured := last + (i+1)*second
			w.wantAt(name, w.at(measured, (3-i)*second+150*ms+i*10*ms, 0), measured, 50*ms)
		}
	}
}

// One wrong time: such a report is where the others of the receiver would be. What
// is not newer than the last one may as well be old, or told again.
func TestPlaceOfJumps(t *testing.T) {
	for name, synchronised := range map[string]bool{"ntp": true, "gps": false} {
		w := newWorld(t)
		w.kernel(synchronised, 0, 10*ms)
		w.run(30, puck{name: "a", least: 150 * ms})
		base := w.nowNs
		for i, lie := range []int64{3600 * second, 0, -30 * second, 0, 0, -1500 * ms, 0, 700 * ms, 0} {
			measured := base + int64(i+1)*second
			if f := w.at(measured, 150*ms, lie); lie < 0 {
				w.wantNowhere(name+", older than the last", f)
			} else {
				w.wantAt(name, f, measured, 50*ms)
			}
		}
		base += 10 * second
		for i := range int64(20) {
			if f := w.at(base+i*second, 150*ms, -i*second); i > 0 {
				w.wantNowhere(name+", standing still", f)
			} else {
				w.wantAt(name, f, base, 50*ms)
			}
		}
		w.wantAt(name+", going on", w.at(base+20*second, 150*ms, 0), base+20*second, 50*ms)
	}
}

// A latency that is configured counts, and the jitter is still taken out.
func TestPlaceByConfiguredLatency(t *testing.T) {
	for name, synchronised := range map[string]bool{"ntp": true, "gps": false} {
		w := newWorld(t)
		w.kernel(synchronised, 0, 10*ms)
		slow := puck{name: "a", least: 700 * ms, jitter: 100 * ms, set: 750 * time.Millisecond}
		w.wantPlaced(w.run(60, slow), 30, -40*ms, 40*ms)
		if !synchronised {
			w.wantState(gps.ClockGPS, 100*ms)
		}
		usual, _, _ := w.Latency("a")
		if d := usual - 750*time.Millisecond; d < -40*time.Millisecond || d > 40*time.Millisecond {
			t.Errorf("%s: latency %v", name, usual)
		}
		slow.set = 5 * time.Second // it is theirs to say
		w.wantPlaced(w.run(60, slow), 30, -4300*ms, -4200*ms)
	}
}

// Two devices behind one gpsd have their own latencies.
func TestLatencyOfTheDeviceHeardLast(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, 0, 10*ms)
	for i := range int64(20) {
		for device, latency := range map[string]int64{"/dev/ttyS0": 400 * ms, "/dev/ttyUSB0": 100 * ms} {
			f := w.at((i+30)*second, latency, 0)
			f.Device = device
			w.wantAt(device, f, (i+30)*second, 0)
		}
	}
	if usual, worst, known := w.Latency("a"); !known || usual != 400*time.Millisecond || worst != usual {
		t.Errorf("latency %v, %v, %v", usual, worst, known)
	}
}

// NTP keeps the clock to 100 ms, and says so. No report is from before it was
// measured: that much the receiver tells of the clock.
func TestPlaceAgainstAClockThatIsBehind(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, -100*ms, 150*ms)
	reports := w.run(60, puck{name: "a", least: 50 * ms, jitter: 200 * ms})
	w.wantPlaced(reports, 30, 40*ms, 60*ms)
	w.wantState(gps.ClockSystem, 150*ms)
}

func TestPulses(t *testing.T) {
	pulse := func(w *world, off, errorNs int64) {
		w.nowNs += second
		second := w.nowNs - (w.nowNs+w.utcNs)%second
		w.Pulse("a", gps.Pulse{UTCNs: second + w.utcNs, BoottimeNs: second + off, ErrorNs: errorNs})
	}
	t.Run("say what time it is", func(t *testing.T) {
		w := newWorld(t)
		w.kernel(false, 5*second, 16*second)
		pulse(w, 0, ms)
		pulse(w, 0, ms)
		w.wantState(gps.ClockUnknown, 0)
		pulse(w, 0, ms)
		w.wantState(gps.ClockPulse, ms)
		w.wantSystemOffset(5*second, ms)
		w.wantPlaced(w.run(20, puck{name: "a", least: 100 * ms, jitter: 400 * ms}), 20, 0, ms)
		pulse(w, second, ms) // one of the wrong second
		w.wantState(gps.ClockPulse, ms)
	})
	t.Run("agree with reports", func(t *testing.T) {
		w := newWorld(t)
		w.run(20, puck{name: "b", least: 300 * ms})
		w.wantState(gps.ClockGPS, 350*ms)
		for range 3 {
			pulse(w, 0, 2*ms)
		}
		w.wantState(gps.ClockPulse, 2*ms)
	})
	t.Run("sharpen a kernel that allows for much", func(t *testing.T) {
		w := newWorld(t)
		w.kernel(true, 200*ms, 500*ms)
		for range 3 {
			pulse(w, 0, ms)
		}
		w.wantState(gps.ClockSystem, 500*ms)
		w.wantPlaced(w.run(20, puck{name: "a", least: 300 * ms}), 20, 0, ms)
	})
	t.Run("and overrule it when it allows for more", func(t *testing.T) {
		w := newWorld(t)
		w.kernel(true, 200*ms, 1500*ms)
		for range 3 {
			pulse(w, 0, ms)
		}
		w.wantState(gps.ClockPulse, ms)
	})
	t.Run("of a wrong second are not believed by a kernel", func(t *testing.T) {
		w := newWorld(t)
		w.kernel(true, 0, 10*ms)
		for range 5 {
			pulse(w, second, ms)
		}
		w.wantState(gps.ClockSystem, 10*ms)
		if s := w.State(); s.HasSystemOffset {
			t.Errorf("state: %+v", s)
		}
	})
	t.Run("of several seconds are not believed", func(t *testing.T) {
		w := newWorld(t)
		for i := range int64(8) {
			pulse(w, i%3*second, ms)
		}
		w.wantState(gps.ClockUnknown, 0)
	})
	t.Run("that are none", func(t *testing.T) {
		w := newWorld(t)
		for range 8 {
			pulse(w, 200*ms, 500*ms) // when a report arrived
		}
		w.Pulse("a", gps.Pulse{UTCNs: -1, BoottimeNs: second})
		w.wantState(gps.ClockUnknown, 0)
	})
}
