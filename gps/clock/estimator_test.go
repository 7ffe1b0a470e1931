package clock_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
)

// A machine without a battery: its clock says 1970 until NTP sets it. Frames
// that it captured before have their right times as soon as a receiver has it.
func TestBootIn1970(t *testing.T) {
	w := newWorld(t)
	in1970 := -w.utcNs // the system clock began at 0 with the machine
	w.kernel(false, in1970, 16*second)
	w.wantState(gps.ClockUnknown, 0)

	serial := puck{name: "serial", least: 100 * ms, jitter: 500 * ms}
	w.run(1, serial)
	w.wantState(gps.ClockGPS, second)
	reports := w.run(120, serial)
	w.wantState(gps.ClockGPS, 350*ms)
	w.wantSystemOffset(in1970, 350*ms)
	// The jitter of half a second is gone: what is left is one offset.
	w.wantPlaced(reports, 60, -100*ms, 50*ms)
	if d := w.State().Correction(0) - w.utcNs; max(d, -d) > 350*ms {
		t.Errorf("a frame of 1970 is %v off", time.Duration(d))
	}

	// Years later by NTP. CLOCK_BOOTTIME does not step.
	w.kernel(true, 3*ms, 20*ms)
	w.wantState(gps.ClockSystem, 20*ms)
	w.wantSystemOffset(0, 350*ms)
	if d := w.State().Correction(0) - w.utcNs; d != 3*ms {
		t.Errorf("a frame of 1970 is %v off", time.Duration(d))
	}
	if d := w.State().Correction(w.utcNs); d != 0 {
		t.Errorf("a frame of today is moved by %v", time.Duration(d))
	}
	w.wantPlaced(w.run(60, serial), 60, -4*ms, 4*ms)
	usual, worst, known := w.Latency("serial")
	if !known || usual < 250*time.Millisecond || usual > 450*time.Millisecond || worst < 500*time.Millisecond || worst > 600*time.Millisecond {
		t.Errorf("latency: %v, at worst %v, %v", usual, worst, known)
	}
}

// A receiver that counts weeks wrongly, or seconds, against a kernel that knows:
// the kernel's time holds, and fixes stay where they belong.
func TestReceiverThatLiesToASynchronisedKernel(t *testing.T) {
	for name, lie := range map[string]int64{
		"1024 weeks":           -1024 * week,
		"1024 weeks to come":   1024 * week,
		"no leap seconds":      18 * second,
		"leap seconds twice":   -18 * second,
		"3 s early":            3 * second,
		"3 s late":             -3 * second,
		"the day of the epoch": time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC).UnixNano() - booted,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.kernel(true, 0, 10*ms)
			honest := puck{name: "honest", least: 80 * ms, jitter: 100 * ms}
			liar := puck{name: "liar", lie: lie, least: 200 * ms, jitter: 400 * ms}
			w.doubts = 3 // so far it could be late, and no liar
			w.wantPlaced(w.run(60, liar), 30, -50*ms, 150*ms)
			w.wantState(gps.ClockSystem, 10*ms)
			if s := w.State(); s.HasSystemOffset {
				t.Errorf("the system clock is measured by a liar: %+v", s)
			}
			for _, p := range w.run(60, liar, honest) {
				if p.receiver == "honest" {
					w.wantPlaced([]placed{p}, 1, -ms, ms)
				}
			}
			w.wantSystemOffset(0, 350*ms)

			// NTP is lost. Who lied is still not believed.
			w.kernel(false, 0, 16*second)
			w.wantState(gps.ClockGPS, 350*ms)

			// It hears the truth, and jumps there.
			liar.lie = 0
			w.kernel(true, 0, 10*ms)
			w.doubts = 3
			w.wantPlaced(w.run(30, liar), 30, -500*ms, 400*ms)
			w.wantPlaced(w.run(30, liar), 30, -ms, ms)
		})
	}
}

