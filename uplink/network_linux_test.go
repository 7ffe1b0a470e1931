package uplink_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/tap"
	"github.com/sensord/sensord/uplink"
)

// inNamespace is set in the environment of the tests below, which run in a
// network namespace of their own.
const inNamespace = "SENSORD_UPLINK_NAMESPACE"

// alone runs a test of the same name once more in a namespace where it may
// change the network, and reports whether this is that.
func alone(t *testing.T) bool {
	if os.Getenv(inNamespace) != "" {
		return true
	}
	run := func(attr *syscall.SysProcAttr) ([]byte, error) {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$", "-test.timeout=60s")
		cmd.Env = append(os.Environ(), inNamespace+"=1")
		attr.Pdeathsig = unix.SIGKILL
		cmd.SysProcAttr = attr
		return cmd.CombinedOutput()
	}
	out, err := run(&syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN},
	})
	if exit := (&exec.ExitError{}); err != nil && !errors.As(err, &exit) && os.Geteuid() == 0 {
		out, err = run(&syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}) // user namespaces are forbidden here
	}
	if err != nil {
		t.Fatalf("in a namespace: %v\n%s", err, out)
	}
	return false
}

func TestKernelTellsOfAddressesRoutesAndCarriers(t *testing.T) {
	if !alone(t) {
		return
	}
	device, err := tap.Open(tap.Config{Name: "wan0", Hardware: unix.ARPHRD_ETHER, Down: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	told := make(chan string, 100)
	done := make(chan error, 1)
	go func() { done <- uplink.WatchNetwork(ctx, func(reason string) { told <- reason }) }()
	hears := func(want string) {
		t.Helper()
		var all []string
		for {
			select {
			case reason := <-told:
				if all = append(all, reason); strings.Contains(strings.Join(all, ", "), want) {
					return
				}
			case err := <-done:
				t.Fatalf("the watch ended: %v", err)
			case <-ctx.Done():
				t.Fatalf("want %q, was told %q", want, all)
			}
		}
	}
	// Until the watch has begun there is nobody to tell; each change is another.
	here := netip.MustParseAddr("192.0.2.7")
	if uplink.HasAddress(here) {
		t.Error("has the address of another network")
	}
	if err := device.Up(); err != nil {
		t.Fatal(err)
	}
	begun := false
	for last := byte(10); !begun && ctx.Err() == nil; last++ {
		setAddress(t, "wan0", netip.AddrFrom4([4]byte{192, 0, 2, last}))
		select {
		case <-told:
			begun = true
		case <-time.After(time.Second):
		}
	}
	setAddress(t, "wan0", here)
	hears("wan0 has the address 192.0.2.7")
	if !uplink.HasAddress(here) {
		t.Error("an address that was set is not there")
	}
	defaultOver(t, device.Index(), netip.MustParseAddr("192.0.2.1"))
	hears("default route over wan0 is new")
	if err := device.Close(); err != nil {
		t.Fatal(err)
	}
	hears("wan0 has lost the address 192.0.2.7")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func setAddress(t *testing.T, name string, addr netip.Addr) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written to it
	set := func(request uint, ip net.IP) {
		req, err := unix.NewIfreq(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := req.SetInet4Addr(ip); err != nil {
			t.Fatal(err)
		}
		if err := unix.IoctlIfreq(fd, request, req); err != nil {
			t.Fatal(err)
		}
	}
	set(unix.SIOCSIFADDR, addr.AsSlice())
	set(unix.SIOCSIFNETMASK, net.IPv4(255, 255, 255, 0).To4())
}

// defaultOver adds a default route.
func defaultOver(t *testing.T, index int, gateway netip.Addr) {
	t.Helper()
	attr := func(kind uint16, value []byte) []byte {
		b := make([]byte, 4, 4+len(value))
		binary.NativeEndian.PutUint16(b, uint16(4+len(value)))
		binary.NativeEndian.PutUint16(b[2:], kind)
		return append(b, value...)
	}
	// struct nlmsghdr, then struct rtmsg of linux/rtnetlink.h.
	m := make([]byte, unix.SizeofNlMsghdr+unix.SizeofRtMsg)
	m[16], m[20], m[21], m[23] = unix.AF_INET, unix.RT_TABLE_MAIN, unix.RTPROT_STATIC, unix.RTN_UNICAST
	m = append(m, attr(unix.RTA_GATEWAY, gateway.AsSlice())...)
	m = append(m, attr(unix.RTA_OIF, binary.NativeEndian.AppendUint32(nil, uint32(index)))...)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], unix.RTM_NEWROUTE)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST|unix.NLM_F_CREATE)
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd) //nolint:errcheck // the kernel has taken what was written
	if err := unix.Sendto(fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		t.Fatal(err)
	}
}
