//go:build vm && linux

package linuxwifi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/internal/vmtest"
)

// awaitFault reads until the capture ends, and wants this code.
func awaitFault(t *testing.T, r *linuxwifi.Radio, want fault.Code) {
	t.Helper()
	ctx := vmtest.Context(t)
	for {
		b, err := r.ReadBatch(ctx)
		if err == nil {
			b.Release()
			continue
		}
		if got := fault.CodeOf(err); got != want {
			t.Fatalf("capture ended with %v (%s), want %s", err, got, want)
		}
		t.Logf("capture ended as it should: %v; %s", err, fault.RemedyOf(err))
		return
	}
}

func TestVMFaultsEndTheCapture(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, radio *vmtest.Radio)
		want fault.Code
	}{
		{"unplugged", func(t *testing.T, radio *vmtest.Radio) { radio.Delete(t) }, fault.RadioGone},
		{"set down", func(t *testing.T, radio *vmtest.Radio) { vmtest.SetUp(t, radio.Interface+"mon", false) }, fault.RadioDown},
		{"monitor removed", func(t *testing.T, radio *vmtest.Radio) { vmtest.IW(t, "dev", radio.Interface+"mon", "del") }, fault.RadioGone},
		{"taken to managed", func(t *testing.T, radio *vmtest.Radio) {
			// mac80211 cannot do it while it is up.
			vmtest.SetUp(t, radio.Interface+"mon", false)
			vmtest.IW(t, "dev", radio.Interface+"mon", "set", "type", "managed")
			vmtest.SetUp(t, radio.Interface+"mon", true)
		}, ""},
		{"another comes up", func(t *testing.T, radio *vmtest.Radio) { vmtest.SetUp(t, radio.Interface, true) }, fault.RadioBusy},
		{"blocked", func(t *testing.T, radio *vmtest.Radio) { radio.Block(t, true) }, fault.RadioBlocked},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			radio, other := vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.NewRadio(t, vmtest.RadioOptions{})
			bystander := openRadio(t, linuxwifi.Options{Interface: other.Interface, StateDir: t.TempDir()})
			dir := t.TempDir()
			r := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
			test.do(t, radio)
			if test.want == "" { // which of the two is seen first is chance
				awaitDownOrMode(t, r)
			} else {
				awaitFault(t, r, test.want)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			wantEmpty(t, dir)
			if err := bystander.Tune(vmtest.Context(t), vmtest.Channel(11)); err != nil {
				t.Errorf("the other radio: %v", err)
			}
			if test.name == "unplugged" {
				return
			}
			again := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
			if err := again.Tune(vmtest.Context(t), vmtest.Channel(1)); err != nil {
				t.Errorf("opened again: %v", err)
			}
		})
	}
}

func awaitDownOrMode(t *testing.T, r *linuxwifi.Radio) {
	t.Helper()
	ctx := vmtest.Context(t)
	for {
		b, err := r.ReadBatch(ctx)
		if err == nil {
			b.Release()
			continue
		}
		if code := fault.CodeOf(err); code != fault.RadioMode && code != fault.RadioDown {
			t.Errorf("capture ended with %v", err)
		}
		return
	}
}

func TestVMUnpluggedRadioCanComeBack(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	dir := t.TempDir()
	r := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
	radio.Delete(t)
	awaitFault(t, r, fault.RadioGone)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	_, err := linuxwifi.Open(vmtest.Context(t), linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
	if fault.CodeOf(err) != fault.RadioMissing {
		t.Errorf("open while it is away: %v", err)
	}
	back := vmtest.NewRadio(t, vmtest.RadioOptions{})
	r = openRadio(t, linuxwifi.Options{Interface: back.Interface, StateDir: dir})
	if err := r.Tune(vmtest.Context(t), vmtest.Channel(36)); err != nil {
		t.Error(err)
	}
}

func TestVMRenamedPhyAndInterfacesDoNoHarm(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	r := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: t.TempDir()})
	radio.Rename(t, "rooftop")
	rename(t, radio.Interface, "left") // the monitor is up, and most kernels rename nothing that is
	vmtest.Wait(t, "the new names are known", func() bool {
		d := r.Details()
		return d.Phy == "rooftop" && d.Interface == "left"
	})
	if err := r.Tune(vmtest.Context(t), vmtest.Channel(40)); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if left := radio.Interfaces(); !slices.Equal(left, []string{"left"}) {
		t.Errorf("interfaces %q are left", left)
	}
	again := openRadio(t, linuxwifi.Options{Interface: "left"})
	if got := again.Details().Phy; got != "rooftop" {
		t.Errorf("phy is called %s", got)
	}
}

func TestVMAnotherProgramTunes(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	notices := make(chan linuxwifi.Notice, 16)
	r := openRadio(t, linuxwifi.Options{
		Definition: definition(t, radio.Interface+":channel=1"),
		Notify:     func(n linuxwifi.Notice) { notices <- n },
	})
	vmtest.Tune(t, radio.Interface+"mon", vmtest.Channel(11))
	ctx := vmtest.Context(t)
	select {
	case n := <-notices:
		if n.Kind != linuxwifi.NoticeRetuned || !strings.Contains(n.Text, "from 1 to 11") {
			t.Errorf("notice %+v", n)
		}
	case <-ctx.Done():
		t.Fatal("nothing was noticed")
	}
	if got := r.Tuned(); got.FreqMHz != 2462 {
		t.Errorf("tuned to %v", got)
	}
}
