package linuxwifi

import (
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// TestWhatEndsACapture does to a radio what others do, once heard and once
// with every announcement lost.
func TestWhatEndsACapture(t *testing.T) {
	tests := []struct {
		name string
		do   func(*fake)
		code fault.Code
		want string
	}{
		{
			"unplugged", func(f *fake) { delete(f.ifaces, 3); delete(f.ifaces, 5); delete(f.phys, 0) },
			fault.RadioGone, "radio wlan0: it was unplugged, or its driver unloaded",
		},
		{
			"its interfaces removed", func(f *fake) { delete(f.ifaces, 3); delete(f.ifaces, 5) },
			fault.RadioGone, "radio wlan0: its monitor interface wlan0mon was removed",
		},
		{
			"monitor removed", func(f *fake) { delete(f.ifaces, 5) },
			fault.RadioGone, "radio wlan0: its monitor interface wlan0mon was removed",
		},
		{
			"set down", func(f *fake) { f.ifaces[5].up = false },
			fault.RadioDown, "radio wlan0: wlan0mon was set down",
		},
		{
			"soft block", func(f *fake) { f.phys[0].soft = true; f.downAll(0) },
			fault.RadioBlocked, "radio wlan0: it was switched off in software (rfkill)",
		},
		{
			"hard block", func(f *fake) { f.phys[0].hard = true; f.downAll(0) },
			fault.RadioBlocked, "radio wlan0: it was switched off in hardware (rfkill)",
		},
		{
			"taken back", func(f *fake) { f.ifaces[5].kind = nl80211.TypeStation },
			fault.RadioMode, "radio wlan0: wlan0mon was taken from monitor to managed mode",
		},
		{
			"parent up", func(f *fake) { f.ifaces[3].up = true },
			fault.RadioBusy, "radio wlan0: it cannot be tuned any more, because its interface wlan0 came up",
		},
		{
			"new interface up", func(f *fake) { f.ifaces[9] = &fakeIface{name: "ap0", kind: nl80211.TypeAP, up: true} },
			fault.RadioBusy, "radio wlan0: it cannot be tuned any more, because its interface ap0 came up",
		},
	}
	for _, test := range tests {
		for _, mute := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake()
					f.mute = mute
					r := openOn(t, f, Options{}, "wlan0")
					started := time.Now()
					f.do(func() { test.do(f) })
					_, err := r.ReadBatch(t.Context())
					if got := fault.CodeOf(err); got != test.code || err.Error() != test.want {
						t.Errorf("%s %v, want %s %s", got, err, test.code, test.want)
					}
					if took := time.Since(started); took > 2*time.Second {
						t.Errorf("took %v", took)
					}
					if _, again := r.ReadBatch(t.Context()); !errors.Is(again, err) {
						t.Errorf("then %v", again)
					}
					if tune := r.Tune(t.Context(), channel(t, "1")); tune == nil {
						t.Error("it can still be tuned")
					}
				})
			})
		}
	}
}

func channel(t *testing.T, name string) capture.Channel {
	t.Helper()
	c, err := capture.ParseChannel(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestInterfaceOfABlockedRadioComesUpLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		before := f.String()
		r, err := tryOpen(t, f, Options{}, "wlan0")
		if err != nil {
			t.Fatal(err)
		}
		f.do(func() { f.phys[0].soft = true; f.downAll(0) })
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		f.do(func() { f.phys[0].soft = false })
		if err := f.restore(t.Context()); err != nil {
			t.Error(err)
		}
		wantSame(t, before, f)
		wantNoFiles(t, f)
	})
}

