//go:build vm && linux

package linuxwifi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/internal/vmtest"
)

func definition(t *testing.T, text string) capture.Definition {
	t.Helper()
	d, err := capture.ParseDefinition(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// openRadio opens a radio that is closed with the test.
func openRadio(t *testing.T, o linuxwifi.Options) *linuxwifi.Radio {
	t.Helper()
	var log bytes.Buffer
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	}
	r, err := linuxwifi.Open(vmtest.Context(t), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return r
}

func TestVMRadioCapturesAndIsPutBack(t *testing.T) {
	for _, o := range []vmtest.RadioOptions{{}, {ChanCtx: true}, {Channels: 2}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			ap := vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "six", Channel: vmtest.Channel(6)})
			radio, dir := vmtest.NewRadio(t, o), t.TempDir()
			vmtest.SetUp(t, radio.Interface, true)
			before := condition(t, radio)
			r := openRadio(t, linuxwifi.Options{Definition: definition(t, radio.Interface+":channel=6"), StateDir: dir})
			d := r.Details()
			want := linuxwifi.Details{
				Interface: radio.Interface, CaptureInterface: radio.Interface + "mon", CaptureIndex: d.CaptureIndex,
				Phy: radio.Phy, PhyIndex: radio.PhyIndex, Driver: "mac80211_hwsim", Bus: d.Bus, MAC: radio.MAC,
				PermanentMAC: radio.MAC, LinkType: capture.LinkTypeRadiotap,
			}
			if diff := cmp.Diff(want, d); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
			if got := r.Tuned(); got.FreqMHz != 2437 {
				t.Errorf("tuned to %v, want 6", got)
			}
			awaitBeacon(t, r, ap)
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, condition(t, radio)); diff != "" {
				t.Errorf("radio is not as it was (-before +after):\n%s", diff)
			}
			wantEmpty(t, dir)
		})
	}
}

// awaitBeacon reads until a frame names the access point.
func awaitBeacon(t *testing.T, r *linuxwifi.Radio, ap *vmtest.AP) {
	t.Helper()
	ctx := vmtest.Context(t)
	for {
		b, err := r.ReadBatch(ctx)
		if err != nil {
			t.Fatalf("no beacon of %s: %v", ap.SSID, err)
		}
		found := false
		for i := range b.Len() {
			found = found || bytes.Contains(b.Frame(i).Data, []byte(ap.SSID))
		}
		b.Release()
		if found {
			return
		}
	}
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Errorf("%s is left", e.Name())
	}
}

func TestVMFramesOfAChannelArriveOnlyWhileTunedToIt(t *testing.T) {
	six := vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "onsix", Channel: vmtest.Channel(6), Interval: 20})
	far := vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "onfortyfour", Channel: vmtest.Channel(44), Interval: 20})
	r := openRadio(t, linuxwifi.Options{Interface: vmtest.NewRadio(t, vmtest.RadioOptions{}).Interface})
	ctx := vmtest.Context(t)
	for _, step := range []struct {
		number      int
		here, there *vmtest.AP
	}{{6, six, far}, {44, far, six}, {6, six, far}} {
		if err := r.Tune(ctx, vmtest.Channel(step.number)); err != nil {
			t.Fatal(err)
		}
		awaitBeacon(t, r, step.here) // what came before the tuning is read by then
		for range 3 {
			b, err := r.ReadBatch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Len() {
				if bytes.Contains(b.Frame(i).Data, []byte(step.there.SSID)) {
					t.Errorf("a frame of %s while on %d", step.there.SSID, step.number)
				}
			}
			b.Release()
		}
	}
}

func TestVMChannels(t *testing.T) {
	r := openRadio(t, linuxwifi.Options{Interface: vmtest.NewRadio(t, vmtest.RadioOptions{}).Interface})
	tuned := map[capture.Band]int{}
	for _, c := range r.Channels() {
		err := r.Tune(vmtest.Context(t), c.Channel)
		switch {
		case c.Off == "" && err != nil:
			t.Errorf("%s is listed, and: %v", c.Name, err)
		case c.Off != "" && fault.CodeOf(err) != fault.RadioChannel:
			t.Errorf("%s is off (%s), and tuning says: %v", c.Name, c.Off, err)
		case err == nil && r.Tuned() != c.Channel:
			t.Errorf("tuned to %v, want %v", r.Tuned(), c.Channel)
		case err == nil:
			tuned[c.Channel.Band()]++
		}
	}
	for _, band := range []capture.Band{capture.Band24GHz, capture.Band5GHz, capture.Band6GHz} {
		if tuned[band] == 0 {
			t.Errorf("nothing tuned in %v", band)
		}
	}
	t.Logf("tuned: %v", tuned)
}

