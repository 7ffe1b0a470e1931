//go:build vm && linux

package linuxwifi_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/internal/vmtest"
)

func TestVMListShowsRadiosAndWhatIsWrong(t *testing.T) {
	plain := vmtest.NewRadio(t, vmtest.RadioOptions{})
	lonely := vmtest.NewRadio(t, vmtest.RadioOptions{NoInterface: true})
	blocked := vmtest.NewRadio(t, vmtest.RadioOptions{Phy: "roof"})
	blocked.Block(t, true)
	busy := vmtest.NewRadio(t, vmtest.RadioOptions{})
	vmtest.IW(t, "dev", busy.Interface, "interface", "add", "second", "type", "managed")
	vmtest.SetUp(t, "second", true)
	devices, err := linuxwifi.List(vmtest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	find := func(phy int, name string) linuxwifi.Device {
		i := slices.IndexFunc(devices, func(d linuxwifi.Device) bool { return d.PhyIndex == phy && d.Interface == name })
		if i < 0 {
			t.Fatalf("no device %d %q in %+v", phy, name, devices)
		}
		return devices[i]
	}
	if slices.ContainsFunc(devices, func(d linuxwifi.Device) bool { return d.Interface == "hwsim0" }) {
		t.Error("hwsim0 is listed")
	}
	d := find(plain.PhyIndex, plain.Interface)
	if len(d.Problems) != 0 || d.Mode != "managed" || !d.Monitor || d.Driver != "mac80211_hwsim" || d.MAC.String() != plain.MAC.String() {
		t.Errorf("device %+v", d)
	}
	if d := find(lonely.PhyIndex, ""); len(d.Problems) != 1 || fault.CodeOf(d.Problems[0]) != fault.RadioMissing {
		t.Errorf("device %+v", d)
	}
	if d := find(blocked.PhyIndex, blocked.Interface); d.Phy != "roof" || len(d.Problems) != 0 || len(d.Notes) != 1 {
		t.Errorf("device %+v", d)
	}
	if d := find(busy.PhyIndex, busy.Interface); len(d.Problems) != 1 || fault.CodeOf(d.Problems[0]) != fault.RadioBusy {
		t.Errorf("device %+v", d)
	}
	before := condition(t, busy)
	_, err = linuxwifi.Check(vmtest.Context(t), linuxwifi.Options{Interface: busy.Interface})
	if fault.CodeOf(err) != fault.RadioBusy {
		t.Errorf("check: %v", err)
	}
	_, err = linuxwifi.Check(vmtest.Context(t), linuxwifi.Options{Interface: "hwsim0"})
	if fault.CodeOf(err) != fault.RadioMissing {
		t.Errorf("check hwsim0: %v", err)
	}
	if _, err := linuxwifi.Check(vmtest.Context(t), linuxwifi.Options{Interface: plain.Interface}); err != nil {
		t.Errorf("check: %v", err)
	}
	if diff := cmp.Diff(before, condition(t, busy)); diff != "" {
		t.Errorf("check changed something (-before +after):\n%s", diff)
	}
}

func TestVMAddressesFollowTheInterfaces(t *testing.T) {
	ctx, cancel := context.WithCancel(vmtest.Context(t))
	defer cancel()
	told := make(chan []linuxwifi.LinkAddress, 64)
	ended := make(chan error, 1)
	go func() { ended <- linuxwifi.WatchAddresses(ctx, func(l []linuxwifi.LinkAddress) { told <- l }) }()
	await := func(what string, ok func([]linuxwifi.LinkAddress) bool) {
		t.Helper()
		for {
			select {
			case l := <-told:
				if ok(l) {
					return
				}
			case <-ctx.Done():
				t.Fatalf("not told that %s", what)
			}
		}
	}
	await("lo is there", func(l []linuxwifi.LinkAddress) bool { return index(l, "lo") >= 0 })
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	await("a radio came", func(l []linuxwifi.LinkAddress) bool {
		i := index(l, radio.Interface)
		return i >= 0 && l[i].MAC.String() == radio.MAC.String() && !l[i].Up
	})
	vmtest.SetUp(t, radio.Interface, true)
	await("it came up", func(l []linuxwifi.LinkAddress) bool {
		i := index(l, radio.Interface)
		return i >= 0 && l[i].Up
	})
	radio.Delete(t)
	await("it went", func(l []linuxwifi.LinkAddress) bool { return index(l, radio.Interface) < 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func index(l []linuxwifi.LinkAddress, name string) int {
	return slices.IndexFunc(l, func(a linuxwifi.LinkAddress) bool { return a.Name == name })
}

func TestVMUplinkOverWifiIsSeen(t *testing.T) {
	ctx := vmtest.Context(t)
	server := netip.MustParseAddr("192.0.2.7")
	if name, wifi := linuxwifi.UplinkIsWifi(ctx, server); wifi {
		t.Fatalf("uplink over %s before there is one", name)
	}
	// A route needs a carrier, which an access point has.
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	vmtest.StartAP(t, radio, vmtest.APOptions{SSID: "way out", Channel: vmtest.Channel(6)})
	addRoute(t, radio.Interface, netip.MustParsePrefix("192.0.2.0/24"))
	if name, wifi := linuxwifi.UplinkIsWifi(ctx, server); !wifi || name != radio.Interface {
		t.Errorf("uplink %q %v, want %s", name, wifi, radio.Interface)
	}
	if name, wifi := linuxwifi.UplinkIsWifi(ctx, netip.Addr{}); wifi {
		t.Errorf("a default route over %s", name)
	}
	addRoute(t, radio.Interface, netip.MustParsePrefix("0.0.0.0/0"))
	if name, wifi := linuxwifi.UplinkIsWifi(ctx, netip.Addr{}); !wifi || name != radio.Interface {
		t.Errorf("uplink %q %v, want %s", name, wifi, radio.Interface)
	}
}

// addRoute adds a route of link scope.
func addRoute(t *testing.T, iface string, to netip.Prefix) {
	t.Helper()
	oif := indexOf(t, iface)
	ae := netlink.NewAttributeEncoder()
	ae.Uint32(unix.RTA_OIF, uint32(oif))
	if to.Bits() > 0 {
		ae.Bytes(unix.RTA_DST, to.Addr().AsSlice())
	}
	attrs, err := ae.Encode()
	if err != nil {
		t.Fatal(err)
	}
	header := []byte{
		unix.AF_INET, byte(to.Bits()), 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RT_SCOPE_LINK, unix.RTN_UNICAST,
		0, 0, 0, 0,
	}
	request(t, unix.RTM_NEWROUTE, netlink.Create, append(header, attrs...))
}

func indexOf(t *testing.T, iface string) int {
	t.Helper()
	all, err := linuxwifi.Addresses(vmtest.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	return all[index(all, iface)].Index
}

func request(t *testing.T, kind netlink.HeaderType, flags netlink.HeaderFlags, data []byte) {
	t.Helper()
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = conn.Execute(netlink.Message{
		Header: netlink.Header{Type: kind, Flags: netlink.Request | netlink.Acknowledge | flags}, Data: data,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rename gives an interface that is down another name.
func rename(t *testing.T, from, to string) {
	t.Helper()
	ae := netlink.NewAttributeEncoder()
	ae.String(unix.IFLA_IFNAME, to)
	attrs, err := ae.Encode()
	if err != nil {
		t.Fatal(err)
	}
	header := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(header[4:], uint32(indexOf(t, from)))
	request(t, unix.RTM_NEWLINK, 0, append(header, attrs...))
}
