package linuxwifi

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/tap"
)

func linkBytes(t testing.TB, index int, flags uint32, attrs ...netlink.Attribute) []byte {
	t.Helper()
	b, err := netlink.MarshalAttributes(attrs)
	if err != nil {
		t.Fatal(err)
	}
	head := linkMessage(index, flags, 0)
	binary.NativeEndian.PutUint16(head[2:], 803)
	return append(head, b...)
}

// radioLink is a link message as the kernel sends it.
func radioLink(t testing.TB) []byte {
	t.Helper()
	alt, err := netlink.MarshalAttributes([]netlink.Attribute{{Type: unix.IFLA_ALT_IFNAME, Data: []byte("roof\x00")}})
	if err != nil {
		t.Fatal(err)
	}
	return linkBytes(t, 7, unix.IFF_UP,
		netlink.Attribute{Type: unix.IFLA_IFNAME, Data: []byte("wlan0mon\x00")},
		netlink.Attribute{Type: unix.IFLA_ADDRESS, Data: []byte{2, 0, 0, 0, 0, 1}},
		netlink.Attribute{Type: unix.IFLA_PERM_ADDRESS, Data: []byte{0, 0, 0, 0, 0, 0}},
		netlink.Attribute{Type: netlink.Nested | unix.IFLA_PROP_LIST, Data: alt})
}

func TestParseLink(t *testing.T) {
	got, err := parseLink(radioLink(t))
	want := link{
		Index: 7, Name: "wlan0mon", AltNames: []string{"roof"}, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, HardwareType: 803, Up: true,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("link (-want +got):\n%s, %v", diff, err)
	}
	for _, name := range []string{"wlan0mon", "roof"} {
		if !got.named(name) {
			t.Errorf("it is not called %s", name)
		}
	}
	if _, err := parseLink(make([]byte, 15)); !errors.Is(err, errShortLink) {
		t.Errorf("error %v", err)
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add(radioLink(f))
	f.Add(make([]byte, unix.SizeofIfInfomsg))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = parseLink(data) })
}

func routeBytes(t testing.TB, bits byte, kind byte, attrs ...netlink.Attribute) []byte {
	t.Helper()
	b, err := netlink.MarshalAttributes(attrs)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{unix.AF_INET, bits, 0, 0, unix.RT_TABLE_MAIN, 0, 0, kind, 0, 0, 0, 0}, b...)
}

func number(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }

// hops is a chain of two struct rtnexthop, the first with an attribute.
func hops() []byte {
	first := append(binary.NativeEndian.AppendUint16(nil, 16), 0, 0)
	first = append(append(first, number(5)...), 8, 0, unix.RTA_GATEWAY, 0, 10, 0, 0, 1)
	second := append(binary.NativeEndian.AppendUint16(nil, 8), 0, 0)
	return append(first, append(second, number(6)...)...)
}

func TestParseRoute(t *testing.T) {
	out := netlink.Attribute{Type: unix.RTA_OIF, Data: number(7)}
	tests := []struct {
		name        string
		data        []byte
		onlyDefault bool
		want        []int
	}{
		{"default", routeBytes(t, 0, unix.RTN_UNICAST, out), true, []int{7}},
		{"to a network", routeBytes(t, 24, unix.RTN_UNICAST, out), true, nil},
		{"to a network, asked for", routeBytes(t, 24, unix.RTN_UNICAST, out), false, []int{7}},
		{"unreachable", routeBytes(t, 0, unix.RTN_UNREACHABLE, out), true, nil},
		{"many ways", routeBytes(t, 0, unix.RTN_UNICAST, netlink.Attribute{Type: unix.RTA_MULTIPATH, Data: hops()}), true, []int{5, 6}},
		{"short", []byte{2, 0}, false, nil},
	}
	for _, test := range tests {
		if got := parseRoute(test.data, test.onlyDefault); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func FuzzParseRoute(f *testing.F) {
	f.Add(routeBytes(f, 0, unix.RTN_UNICAST, netlink.Attribute{Type: unix.RTA_OIF, Data: number(7)}))
	f.Add(routeBytes(f, 0, unix.RTN_UNICAST, netlink.Attribute{Type: unix.RTA_MULTIPATH, Data: hops()}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := parseRoute(data, true); len(got) > len(data) {
			t.Errorf("%d interfaces out of %d bytes", len(got), len(data))
		}
	})
}

// The rest speaks with the kernel, in the tests' own network namespace.

func TestLinksOfTheKernel(t *testing.T) {
	d := tap.New(t)
	rt := newRoute()
	all, err := rt.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(l link) bool { return l.Name == d.Name() })
	if i < 0 {
		t.Fatalf("no %s in %+v", d.Name(), all)
	}
	for _, up := range []bool{false, false, true, true} {
		if err := rt.SetUp(t.Context(), all[i].Index, up); err != nil {
			t.Fatal(err)
		}
		if l, err := rt.One(t.Context(), all[i].Index); err != nil || l.Up != up || l.Name != d.Name() {
			t.Errorf("link %+v %v, want up %v", l, err, up)
		}
	}
	const none = 1 << 20
	if _, err := rt.One(t.Context(), none); !isGone(err) {
		t.Errorf("error %v", err)
	}
	if err := rt.SetUp(t.Context(), none, true); !isGone(err) {
		t.Errorf("error %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rt.All(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestRouteRequestsTakeTurns(t *testing.T) {
	rt := newRoute()
	rt.turn <- struct{}{} // the kernel hangs
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := rt.All(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	<-rt.turn
	if _, err := rt.All(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWaysOfTheKernel(t *testing.T) {
	lo := 1
	ways := newRoute().ways(t.Context(), netip.MustParseAddr("::ffff:127.0.0.1"))
	if !slices.Contains(ways, lo) {
		t.Errorf("ways %v, want lo", ways)
	}
	if name, wifi := UplinkIsWifi(t.Context(), netip.MustParseAddr("127.0.0.1")); wifi {
		t.Errorf("lo (%s) is taken for Wi-Fi", name)
	}
}

func TestKernelAnnouncesAddresses(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := make(chan []LinkAddress, 64)
	ended := make(chan error, 1)
	go func() { ended <- WatchAddresses(ctx, func(l []LinkAddress) { told <- l }) }()
	has := func(l []LinkAddress, name string) bool {
		return slices.ContainsFunc(l, func(a LinkAddress) bool { return a.Name == name })
	}
	for l := range told {
		if has(l, "lo") {
			break
		}
	}
	d := tap.New(t)
	for l := range told {
		if has(l, d.Name()) {
			break
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