func TestVMRegulatoryChangeMakesANewList(t *testing.T) {
	notices := make(chan linuxwifi.Notice, 16)
	r := openRadio(t, linuxwifi.Options{
		Interface: vmtest.NewRadio(t, vmtest.RadioOptions{}).Interface,
		Notify:    func(n linuxwifi.Notice) { notices <- n },
	})
	off := func(name string) string {
		i := slices.IndexFunc(r.Channels(), func(c capture.ListedChannel) bool { return c.Name == name })
		if i < 0 {
			return "absent"
		}
		return r.Channels()[i].Off
	}
	if why := off("13"); why == "" {
		t.Errorf("13 is usable in the US")
	}
	vmtest.SetCountry(t, "DE")
	vmtest.Wait(t, "13 can be used", func() bool { return off("13") == "" })
	vmtest.Wait(t, "the notice", func() bool {
		select {
		case n := <-notices:
			return n.Kind == linuxwifi.NoticeChannels
		default:
			return false
		}
	})
	if err := r.Tune(vmtest.Context(t), vmtest.Channel(13)); err != nil {
		t.Error(err)
	}
}

func TestVMBusyRadioNamesTheInterface(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	vmtest.SetUp(t, radio.Interface, true)
	r := openRadio(t, linuxwifi.Options{Definition: definition(t, radio.Interface+":ignoreprimary=true,channel=6")})
	if notes := strings.Join(r.Details().Notes, "\n"); !strings.Contains(notes, radio.Interface+" is up") {
		t.Errorf("notes %q", notes)
	}
	err := r.Tune(vmtest.Context(t), vmtest.Channel(11))
	if fault.CodeOf(err) != fault.RadioBusy || !strings.Contains(err.Error(), radio.Interface+" is up") {
		t.Errorf("tune: %v", err)
	}
	vmtest.SetUp(t, radio.Interface, false)
	if err := r.Tune(vmtest.Context(t), vmtest.Channel(11)); err != nil {
		t.Errorf("tune after it went down: %v", err)
	}
}

func TestVMManyRadiosInOneProcess(t *testing.T) {
	aps := []*vmtest.AP{
		vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "one", Channel: vmtest.Channel(1)}),
		vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "fortyfour", Channel: vmtest.Channel(44)}),
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i, channel := range []string{"1", "44"} {
		o := linuxwifi.Options{
			Definition: definition(t, vmtest.NewRadio(t, vmtest.RadioOptions{}).Interface+":channel="+channel), StateDir: dir,
		}
		wg.Go(func() {
			ctx := vmtest.Context(t)
			r, err := linuxwifi.Open(ctx, o)
			if err != nil {
				t.Error(err)
				return
			}
			if err := hear(ctx, r, aps[i].SSID); err != nil {
				t.Errorf("no beacon on %s: %v", channel, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	wantEmpty(t, dir)
}

func hear(ctx context.Context, r *linuxwifi.Radio, ssid string) error {
	for {
		b, err := r.ReadBatch(ctx)
		if err != nil {
			return err
		}
		found := false
		for i := range b.Len() {
			found = found || bytes.Contains(b.Frame(i).Data, []byte(ssid))
		}
		b.Release()
		if found {
			return nil
		}
	}
}

func TestVMReadEndsWithItsContextAndWithClose(t *testing.T) {
	r := openRadio(t, linuxwifi.Options{Interface: vmtest.NewRadio(t, vmtest.RadioOptions{}).Interface})
	ctx, cancel := context.WithCancel(vmtest.Context(t))
	ended := make(chan error, 1)
	go func() { ended <- hear(ctx, r, "nobody is there") }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("read ended with %v", err)
	}
	go func() { ended <- hear(vmtest.Context(t), r, "nobody is there") }()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("read ended with %v", err)
	}
}