func TestWhatDoesNotEndACapture(t *testing.T) {
	tests := []struct {
		name string
		do   func(*fake)
	}{
		{"another radio is unplugged", func(f *fake) { delete(f.ifaces, 4); delete(f.phys, 1) }},
		{"another radio's interface comes up", func(f *fake) { f.ifaces[4].up = true }},
		{"another monitor comes up", func(f *fake) { f.ifaces[9] = &fakeIface{name: "theirs", kind: nl80211.TypeMonitor, up: true} }},
		{"an interface comes and is down", func(f *fake) { f.ifaces[9] = &fakeIface{name: "ap0", kind: nl80211.TypeAP} }},
		{"the source interface is removed", func(f *fake) { delete(f.ifaces, 3) }},
		{"names change", func(f *fake) { f.ifaces[3].name, f.ifaces[5].name, f.phys[0].name = "a", "b", "c" }},
		{"two answers are missing", func(f *fake) {
			n := 0
			f.trouble = func(int, string) trouble {
				if n++; n <= strikes-1 {
					return failsBefore
				}
				return fine
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				r := openOn(t, f, Options{}, "wlan0")
				f.do(func() { test.do(f) })
				advance(t, 10*time.Second)
				f.sockets[0].batches <- capture.NewBatch()
				b, err := r.ReadBatch(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				b.Release()
				if err := r.Tune(t.Context(), channel(t, "1")); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestInterfaceThatWasUpFromTheStartIsPutUpWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{}, "wlan0:ignoreprimary=true")
		f.do(func() { f.ifaces[3].up = false })
		advance(t, 2*time.Second)
		f.do(func() { f.ifaces[3].up = true })
		advance(t, 2*time.Second)
		err := r.Tune(t.Context(), channel(t, "1"))
		if fault.CodeOf(err) != fault.RadioBusy || err.Error() != "radio wlan0: tune to 1: its interface wlan0 is up" {
			t.Errorf("tune: %v", err)
		}
	})
}

func TestKernelThatDoesNotAnswerIsADriversFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{}, "wlan0")
		f.do(func() { f.trouble = func(int, string) trouble { return failsBefore } })
		_, err := r.ReadBatch(t.Context())
		if fault.CodeOf(err) != fault.RadioDriver {
			t.Errorf("error %v", err)
		}
		f.do(func() { f.trouble = nil })
	})
}

func TestFramesCapturedBeforeTheFaultComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{}, "wlan0")
		f.do(func() { f.ifaces[5].up = false })
		synctest.Wait()
		for range 3 {
			f.sockets[0].batches <- capture.NewBatch()
		}
		for range 3 {
			b, err := r.ReadBatch(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			b.Release()
		}
		if _, err := r.ReadBatch(t.Context()); fault.CodeOf(err) != fault.RadioDown {
			t.Errorf("error %v", err)
		}
	})
}

func TestFaultComesThoughFramesGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{}, "wlan0")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { // the air is full, and the monitor stays up
			for {
				b := capture.NewBatch()
				select {
				case f.sockets[0].batches <- b:
				case <-ctx.Done():
					b.Release()
					return
				}
			}
		}()
		started := time.Now()
		f.do(func() { f.ifaces[3].up = true })
		for {
			b, err := r.ReadBatch(t.Context())
			if err != nil {
				if fault.CodeOf(err) != fault.RadioBusy || time.Since(started) > 2*time.Second {
					t.Errorf("after %v: %v", time.Since(started), err)
				}
				break
			}
			b.Release()
			<-time.After(time.Millisecond)
		}
	})
}

func TestSocketsErrorIsExplained(t *testing.T) {
	t.Run("by what the watcher finds", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.mute = true
			r := openOn(t, f, Options{}, "wlan0")
			f.do(func() { f.ifaces[5].kind = nl80211.TypeStation })
			f.sockets[0].broken <- unix.ENETDOWN
			if _, err := r.ReadBatch(t.Context()); fault.CodeOf(err) != fault.RadioMode {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("by itself", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			r := openOn(t, f, Options{}, "wlan0")
			f.sockets[0].broken <- unix.ENETDOWN // down and up again in a moment
			_, err := r.ReadBatch(t.Context())
			if fault.CodeOf(err) != fault.RadioDown || err.Error() != "radio wlan0: capture: network is down" {
				t.Errorf("error %v", err)
			}
		})
	})
}

func TestReadEndsWithContextAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := openOn(t, newFake(), Options{}, "wlan0")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := r.ReadBatch(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		ended := make(chan error)
		go func() {
			_, err := r.ReadBatch(t.Context())
			ended <- err
		}()
		synctest.Wait()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, os.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if err := r.Tune(t.Context(), channel(t, "1")); !errors.Is(err, os.ErrClosed) {
			t.Errorf("tune: %v", err)
		}
	})
}
