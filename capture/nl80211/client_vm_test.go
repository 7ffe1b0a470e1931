//go:build vm

package nl80211_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/vmtest"
)

// dial returns a client of this machine's kernel.

func dial(t *testing.T) *nl80211.Client {
	t.Helper()
	c, err := nl80211.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// index returns the number of an interface.

func index(t *testing.T, name string) int {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return i.Index
}

// addMonitor makes a monitor interface that goes away with the radio.

func addMonitor(t *testing.T, c *nl80211.Client, r *vmtest.Radio, name string) nl80211.Interface {
	t.Helper()
	i, err := c.AddMonitor(vmtest.Context(t), r.PhyIndex, name, nl80211.MonitorDefault)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// openFiles counts this process's file descriptors.

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestVMMonitorsInARow: an acknowledgement that is left unread would show here.

func TestVMMonitorsInARow(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	files := openFiles(t)
	for n := range 100 {
		name := fmt.Sprintf("mon%d", n)
		i, err := c.AddMonitor(ctx, radio.PhyIndex, name, nl80211.MonitorDefault|nl80211.MonitorFCSFail)
		if err != nil {
			t.Fatal(err)
		}
		if i.Name != name || i.Index != index(t, name) || i.PhyIndex != radio.PhyIndex || i.Type != nl80211.TypeMonitor {
			t.Fatalf("%s is %+v", name, i)
		}
		again, err := c.Interface(ctx, i.Index)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, name, i, again)
		if err := c.DelInterface(ctx, i.Index); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Interface(ctx, i.Index); !errors.Is(err, unix.ENODEV) {
			t.Fatalf("%s after it was removed: %v, want ENODEV", name, err)
		}
	}
	if now := openFiles(t); now != files {
		t.Errorf("%d files open, %d before", now, files)
	}
}

// TestVMCancelled: whatever request is given up at whatever moment, the next

// one gets its own answer.

func TestVMCancelled(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	managed := index(t, radio.Interface)
	files := openFiles(t)
	ended := 0
	for n := range 200 {
		short, cancel := context.WithTimeout(ctx, time.Duration(n)*50*time.Microsecond)
		phys, err := c.Phys(short)
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			ended++
		case err != nil:
			t.Fatal(err)
		case len(phys) == 0:
			t.Fatal("no phys")
		}
		if _, err := c.Interface(ctx, managed); err != nil {
			t.Fatalf("after %d given up: %v", ended, err)
		}
	}
	t.Logf("%d of 200 given up", ended)
	vmtest.Wait(t, "the files of what was given up are closed", func() bool { return openFiles(t) <= files })
}

func TestVMClose(t *testing.T) {
	c := dial(t)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Phys(vmtest.Context(t)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v, want %v", err, net.ErrClosed)
	}
}

// TestVMBusy: a phy is tuned by its monitors only while nothing else of it is up.

func TestVMSetType(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	i := index(t, radio.Interface)
	for _, kind := range []nl80211.InterfaceType{nl80211.TypeMonitor, nl80211.TypeStation, nl80211.TypeMonitor} {
		flags := nl80211.MonitorFlags(0)
		if kind == nl80211.TypeMonitor {
			flags = nl80211.MonitorDefault | nl80211.MonitorFCSFail | nl80211.MonitorActive
		}
		if err := c.SetType(ctx, i, kind, flags); err != nil {
			t.Fatal(err)
		}
		got, err := c.Interface(ctx, i)
		if err != nil {
			t.Fatal(err)
		}
		if got.Type != kind || got.MAC.String() != radio.MAC.String() {
			t.Errorf("made %s with address %v, is %+v", kind, radio.MAC, got)
		}
		if out := vmtest.IW(t, "dev", radio.Interface, "info"); !strings.Contains(out, "type "+kind.String()) {
			t.Errorf("made %s, iw says %s", kind, out)
		}
	}
}

// TestVMInterfaces: every interface of every phy, and not the one that shows

// hwsim's air, which is of no phy.

func TestVMInterfaces(t *testing.T) {
	c, ctx := dial(t), vmtest.Context(t)
	want := map[string]int{}
	for range 3 {
		r := vmtest.NewRadio(t, vmtest.RadioOptions{})
		want[r.Interface] = r.PhyIndex
	}
	list, err := c.Interfaces(ctx)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, i := range list {
		got[i.Name] = i.PhyIndex
		if i.Index != index(t, i.Name) || i.Type != nl80211.TypeStation || len(i.MAC) != 6 || !i.Channel.IsZero() {
			t.Errorf("%+v", i)
		}
	}
	diff(t, "interfaces", want, got)
	if _, err := net.InterfaceByName("hwsim0"); err != nil {
		t.Errorf("nothing was to be left out: %v", err)
	}
}

func TestVMRename(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	if err := c.SetPhyName(ctx, radio.PhyIndex, "roof"); err != nil {
		t.Fatal(err)
	}
	if got := radio.Name(); got != "roof" {
		t.Errorf("the phy is called %s, want roof", got)
	}
	p, err := c.Phy(ctx, radio.PhyIndex)
	if err != nil || p.Name != "roof" {
		t.Errorf("phy %d is called %q (%v), want roof", radio.PhyIndex, p.Name, err)
	}
	if i := addMonitor(t, c, radio, "mon0"); i.PhyIndex != radio.PhyIndex {
		t.Errorf("%+v", i)
	}
}

func TestVMRegulatory(t *testing.T) {
	country := vmtest.Country(t)
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	for _, phy := range []int{nl80211.Everyone, radio.PhyIndex} {
		got, err := c.Regulatory(ctx, phy)
		if err != nil || got.Alpha2 != country {
			t.Errorf("phy %d: %+v (%v), want %s", phy, got, err, country)
		}
	}
	vmtest.SetCountry(t, "DE") // to have it put back
	if err := c.RequestRegulatory(ctx, "JP"); err != nil {
		t.Fatal(err)
	}
	vmtest.Wait(t, "the regulatory domain is JP", func() bool { return vmtest.Country(t) == "JP" })
	vmtest.Wait(t, "channel 14 is open", func() bool {
		p, err := c.Phy(ctx, radio.PhyIndex)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Bands[0].Frequencies[13]
		return f.MHz == 2484 && !f.Disabled
	})
}

// TestVMSurvey: hwsim measures while it scans.

func TestVMSurvey(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	vmtest.SetUp(t, radio.Interface, true)
	vmtest.IW(t, "dev", radio.Interface, "scan", "freq", "2412", "5180")
	list, err := c.Survey(ctx, index(t, radio.Interface))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", list)
	for _, mhz := range []int{2412, 5180} {
		if !slices.ContainsFunc(list, func(s nl80211.Survey) bool { return s.MHz == mhz && s.Listened > 0 }) {
			t.Errorf("nothing measured on %d MHz", mhz)
		}
	}
}
