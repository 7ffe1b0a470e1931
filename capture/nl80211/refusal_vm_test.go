//go:build vm

package nl80211_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/vmtest"
)

func TestVMRefusals(t *testing.T) {
	other := vmtest.NewRadio(t, vmtest.RadioOptions{})
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	i := addMonitor(t, c, radio, "mon0")
	vmtest.SetUp(t, "mon0", true)
	tune := func(ch capture.Channel) error { return c.SetChannel(ctx, i.Index, ch) }
	tests := []struct {
		name    string
		err     error
		errno   unix.Errno
		message string // the kernel's; "" = whatever it says
	}{
		{"a disabled channel", tune(capture.Channel{FreqMHz: 2484}), unix.EINVAL, "disabled"},
		{"no channel", tune(capture.Channel{FreqMHz: 2500}), unix.EINVAL, "hannel"},
		{"a wide channel not around its control", tune(capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5500}), unix.EINVAL, "invalid channel definition"},
		{"80 MHz in 2.4 GHz", tune(capture.Channel{FreqMHz: 2437, Width: capture.Width80, CenterMHz: 2447}), unix.EINVAL, "channel is disabled"},
		{"no interface", c.SetChannel(ctx, 1<<20, capture.Channel{FreqMHz: 2412}), unix.ENODEV, ""},
		{"an interface of no phy", c.SetChannel(ctx, 1, capture.Channel{FreqMHz: 2412}), unix.EINVAL, ""},
		{"remove no interface", c.DelInterface(ctx, 1<<20), unix.ENODEV, ""},
		{"a name in use", second(c.AddMonitor(ctx, radio.PhyIndex, "mon0", 0)), unix.ENFILE, "there is an interface of this name"},
		{"no phy", second(c.AddMonitor(ctx, 1<<20, "mon1", 0)), unix.ENODEV, ""},
		{"look at no interface", second(c.Interface(ctx, 1<<20)), unix.ENODEV, ""},
		{"look at no phy", second(c.Phy(ctx, 1<<20)), unix.ENODEV, ""},
		{"rename to a name in use", c.SetPhyName(ctx, radio.PhyIndex, other.Phy), unix.EINVAL, ""},
	}
	for _, tt := range tests {
		t.Logf("%s: %v", tt.name, tt.err)
		e, ok := errors.AsType[*nl80211.Error](tt.err)
		if !ok || !errors.Is(tt.err, tt.errno) {
			t.Errorf("%s: %v, want errno %d, %v", tt.name, tt.err, int(tt.errno), tt.errno)
			continue
		}
		if !strings.Contains(e.Message, tt.message) {
			t.Errorf("%s: the kernel says %q, want %q", tt.name, e.Message, tt.message)
		}
	}
	if err := tune(capture.Channel{FreqMHz: 2412}); err != nil {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestVMBusy(t *testing.T) {
	for _, o := range []vmtest.RadioOptions{{}, {Channels: 2}} {
		t.Run(fmt.Sprintf("%d channels", o.Channels), func(t *testing.T) {
			radio := vmtest.NewRadio(t, o)
			c, ctx := dial(t), vmtest.Context(t)
			i := addMonitor(t, c, radio, "mon0")
			tune := func() error { return c.SetChannel(ctx, i.Index, capture.Channel{FreqMHz: 2437}) }
			if err := tune(); !errors.Is(err, unix.EBUSY) {
				t.Errorf("with the monitor down: %v, want EBUSY", err)
			}
			vmtest.SetUp(t, "mon0", true)
			if err := tune(); err != nil {
				t.Errorf("with the monitor up: %v", err)
			}
			vmtest.SetUp(t, radio.Interface, true)
			if err := c.SetChannel(ctx, i.Index, capture.Channel{FreqMHz: 2412}); !errors.Is(err, unix.EBUSY) {
				t.Errorf("beside a managed interface: %v, want EBUSY", err)
			}
			if err := c.SetType(ctx, index(t, radio.Interface), nl80211.TypeMonitor, 0); !errors.Is(err, unix.EBUSY) {
				t.Errorf("another type while up: %v, want EBUSY", err)
			}
			vmtest.SetUp(t, radio.Interface, false)
			if err := tune(); err != nil {
				t.Errorf("with the managed interface down again: %v", err)
			}
		})
	}
}
