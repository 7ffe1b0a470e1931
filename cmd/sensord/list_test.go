package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
)

// kernel makes a directory like /sys/class/net: a radio, an old radio, a cable.
func kernel(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"wlan0/phy80211/name": "phy0\n",
		"wlan0/address":       "02:00:00:00:00:01\n",
		"wlan1/wireless/link": "",
		"wlan1/address":       "00:11:22:33:44:55:66:77\n",
		"eth0/address":        "02:00:00:00:00:02\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, []byte(text))
	}
	return dir
}

// frequencies returns channels from first to last MHz, as change makes them.
func frequencies(first, last, step int, change func(*capture.Frequency)) []capture.Frequency {
	var fs []capture.Frequency
	for mhz := first; mhz <= last; mhz += step {
		f := capture.Frequency{MHz: mhz}
		change(&f)
		fs = append(fs, f)
	}
	return fs
}

// garage is a machine with one radio of each kind: one that captures, one that
// another interface holds, one without an interface.
func garage() []linuxwifi.Device {
	band24 := capture.BandCapability{Band: capture.Band24GHz, HT40: true, Frequencies: frequencies(2412, 2472, 5, func(f *capture.Frequency) {
		f.Disabled = f.MHz > 2462
		f.NoHT40Plus = f.MHz > 2442
		f.NoHT40Minus = f.MHz < 2432
	})}
	band24.Frequencies = append(band24.Frequencies, capture.Frequency{MHz: 2484, Disabled: true})
	band5 := capture.BandCapability{Band: capture.Band5GHz, HT40: true, Width80: true, Frequencies: frequencies(5180, 5320, 20, func(f *capture.Frequency) {
		f.Radar = f.MHz >= 5260
		f.NoIR = f.Radar
	})}
	band5.Frequencies = append(band5.Frequencies, capture.Frequency{MHz: 5885, Disabled: true})
	band6 := capture.BandCapability{Band: capture.Band6GHz, Frequencies: frequencies(5955, 6015, 20, func(*capture.Frequency) {})}
	return []linuxwifi.Device{
		{
			Interface: "wlan1", Index: 4, MAC: net.HardwareAddr{0, 0xc0, 0xca, 0x11, 0x22, 0x33}, Phy: "phy1", PhyIndex: 1, Driver: "mt7921u", Bus: "1-1.4:1.0",
			Mode: "managed", Monitor: true, Bands: []capture.BandCapability{band24, band5, band6},
			Notes: []string{"NetworkManager manages it; if it interferes: nmcli device set wlan1 managed no"},
		},
		{
			Interface: "wlan2", Index: 5, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, Phy: "phy2", PhyIndex: 2, Driver: "ath9k_htc",
			Mode: "managed", Up: true, Monitor: true, Channel: capture.Channel{FreqMHz: 2437}, Bands: []capture.BandCapability{band24},
			Problems: []error{
				fault.Newf(fault.RadioPermission, "radio wlan2", "CAP_NET_ADMIN is missing"),
				fault.Newf(fault.RadioBusy, "radio wlan2", "wlan3 of the same radio is up"),
			},
		},
		{
			Phy: "phy3", PhyIndex: 3,
			Problems: []error{fault.Newf(fault.RadioUnsupported, "radio phy3", "the driver has no monitor mode")},
		},
	}
}

func listOf(devices []linuxwifi.Device, err error) radios {
	return radios{list: func(context.Context) ([]linuxwifi.Device, error) { return devices, err }}
}

func TestList(t *testing.T) {
	for name, tt := range map[string]struct {
		radios radios
		args   []string
		status int
		onErr  bool // the listing goes to standard error
	}{
		"radios":          {listOf(garage(), nil), []string{"list"}, 0, false},
		"radios-channels": {listOf(garage(), nil), []string{"list", "--channels"}, 0, false},
		"radios-json":     {listOf(garage(), nil), []string{"list", "--json"}, 0, false},
		"radios-flag":     {listOf(garage(), nil), []string{"--list"}, 2, true},
		"none":            {listOf(nil, nil), []string{"list"}, 0, false},
		"none-json":       {listOf(nil, fault.Newf(fault.RadioMissing, "", "there is no radio")), []string{"list", "--json"}, 0, false},
		"unknown":         {listOf(nil, fault.Newf(fault.RadioPermission, "radios", "operation not permitted")), []string{"list"}, 7, false},
		"unknown-json":    {listOf(nil, fault.Newf(fault.RadioPermission, "radios", "operation not permitted")), []string{"list", "--json"}, 7, false},
		"unknown-flag":    {listOf(nil, errors.New("operation not permitted")), []string{"--list"}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			a := &app{args: append([]string{"sensord"}, tt.args...), out: &out, errs: &errs, radios: tt.radios}
			if status := a.finish(a.execute()); status != tt.status {
				t.Errorf("exit %d, want %d", status, tt.status)
			}
			listed, rest := &out, &errs
			if tt.onErr {
				listed, rest = rest, listed
			}
			if rest.Len() > 0 {
				t.Errorf("said besides: %s", rest)
			}
			golden(t, filepath.Join("testdata/list", name+".view"), listed.String())
		})
	}
}

func TestUUIDOfRadios(t *testing.T) {
	dir := kernel(t)
	for _, tt := range []struct{ program, arg, want string }{
		{"sensord", "wlan0", "5FE308BD-0000-0000-0000-020000000001  wlan0\n"},
		{"sensord", "02:00:00:00:00:0a", "5FE308BD-0000-0000-0000-02000000000A  02:00:00:00:00:0a\n"},
		{"sensord", "wlan0:type=pcapfile", "4E1D07C3-0000-0000-0000-0000063201E2  wlan0:type=pcapfile\n"},
		{"kismet_cap_linux_wifi", "wlan0:name=x", "5FE308BD-0000-0000-0000-020000000001  wlan0:name=x\n"},
		{"/usr/bin/kismet_cap_pcapfile", "wlan0", "4E1D07C3-0000-0000-0000-0000063201E2  wlan0\n"},
		{"sensord", "wlan7", "sensord: source wlan7: there is no such file and no such interface; the UUID of a radio is made of its MAC address\n  plug it in, or write `sensord uuid MAC`; for a file write its path, as in ./wlan7\n"},
		{"sensord", "eth0", "sensord: interface eth0: it is no Wi-Fi interface\n  `sensord list` shows the radios of this machine\n"},
		{"sensord", "wlan1", "sensord: interface wlan1: it has no MAC address of 6 bytes, so it is no Wi-Fi interface\n  `sensord list` shows the radios of this machine\n"},
	} {
		var out bytes.Buffer
		a := &app{args: []string{tt.program, "uuid", tt.arg}, out: &out, errs: &out, netDir: dir}
		a.finish(a.execute())
		if out.String() != tt.want {
			t.Errorf("%s uuid %s:\n got %s\nwant %s", tt.program, tt.arg, out.String(), tt.want)
		}
	}
}
