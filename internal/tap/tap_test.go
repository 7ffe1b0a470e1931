package tap_test

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/tap"
)

func TestMain(m *testing.M) { tap.Main(m) }

func TestNamespaceHoldsNothingElse(t *testing.T) {
	d := tap.New(t)
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range all {
		names = append(names, i.Name)
	}
	if diff := cmp.Diff([]string{"lo", d.Name()}, names); diff != "" {
		t.Errorf("interfaces (-want +got):\n%s", diff)
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Errorf("loopback is not usable: %v", err)
	} else {
		_ = l.Close()
	}
}

func TestFrameArrivesWithItsLinkType(t *testing.T) {
	d := tap.New(t)
	fd := listen(t, d.Index())
	want := make([]byte, 60)
	want[2], want[59] = 8, 77
	if err := d.Write(want); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 100)
	n, from, err := unix.Recvfrom(fd, got, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got[:n]); diff != "" {
		t.Errorf("frame (-want +got):\n%s", diff)
	}
	if ll := from.(*unix.SockaddrLinklayer); ll.Hatype != unix.ARPHRD_IEEE80211_RADIOTAP || ll.Ifindex != d.Index() {
		t.Errorf("hardware type %d, index %d", ll.Hatype, ll.Ifindex)
	}
}

func listen(t *testing.T, index int) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestWriteRefusesWhatWouldNotArrive(t *testing.T) {
	d := tap.New(t)
	if err := d.Write(make([]byte, 13)); !errors.Is(err, tap.ErrShort) {
		t.Errorf("short frame: %v", err)
	}
	for _, tag := range []uint16{0x8100, 0x88a8} {
		f := make([]byte, 40)
		binary.BigEndian.PutUint16(f[12:], tag)
		if err := d.Write(f); !errors.Is(err, tap.ErrVLAN) {
			t.Errorf("tag %04x: %v", tag, err)
		}
	}
}

func TestDownUpAndDelete(t *testing.T) {
	d, err := tap.Open(tap.Config{Name: "roof0", Hardware: unix.ARPHRD_IEEE80211})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Down(); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(make([]byte, 20)); !errors.Is(err, unix.EIO) {
		t.Errorf("write to a device that is down: %v", err)
	}
	if err := d.Up(); err != nil {
		t.Fatal(err)
	}
	if err := d.Write(make([]byte, 20)); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := net.InterfaceByName("roof0"); err == nil {
		t.Error("the device is still there")
	}
}

func TestSetMAC(t *testing.T) {
	want := net.HardwareAddr{2, 1, 2, 3, 4, 5}
	if err := tap.New(t).SetMAC(want); err == nil {
		t.Error("a radiotap device has no address to set")
	}
	d, err := tap.Open(tap.Config{Hardware: unix.ARPHRD_ETHER})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.SetMAC(want); err != nil {
		t.Fatal(err)
	}
	i, err := net.InterfaceByIndex(d.Index())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, i.HardwareAddr); diff != "" {
		t.Errorf("address (-want +got):\n%s", diff)
	}
}

func TestFlagsArriveInside(t *testing.T) {
	found := false
	for _, a := range os.Args[1:] {
		found = found || strings.HasPrefix(a, "-test.")
	}
	if !found {
		t.Errorf("arguments: %q", os.Args)
	}
	if wd, err := os.Getwd(); err != nil || filepath.Base(wd) != "tap" {
		t.Errorf("working directory %s, %v", wd, err)
	}
}
