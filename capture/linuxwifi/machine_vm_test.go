//go:build vm && linux

package linuxwifi_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/internal/vmtest"
)

// childRadio, in the environment, makes a test run as a process of its own
// that opens the radio, says how that went, and waits.
const (
	childRadio = "SENSORD_TEST_RADIO"
	childState = "SENSORD_TEST_STATE"
)

// beChild is what the child does.
func beChild(t *testing.T) {
	t.Helper()
	r, err := linuxwifi.Open(context.Background(), linuxwifi.Options{
		Interface: os.Getenv(childRadio), StateDir: os.Getenv(childState),
	})
	if err != nil {
		fmt.Fprintf(os.Stdout, "child: %s: %v\n", fault.CodeOf(err), err) //nolint:forbidigo // the parent reads it
		return
	}
	fmt.Fprintln(os.Stdout, "child: open", r.Details().Notes)
	_, _ = os.Stdin.Read(make([]byte, 1))
	if err := r.Close(); err != nil {
		fmt.Fprintln(os.Stdout, "child:", err)
	}
}

// startChild runs a test of this binary as a child for a radio, and returns
// what it said first.
func startChild(t *testing.T, test, iface, dir string, attr *syscall.SysProcAttr) (child *exec.Cmd, said string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child = exec.Command(self, "-test.run=^"+test+"$", "-test.v")
	child.Env = append(os.Environ(), childRadio+"="+iface, childState+"="+dir)
	child.SysProcAttr = attr
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = child.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "child: "); ok {
			return child, text
		}
	}
	t.Fatal("the child said nothing")
	return nil, ""
}

func TestVMKilledRunIsPutBack(t *testing.T) {
	if os.Getenv(childRadio) != "" {
		beChild(t)
		return
	}
	for _, how := range []string{"restore", "open"} {
		t.Run(how, func(t *testing.T) {
			radio, dir := vmtest.NewRadio(t, vmtest.RadioOptions{}), t.TempDir()
			vmtest.SetUp(t, radio.Interface, true)
			before := condition(t, radio)
			child, said := startChild(t, "TestVMKilledRunIsPutBack", radio.Interface, dir, nil)
			if !strings.HasPrefix(said, "open") {
				t.Fatalf("child: %s", said)
			}
			during := condition(t, radio)
			if !strings.Contains(during, radio.Interface+"mon type monitor up=true") {
				t.Fatalf("while it runs:\n%s", during)
			}
			// While it runs nobody restores it, or opens it.
			if err := linuxwifi.Restore(vmtest.Context(t), dir, nil); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(during, condition(t, radio)); diff != "" {
				t.Errorf("a running radio was changed (-before +after):\n%s", diff)
			}
			_, err := linuxwifi.Open(vmtest.Context(t), linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
			if fault.CodeOf(err) != fault.RadioBusy {
				t.Errorf("second open: %v", err)
			}

			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_, _ = child.Process.Wait()
			// Somebody else's interface with a name like ours.
			vmtest.IW(t, "dev", radio.Interface, "interface", "add", "kismon0", "type", "monitor")
			if how == "restore" {
				if err := linuxwifi.Restore(vmtest.Context(t), dir, slog.New(slog.NewTextHandler(t.Output(), nil))); err != nil {
					t.Error(err)
				}
			} else {
				r := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: dir})
				if got := r.Details().CaptureInterface; got != radio.Interface+"mon" {
					t.Errorf("captures from %s", got)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
			vmtest.IW(t, "dev", "kismon0", "del")
			if diff := cmp.Diff(before, condition(t, radio)); diff != "" {
				t.Errorf("radio is not as it was (-before +after):\n%s", diff)
			}
			files, _ := os.ReadDir(dir)
			if slices.ContainsFunc(files, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), ".json") }) {
				t.Errorf("state is left: %v", files)
			}
		})
	}
}

func TestVMTwoCapabilitiesAreEnough(t *testing.T) {
	if os.Getenv(childRadio) != "" {
		beChild(t)
		return
	}
	radio, dir := vmtest.NewRadio(t, vmtest.RadioOptions{}), t.TempDir()
	const nobody = 65534
	openToAll(t, dir)
	for _, test := range []struct {
		caps []uintptr
		want string
	}{
		{[]uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}, "open []"},
		{[]uintptr{unix.CAP_NET_ADMIN}, "radio.permission: radio " + radio.Interface + ": the capability CAP_NET_RAW is missing"},
		{[]uintptr{unix.CAP_NET_RAW}, "radio.permission: radio " + radio.Interface + ": the capability CAP_NET_ADMIN is missing"},
		{nil, "radio.permission: radio " + radio.Interface + ": the capabilities CAP_NET_ADMIN and CAP_NET_RAW are missing"},
	} {
		t.Run(fmt.Sprint(test.caps), func(t *testing.T) {
			_, said := startChild(t, "TestVMTwoCapabilitiesAreEnough", radio.Interface, dir, &syscall.SysProcAttr{
				Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, AmbientCaps: test.caps,
			})
			if said != test.want {
				t.Errorf("said %q, want %q", said, test.want)
			}
		})
	}
}

// openToAll lets the child of another user reach this test's folder.
func openToAll(t *testing.T, dir string) {
	t.Helper()
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // in a machine of its own
		t.Fatal(err)
	}
	for up := dir; up != "/"; up = up[:max(1, strings.LastIndex(up, "/"))] {
		if info, err := os.Stat(up); err == nil && info.Mode()&0o5 != 0o5 {
			if err := os.Chmod(up, info.Mode()|0o5); err != nil {
				t.Fatal(err)
			}
		}
	}
}

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
