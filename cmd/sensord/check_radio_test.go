package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// garageRadios are the radios of garage, on a machine with many interfaces and
// no room for filters in the kernel.
func garageRadios() radios {
	return radios{
		check: func(_ context.Context, o linuxwifi.Options) (linuxwifi.Device, error) {
			devices := garage()
			i := slices.IndexFunc(devices, func(d linuxwifi.Device) bool { return d.Interface == o.Interface })
			if i < 0 {
				return linuxwifi.Device{}, fault.Newf(fault.RadioMissing, "radio "+o.Interface, "there is no such interface")
			}
			if p := devices[i].Problems; len(p) > 0 {
				return devices[i], p[0]
			}
			return devices[i], nil
		},
		addresses: func(context.Context) ([]linuxwifi.LinkAddress, error) {
			list := []linuxwifi.LinkAddress{{Name: "lo"}, {Name: "wlan1", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}}, {Name: "wlan1mon", MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}}}
			for i := range byte(20) {
				list = append(list, linuxwifi.LinkAddress{Name: fmt.Sprintf("veth%d", i), MAC: net.HardwareAddr{2, 0, 0, 0, 1, i}})
			}
			return list, nil
		},
		optmem: func() (int, bool) { return 0, true },
	}
}

// took is how long a step took, in its column.
var took = regexp.MustCompile(` [0-9.]+[nµm]?s  `)

// TestCheckOfRadios checks the sources of every file of testdata/check.
func TestCheckOfRadios(t *testing.T) {
	eachGolden(t, "testdata/check/*.view", func(t *testing.T, file, sources string) {
		config := filepath.Join(t.TempDir(), "rig.yaml")
		writeFile(t, config, []byte("servers: [{url: 'tcp://k'}]\n"+sources))
		loaded, err := configs.Load(config, nil, configs.Flags{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := radioCheck{checklist: &checklist{out: &out}, app: &app{radios: garageRadios()}}
		for _, s := range loaded.Config.Sources {
			c.radio(t.Context(), s)
		}
		c.splitList()
		lines := took.ReplaceAllStringFunc(out.String(), func(s string) string { return strings.Repeat(" ", utf8.RuneCountInString(s)) })
		golden(t, file, fmt.Sprintf("exit %d\n%s", c.status, lines))
	})
}

func TestCheckWithoutAddresses(t *testing.T) {
	var out bytes.Buffer
	r := garageRadios()
	r.addresses = func(context.Context) ([]linuxwifi.LinkAddress, error) { return nil, errors.New("no netlink") }
	c := radioCheck{checklist: &checklist{out: &out}, app: &app{radios: r}}
	loaded, err := configs.FromFlags(configs.Flags{Connect: "k", TCP: true, Sources: []string{"wlan1:type=linuxwifi,filter_locals=true"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.filter(t.Context(), loaded.Config.Sources[0])
	if c.status != fault.ExitRadio || !strings.Contains(out.String(), "FAIL  filter") || !strings.Contains(out.String(), "radio wlan1: no netlink") {
		t.Errorf("exit %d\n%s", c.status, out.String())
	}
}