// Whom to believe if the kernel does not know.
func TestVoteOfReceivers(t *testing.T) {
	a := puck{name: "a", least: 80 * ms, jitter: 50 * ms}
	b := puck{name: "b", least: 300 * ms, jitter: 200 * ms}
	lying := func(lie int64) puck { return puck{name: "liar", lie: lie, least: 100 * ms, jitter: 50 * ms} }
	for _, c := range []struct {
		name    string
		pucks   []puck
		battery bool // the system clock is not synchronised, and not far off
		source  gps.ClockSource
		errorNs int64
	}{
		{"one alone", []puck{b}, false, gps.ClockGPS, 350 * ms},
		{"two that agree", []puck{a, b}, false, gps.ClockGPS, 350 * ms},
		{"two against one", []puck{lying(-3 * second), b, a}, false, gps.ClockGPS, 350 * ms},
		{"two against one ahead", []puck{lying(18 * second), b, a}, false, gps.ClockGPS, 350 * ms},
		{"no leap seconds, one against one", []puck{lying(18 * second), a}, false, gps.ClockGPS, 18 * second},
		{"the same, the liar later", []puck{a, lying(18 * second)}, false, gps.ClockGPS, 18 * second},
		{"and the clock has a battery", []puck{lying(18 * second), a}, true, gps.ClockGPS, 350 * ms},
		{"3 s behind, and a battery", []puck{lying(-3 * second), a}, true, gps.ClockGPS, 350 * ms},
		{"rolled over, alone", []puck{lying(-1024 * week)}, true, gps.ClockUnknown, 0},
		{"rolled over, and one more", []puck{lying(-1024 * week), a}, false, gps.ClockGPS, 350 * ms},
		{"rolled over to the future", []puck{lying(1024 * week), a}, false, gps.ClockGPS, 350 * ms},
		{"ten weeks behind", []puck{lying(-10 * week), a}, false, gps.ClockGPS, 10 * week},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.kernel(false, -w.utcNs, 16*second)
			if c.battery {
				w.kernel(false, 1200*ms, 16*second)
			}
			reports := w.run(60, c.pucks...)
			s := w.State()
			// The clocks of receivers that contradict each other are not all at
			// the same distance.
			if c.errorNs >= second && s.ErrorNs > c.errorNs-second && s.ErrorNs < c.errorNs+second {
				c.errorNs = s.ErrorNs
			}
			w.wantState(c.source, c.errorNs)
			if off := max(s.OffsetNs-w.utcNs, w.utcNs-s.OffsetNs); c.source != gps.ClockUnknown && off > 350*ms {
				t.Errorf("the liar is believed: %v off", time.Duration(off))
			}
			// Wherever UTC is, a fix is where it was.
			w.wantPlaced(reports, 30*len(c.pucks), -150*ms, 250*ms)
		})
	}
}

// How far the kernel's word goes.
func TestKernelWithALargeError(t *testing.T) {
	for _, c := range []struct {
		name    string
		errorNs int64 // as the kernel says
		off     int64 // as it is
		source  gps.ClockSource
		wantErr int64
	}{
		{"half an hour without NTP", 900 * ms, 800 * ms, gps.ClockSystem, 900 * ms},
		{"an hour, and not off", 2 * second, 100 * ms, gps.ClockSystem, 2 * second},
		{"an hour, and off", 2 * second, 900 * ms, gps.ClockGPS, 350 * ms},
		{"eight hours, and off", 15 * second, -3 * second, gps.ClockGPS, 350 * ms},
		{"off by more than can be", 2 * second, 7 * second, gps.ClockSystem, 2 * second},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.kernel(true, c.off, c.errorNs)
			reports := w.run(60, puck{name: "a", least: 100 * ms, jitter: 100 * ms})
			s := w.State()
			if s.Source != c.source || s.ErrorNs != c.wantErr {
				t.Errorf("got %+v, want %q, error %v", s, c.source, time.Duration(c.wantErr))
			}
			if c.source == gps.ClockGPS {
				w.wantPlaced(reports, 30, -100*ms, 50*ms)
				w.wantSystemOffset(c.off, 350*ms)
			}
		})
	}
}

// A kernel that is overruled stays so until it is clearly right.
func TestKernelIsNotOverruledToAndFro(t *testing.T) {
	w := newWorld(t)
	a := puck{name: "a", least: 150 * ms}
	for _, c := range []struct {
		off    int64
		source gps.ClockSource
	}{
		{300 * ms, gps.ClockSystem},
		{400 * ms, gps.ClockGPS},
		{300 * ms, gps.ClockGPS},
		{100 * ms, gps.ClockSystem},
		{300 * ms, gps.ClockSystem},
	} {
		w.kernel(true, c.off, 2*second)
		w.run(20, a)
		if s := w.State(); s.Source != c.source {
			t.Errorf("off by %v: %+v, want %q", time.Duration(c.off), s, c.source)
		}
	}
}

