package linuxwifi

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

func TestWhyTuningIsRefused(t *testing.T) {
	tests := []struct {
		name    string
		channel string
		set     func(*fake)
		code    fault.Code
		want    string
	}{
		{"disabled", "13", nil, fault.RadioChannel, "radio wlan0: tune to 13: disabled by the regulatory domain"},
		{"the driver says no", "6", func(f *fake) {
			f.phys[0].tune = &nl80211.Error{Errno: unix.EINVAL, Message: "Width not supported"}
		}, fault.RadioChannel, "radio wlan0: tune to 6: width not supported"},
		{
			"never", "6", func(f *fake) { f.phys[0].tune = refuse("", unix.EOPNOTSUPP) },
			fault.RadioUnsupported, "radio wlan0: tune to 6: its driver cannot be tuned in monitor mode",
		},
		{
			"gone", "6", func(f *fake) { f.phys[0].tune = refuse("", unix.ENODEV) },
			fault.RadioGone, "radio wlan0: tune to 6: no such device",
		},
		{
			"off", "6", func(f *fake) { f.phys[0].tune = refuse("", unix.ERFKILL) },
			fault.RadioBlocked, "radio wlan0: tune to 6: operation not possible due to RF-kill",
		},
		{
			"firmware", "6", func(f *fake) { f.phys[0].tune = refuse("", unix.ETIMEDOUT) },
			fault.RadioDriver, "radio wlan0: tune to 6: connection timed out",
		},
		{
			"permission", "6", func(f *fake) { f.phys[0].tune = refuse("", unix.EPERM) },
			fault.RadioPermission, "radio wlan0: tune to 6: operation not permitted",
		},
		{
			"busy with an interface", "6", func(f *fake) { f.ifaces[3].up = true },
			fault.RadioBusy, "radio wlan0: tune to 6: its interface wlan0 is up",
		},
		{"busy with two", "6", func(f *fake) {
			f.ifaces[3].up = true
			f.ifaces[9] = &fakeIface{name: "ap0", kind: nl80211.TypeAP, up: true}
		}, fault.RadioBusy, "radio wlan0: tune to 6: its interfaces wlan0, ap0 are up"},
		{
			"down", "6", func(f *fake) { f.ifaces[5].up = false },
			fault.RadioDown, "radio wlan0: tune to 6: wlan0mon is down",
		},
		{
			"busy with nothing to see", "6", func(f *fake) { f.phys[0].tune = refuse("", unix.EBUSY) },
			fault.RadioBusy, "radio wlan0: tune to 6: device or resource busy",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.mute = true
				r := openOn(t, f, Options{}, "wlan0:channel=1")
				if test.set != nil {
					f.do(func() { test.set(f) })
				}
				err := r.Tune(t.Context(), channel(t, test.channel))
				if got := fault.CodeOf(err); got != test.code || err.Error() != test.want {
					t.Errorf("%s %v\nwant %s %s", got, err, test.code, test.want)
				}
				if fault.RemedyOf(err) == "" {
					t.Error("no remedy")
				}
				if r.Tuned().Number() != 1 {
					t.Errorf("tuned to %v", r.Tuned())
				}
			})
		})
	}
}

func TestDriverThatLiesIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.mute = true
		r := openOn(t, f, Options{}, "wlan0:channel=1")
		f.do(func() { f.phys[0].lies = true })
		var err error
		tries := 0
		for ; err == nil && tries < 2*readBackEvery; tries++ {
			err = r.Tune(t.Context(), channel(t, "6"))
		}
		if fault.CodeOf(err) != fault.RadioDriver || err.Error() != "radio wlan0: tune to 6: the driver took it, and is on 1" {
			t.Errorf("after %d tries: %v", tries, err)
		}
		if r.Tuned().Number() != 1 {
			t.Errorf("tuned to %v", r.Tuned())
		}
	})
}

func TestDriverThatDoesNotKnowItsChannelIsBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		r := openOn(t, f, Options{Notify: func(n Notice) { t.Errorf("notice %+v", n) }}, "wlan0")
		f.do(func() { f.phys[0].lies = true })
		for range 2 * readBackEvery {
			if err := r.Tune(t.Context(), channel(t, "6")); err != nil {
				t.Fatal(err)
			}
		}
		advance(t, 3*lookEvery)
		if r.Tuned().Number() != 6 {
			t.Errorf("tuned to %v", r.Tuned())
		}
	})
}

func TestTuneEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := openOn(t, newFake(), Options{}, "wlan0")
		r.turn <- struct{}{} // another tuning hangs
		ctx, cancel := context.WithTimeout(t.Context(), lookEvery)
		defer cancel()
		if err := r.Tune(ctx, channel(t, "6")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		<-r.turn
	})
}

func TestSameTuning(t *testing.T) {
	for _, test := range []struct {
		a, b capture.Channel
		want bool
	}{
		{capture.Channel{FreqMHz: 2437}, capture.Channel{FreqMHz: 2437, Width: capture.Width20}, true},
		{capture.Channel{FreqMHz: 2437}, capture.Channel{FreqMHz: 2437, Width: capture.Width20, CenterMHz: 2437}, true},
		{capture.Channel{FreqMHz: 2437}, capture.Channel{FreqMHz: 2442}, false},
		{capture.Channel{FreqMHz: 2437}, capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}, false},
		{
			capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2427},
			capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447},
			false,
		},
	} {
		if got := sameTuning(test.a, test.b); got != test.want {
			t.Errorf("%v and %v: %v", test.a, test.b, got)
		}
	}
}
