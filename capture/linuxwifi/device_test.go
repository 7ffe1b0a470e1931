package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// describe is a device in a line, and what is wrong with it.
func describe(d Device) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s up=%v monitor=%v", d.Phy, d.Interface, d.Driver, d.Mode, d.Up, d.Monitor)
	for _, err := range d.Problems {
		fmt.Fprintf(&b, "\n  %s %v; %s", fault.CodeOf(err), err, fault.RemedyOf(err))
	}
	for _, note := range d.Notes {
		fmt.Fprintf(&b, "\n  note: %s", note)
	}
	return b.String()
}

func TestListSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	f := newFake()
	types := f.phys[0].types
	f.phys[2] = &fakePhy{name: "roof", bands: f.phys[0].bands, types: types, soft: true}
	f.ifaces[10] = &fakeIface{name: "wlan2", phy: 2, kind: nl80211.TypeStation}
	f.phys[3] = &fakePhy{name: "phy3", types: types, hard: true}
	f.ifaces[11] = &fakeIface{name: "wlan3", phy: 3, kind: nl80211.TypeStation}
	f.phys[4] = &fakePhy{name: "phy4", bands: f.phys[0].bands, types: types[:1]}
	f.ifaces[12] = &fakeIface{name: "wlan4", phy: 4, kind: nl80211.TypeStation, driver: "old"}
	f.phys[5] = &fakePhy{name: "phy5", bands: f.phys[0].bands, types: types}
	f.phys[6] = &fakePhy{name: "phy6", bands: f.phys[0].bands, types: types, soft: true, locked: true}
	f.ifaces[13] = &fakeIface{name: "wlan6", phy: 6, kind: nl80211.TypeStation}
	f.ifaces[14] = &fakeIface{name: "ap6", phy: 6, kind: nl80211.TypeAP, up: true}
	before := f.String()
	devices, err := f.machine().list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range devices {
		lines = append(lines, describe(d))
	}
	want := `phy0 wlan0 mac80211_hwsim managed up=true monitor=true
  note: NetworkManager manages it: sensord tells it to keep off while it captures
phy1 wlan1 mac80211_hwsim managed up=false monitor=true
roof wlan2  managed up=false monitor=true
  note: it is switched off in software (rfkill): sensord switches it on
phy3 wlan3  managed up=false monitor=true
  radio.blocked radio wlan3: it is switched off in hardware (rfkill); turn it on with the switch on the machine, or in its firmware's settings
  note: its driver offers no channel
phy4 wlan4 old managed up=false monitor=false
  radio.unsupported radio wlan4: its driver (old) has no monitor mode; use a radio whose driver has monitor mode; ` + "`sensord list`" + ` shows which do
phy5    up=false monitor=true
  radio.missing radio phy5: this phy has no interface; type: iw phy phy5 interface add wlan5 type managed
phy6 wlan6  managed up=false monitor=true
  radio.blocked radio wlan6: it is switched off in software (rfkill), and unblocking it is refused: no permission for /dev/rfkill; type: rfkill unblock wifi
  radio.busy radio wlan6: it cannot be tuned while its interface ap6 is up; type: ip link set ap6 down
phy6 ap6  AP up=true monitor=true
  radio.blocked radio ap6: it is switched off in software (rfkill), and unblocking it is refused: no permission for /dev/rfkill; type: rfkill unblock wifi`
	if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	wantSame(t, before, f)
}

func TestCheckLooksAndChangesNothing(t *testing.T) {
	tests := []struct {
		radio string
		set   func(*fake)
		code  fault.Code
	}{
		{radio: "wlan0"},
		{radio: "wlan1:channel=6,fcsfail=true"},
		{radio: "wlan7", code: fault.RadioMissing},
		{radio: "hwsim0", code: fault.RadioMissing},
		{radio: "wlan0:channel=banana", code: fault.ConfigSource},
		{radio: "wlan0:vif=eth0", code: fault.ConfigSource},
		{radio: "wlan0:vif=new0"},
		{radio: "wlan0:vif=wlan0"},
		{radio: "wlan0:vif=mon0", set: func(f *fake) { f.ifaces[9] = &fakeIface{name: "mon0", phy: 0, kind: nl80211.TypeMonitor} }},
		{radio: "wlan0:ignoreprimary=true", code: fault.RadioBusy},
		{radio: "wlan1:ignoreprimary=true"},
		{radio: "wlan0", set: func(f *fake) { f.lacks = []string{"CAP_NET_RAW"} }, code: fault.RadioPermission},
	}
	for _, test := range tests {
		f := newFake()
		if test.set != nil {
			test.set(f)
		}
		before := f.String()
		d, err := capture.ParseDefinition(test.radio)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.machine().check(t.Context(), Options{Definition: d, StateDir: "state"}); fault.CodeOf(err) != test.code {
			t.Errorf("%s: %v, want %s", test.radio, err, test.code)
		}
		wantSame(t, before, f)
		wantNoFiles(t, f)
	}
}

func TestListEndsWithTheKernelsError(t *testing.T) {
	for step := range 3 {
		f := newFake()
		f.trouble = func(n int, _ string) trouble {
			if n == step {
				return failsBefore
			}
			return fine
		}
		if devices, err := f.machine().list(t.Context()); !errors.Is(err, unix.EIO) {
			t.Errorf("step %d: %v, %v", step, devices, err)
		}
	}
}

func TestAddressesAreToldWhenTheyChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		ctx, cancel := context.WithCancel(t.Context())
		var told [][]LinkAddress
		ended := make(chan error, 1)
		listen := func(ctx context.Context, changed func()) error {
			changed()
			return f.listen(ctx, changed, func() {})
		}
		go func() {
			ended <- watchAddresses(ctx, fakeLinks{f}, listen, func(l []LinkAddress) { told = append(told, l) })
		}()
		advance(t, time.Second)
		for range 100 { // many announcements in which nothing changes
			f.do(func() {})
		}
		advance(t, time.Second)
		if len(told) != 1 || len(told[0]) != 4 || told[0][0].Name != "eth0" || !told[0][0].Up {
			t.Errorf("told %+v", told)
		}
		f.do(func() { f.ifaces[1].up = false })
		f.do(func() { f.ifaces[9] = &fakeIface{name: "usb0", phy: -1} })
		advance(t, time.Second)
		if last := told[len(told)-1]; len(last) != 5 || last[0].Up || last[4].Name != "usb0" {
			t.Errorf("told %+v", last)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestAddressesEndWithTheKernelsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.trouble = func(int, string) trouble { return failsBefore }
		listen := func(ctx context.Context, changed func()) error {
			changed()
			<-ctx.Done()
			return nil
		}
		err := watchAddresses(t.Context(), fakeLinks{f}, listen, func([]LinkAddress) { t.Error("told") })
		if !errors.Is(err, unix.EIO) {
			t.Errorf("error %v", err)
		}
		deaf := errors.New("deaf")
		f.trouble = nil
		err = watchAddresses(t.Context(), fakeLinks{f}, func(context.Context, func()) error { return deaf }, nil)
		if !errors.Is(err, deaf) {
			t.Errorf("error %v", err)
		}
	})
}
