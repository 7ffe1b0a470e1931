//go:build vm && linux

package vmtest_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/vmtest"
)

func TestVMMachine(t *testing.T) {
	for _, file := range []string{"/proc/sys/kernel/osrelease", "/proc/cmdline", "/proc/sys/net/core/optmem_max"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s", file, strings.TrimSpace(string(text)))
	}
	if got := vmtest.Country(t); got != "US" {
		t.Errorf("the regulatory domain is %s, want US", got)
	}
	if _, err := os.Stat("/bin/sensord"); err != nil {
		t.Error(err)
	}
}

func TestVMRadioComesAndGoes(t *testing.T) {
	for _, o := range []vmtest.RadioOptions{
		{},
		{Phy: "roof"},
		{Channels: 2},
		{ChanCtx: true},
		{NoInterface: true},
		{MAC: []byte{2, 0x12, 0x34, 0x56, 0x78, 0x9a}},
	} {
		r := vmtest.NewRadio(t, o)
		t.Logf("%+v: radio %d, %s (%d), %s %v", o, r.ID, r.Phy, r.PhyIndex, r.Interface, r.MAC)
		if o.Phy != "" && r.Phy != o.Phy {
			t.Errorf("the phy is called %s, want %s", r.Phy, o.Phy)
		}
		if o.MAC != nil && r.MAC.String() != o.MAC.String() {
			t.Errorf("the address is %v, want %v", r.MAC, o.MAC)
		}
		if (r.Interface == "") != o.NoInterface {
			t.Errorf("%+v: the interface is %q", o, r.Interface)
		}
		if r.Name() == "" {
			t.Error("the phy is not there")
		}
		r.Delete(t)
		if name := r.Name(); name != "" {
			t.Errorf("%s is still there", name)
		}
	}
}

func TestVMAccessPointIsHeardOnItsChannelOnly(t *testing.T) {
	ap := vmtest.NewRadio(t, vmtest.RadioOptions{})
	beacons := vmtest.StartAP(t, ap, vmtest.APOptions{SSID: "roof", Channel: vmtest.Channel(6), Interval: 20})
	monitor := vmtest.NewMonitor(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.Channel(6))
	ours := func(f vmtest.Frame) bool {
		from, ssid, ok := vmtest.BeaconOf(f.Body)
		return ok && from.String() == beacons.BSSID && ssid == "roof"
	}
	for range 5 {
		monitor.Await(t, "a beacon", ours)
	}

	// On another channel, an injected frame is heard and ten beacons' time is not.
	monitor.Tune(t, vmtest.Channel(11))
	monitor.Drain(t)
	other := vmtest.NewMonitor(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.Channel(11))
	mac := []byte{2, 0, 0, 0, 0xaa, 1}
	for range 20 {
		other.Inject(t, vmtest.Beacon("by hand", mac, 11))
		monitor.Await(t, "an injected frame", func(f vmtest.Frame) bool {
			if ours(f) {
				t.Fatal("a beacon of channel 6 was heard on channel 11")
			}
			_, ssid, _ := vmtest.BeaconOf(f.Body)
			return ssid == "by hand"
		})
	}
}

func TestVMAccessPointsOfEveryBandAndWidth(t *testing.T) {
	vmtest.SetCountry(t, "DE") // access points in 6 GHz
	for _, tt := range []struct {
		name    string
		channel capture.Channel
	}{
		{"2.4 GHz, plain", capture.Channel{FreqMHz: 2412}},
		{"2.4 GHz, 40", capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}},
		{"5 GHz", vmtest.Channel(36)},
		{"5 GHz, 40", capture.Channel{FreqMHz: 5200, Width: capture.Width40, CenterMHz: 5190}},
		{"5 GHz, 80", capture.Channel{FreqMHz: 5220, Width: capture.Width80, CenterMHz: 5210}},
		{"6 GHz", vmtest.Channel6GHz(5)},
		{"6 GHz, 160", capture.Channel{FreqMHz: 5955, Width: capture.Width160, CenterMHz: 6025}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ap := vmtest.NewRadio(t, vmtest.RadioOptions{})
			beacons := vmtest.StartAP(t, ap, vmtest.APOptions{SSID: "roof", Channel: tt.channel, Interval: 20})
			c := tt.channel
			c.Width, c.CenterMHz = capture.Width20, 0
			monitor := vmtest.NewMonitor(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), c)
			monitor.Await(t, "a beacon", func(f vmtest.Frame) bool {
				from, _, ok := vmtest.BeaconOf(f.Body)
				return ok && from.String() == beacons.BSSID
			})
			beacons.Stop(t)
		})
	}
}

func TestVMTuneIn6GHz(t *testing.T) {
	r := vmtest.NewRadio(t, vmtest.RadioOptions{})
	m := vmtest.NewMonitor(t, r, vmtest.Channel(1))
	for _, number := range []int{1, 5, 93, 233} {
		c := vmtest.Channel6GHz(number)
		m.Tune(t, c)
		if got := vmtest.IW(t, "dev", m.Interface, "info"); !strings.Contains(got, "("+strconv.Itoa(c.FreqMHz)+" MHz)") {
			t.Errorf("tuned to %d MHz, and it is %s", c.FreqMHz, got)
		}
	}
}

func TestVMBlocked(t *testing.T) {
	r := vmtest.NewRadio(t, vmtest.RadioOptions{})
	vmtest.SetUp(t, r.Interface, true)
	r.Block(t, true)
	vmtest.Wait(t, r.Interface+" is down", func() bool {
		text, err := os.ReadFile("/sys/class/net/" + r.Interface + "/operstate")
		return err == nil && strings.TrimSpace(string(text)) == "down"
	})
	r.Block(t, false)
	vmtest.SetUp(t, r.Interface, true)
}

func TestVMRename(t *testing.T) {
	r := vmtest.NewRadio(t, vmtest.RadioOptions{})
	r.Rename(t, "mast")
	if got := r.Name(); got != "mast" {
		t.Errorf("the phy is called %q, want mast", got)
	}
	if got := r.Interfaces(); len(got) != 1 || got[0] != r.Interface {
		t.Errorf("its interfaces are %v, want %s", got, r.Interface)
	}
	r.Signal(t, -70)
}
