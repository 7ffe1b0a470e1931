package linuxwifi

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
)

// UplinkIsWifi says whether this machine's way out goes over Wi-Fi, and over
// which interface: the route to the server if its address is valid, or any
// default route. A VPN hides the route to the server, not the default route
// that it runs over. What cannot be found out is taken for no.
func UplinkIsWifi(ctx context.Context, server netip.Addr) (iface string, wifi bool) {
	wl, err := nl80211.Dial()
	if err != nil {
		return "", false
	}
	defer wl.Close()
	ifaces, err := wl.Interfaces(ctx)
	if err != nil {
		return "", false
	}
	for _, index := range newRoute().ways(ctx, server) {
		i := slices.IndexFunc(ifaces, func(f nl80211.Interface) bool { return f.Index == index })
		if i >= 0 {
			return ifaces[i].Name, true
		}
	}
	return "", false
}

// WatchRoutes calls f at once, and again whenever a route was added or removed:
// UplinkIsWifi may then have another answer. It ends with ctx and returns nil.
// f is called from this goroutine, within a second and no more often than once
// in one: machines that take part in routing change theirs all the time.
func WatchRoutes(ctx context.Context, f func()) error { return watchRoutes(ctx, listenRoutes, f) }

const routeGap = time.Second

func watchRoutes(ctx context.Context, listen func(context.Context, func()) error, f func()) error {
	listening, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() { ended <- listen(listening, func() { signal(changed) }) }()
	for {
		select {
		case err := <-ended:
			return unlessEnded(ctx, err)
		case <-changed:
		}
		f()
		if !pause(ctx, routeGap) {
			return unlessEnded(ctx, <-ended)
		}
	}
}

// ways returns the interfaces that frames to the server, or to anywhere, may
// leave by.
func (rt route) ways(ctx context.Context, server netip.Addr) []int {
	var ways []int
	if server = server.Unmap(); server.IsValid() {
		ways = append(ways, rt.routes(ctx, 0, server)...)
	}
	for _, any := range [...]netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		ways = append(ways, rt.routes(ctx, netlink.Dump, any)...)
	}
	return ways
}

// routes asks for the route to one address, or dumps all of a family and keeps
// the default routes.
func (rt route) routes(ctx context.Context, dump netlink.HeaderFlags, to netip.Addr) []int {
	data := make([]byte, unix.SizeofRtMsg)
	data[0] = unix.AF_INET
	if to.Is6() {
		data[0] = unix.AF_INET6
	}
	if dump == 0 {
		data[1] = byte(to.BitLen())
		attr, err := netlink.MarshalAttributes([]netlink.Attribute{{Type: unix.RTA_DST, Data: to.AsSlice()}})
		if err != nil {
			return nil
		}
		data = append(data, attr...)
	}
	msgs, err := rt.execute(ctx, netlink.Message{
		Header: netlink.Header{Type: unix.RTM_GETROUTE, Flags: netlink.Request | dump},
		Data:   data,
	})
	if err != nil {
		return nil // no route, or no such family
	}
	var ways []int
	for _, msg := range msgs {
		if msg.Header.Type == unix.RTM_NEWROUTE {
			ways = append(ways, parseRoute(msg.Data, dump != 0)...)
		}
	}
	return ways
}

// parseRoute returns the interfaces of a struct rtmsg and its attributes; of
// default routes only, if so asked.
func parseRoute(data []byte, onlyDefault bool) []int {
	if len(data) < unix.SizeofRtMsg || onlyDefault && (data[1] != 0 || data[7] != unix.RTN_UNICAST) {
		return nil
	}
	ad, err := netlink.NewAttributeDecoder(data[unix.SizeofRtMsg:])
	if err != nil {
		return nil
	}
	var ways []int
	for ad.Next() {
		switch ad.Type() {
		case unix.RTA_OIF:
			if b := ad.Bytes(); len(b) == 4 {
				ways = append(ways, int(int32(binary.NativeEndian.Uint32(b))))
			}
		case unix.RTA_MULTIPATH:
			ways = append(ways, nextHops(ad.Bytes())...)
		}
	}
	return ways
}

// nextHops returns the interfaces of a chain of struct rtnexthop.
func nextHops(b []byte) []int {
	var ways []int
	for len(b) >= unix.SizeofRtNexthop {
		n := int(binary.NativeEndian.Uint16(b))
		if n < unix.SizeofRtNexthop || n > len(b) {
			break
		}
		ways = append(ways, int(int32(binary.NativeEndian.Uint32(b[4:]))))
		b = b[min((n+3)&^3, len(b)):]
	}
	return ways
}