// Without a new report UTC stays known, and less and less well.
func TestEstimateAges(t *testing.T) {
	w := newWorld(t)
	w.kernel(false, -w.utcNs, 16*second)
	a := puck{name: "a", least: 150 * ms}
	w.run(60, a)
	w.nowNs += 1000 * second
	w.kernel(false, -w.utcNs, 16*second)
	if s := w.State(); s.Source != gps.ClockGPS || s.ErrorNs < 430*ms || s.ErrorNs > 460*ms {
		t.Errorf("after 1000 s: %+v", s)
	}
	// The quartz was off by 60 ms in the meantime.
	w.utcNs += 60 * ms
	w.wantPlaced(w.run(60, a), 60, -100*ms, 100*ms)
	w.wantState(gps.ClockGPS, 350*ms)
}

// A day without the receiver, in which the quartz went wrong by 2 s.
func TestReceiverReturnsAfterADay(t *testing.T) {
	for _, drift := range []int64{-2 * second, 2 * second} {
		w := newWorld(t)
		a := puck{name: "a", least: 150 * ms, jitter: 50 * ms}
		w.run(60, a)
		w.nowNs += 86_400 * second
		w.utcNs += drift
		w.wantPlaced(w.run(60, a), 60, -150*ms, 150*ms)
		w.run(1, a)
		w.wantState(gps.ClockGPS, 350*ms)
	}
}

// A leap second: UTC, and the kernel's clock, go back by one.
func TestLeapSecond(t *testing.T) {
	for name, synchronised := range map[string]bool{"ntp": true, "gps": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := puck{name: "a", least: 100 * ms, jitter: 200 * ms}
			w.kernel(synchronised, 0, 10*ms)
			w.run(60, a)
			w.utcNs -= second
			w.kernel(synchronised, 0, 10*ms)
			w.doubts = 3 // they may be old ones
			reports := w.run(30, a)
			w.wantPlaced(reports, 30, -250*ms, 250*ms)
			if synchronised {
				w.wantPlaced(reports, 20, 0, 0)
			}
		})
	}
}

func TestDevicesAreToldApartAndForgotten(t *testing.T) {
	w := newWorld(t)
	w.kernel(true, 0, ms)
	for i := range 200 {
		f := gps.NewFix()
		f.Receiver, f.Device = "gpsd", time.Duration(i).String()
		f.ReceivedNs = w.nowNs + int64(i)
		f.TimeNs = f.ReceivedNs + w.utcNs - 100*ms
		for range 5 {
			if at, ok := w.Place(f, 0); !ok || at != f.ReceivedNs-100*ms {
				t.Fatalf("device %d: at %d %v", i, at-f.ReceivedNs, ok)
			}
		}
	}
	if _, _, known := w.Latency("gpsd"); !known {
		t.Error("no latency")
	}
}

// Whatever receivers and kernels say, a fix was not measured after it came, nor
// longer before than is stated, and what is not known well has an error.
func TestEstimatorSurvives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := clock.NewEstimator(time.Time{})
		now := second
		anyTime := rapid.OneOf(rapid.Int64(), rapid.Int64Range(booted, booted+3600*second), rapid.Just(int64(0)))
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.Int64Range(0, 100*second).Draw(t, "dt")
			name := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "receiver")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				e.SetSystem(clock.System{
					AtNs: now, OffsetNs: rapid.Int64Range(0, 2*booted).Draw(t, "offset"),
					ErrorNs: rapid.Int64Range(0, 17*second).Draw(t, "error"), Synchronised: rapid.Bool().Draw(t, "synchronised"),
				})
			case 1:
				e.Pulse(name, gps.Pulse{UTCNs: anyTime.Draw(t, "utc"), BoottimeNs: now, ErrorNs: rapid.Int64().Draw(t, "error")})
			default:
				f := gps.NewFix()
				f.Receiver, f.ReceivedNs, f.TimeNs = name, now, anyTime.Draw(t, "time")
				if at, ok := e.Place(f, 0); ok && (at > now || at < now-int64(clock.MaxLate)) {
					t.Fatalf("%+v placed %d behind its arrival, %v", f, now-at, ok)
				}
			}
			s := e.State()
			if s.ErrorNs < 0 || s.SystemErrorNs < 0 || !s.Known() && s != (gps.ClockState{}) {
				t.Fatalf("state %+v", s)
			}
			e.Latency(name)
		}
	})
}
