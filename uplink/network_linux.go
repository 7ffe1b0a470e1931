package uplink

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watchNetwork listens to rtnetlink. What a message says is not read: each is a
// reason to look at the whole anew, so that none that was lost matters, nor the
// many that repeat what is known (a router's advertisement renews an address
// every few seconds).
func watchNetwork(ctx context.Context, tell func(string)) error {
	socket, err := openRouteSocket()
	if err != nil {
		return fmt.Errorf("watch the network: %w", err)
	}
	rings := make(chan struct{}, 1)
	lost := make(chan error, 1)
	watched, cancel := context.WithCancel(ctx)
	defer cancel()
	var reader sync.WaitGroup
	reader.Go(func() {
		defer cancel()
		lost <- ringOn(socket, rings)
	})
	w := networkWatch{rings: rings, read: readNetwork, slept: timeAsleep}
	err = w.run(watched, tell)
	_ = socket.Close()
	reader.Wait()
	if err == nil && ctx.Err() == nil {
		err = <-lost
	}
	if err != nil {
		return fmt.Errorf("watch the network: %w", err)
	}
	return nil
}

func openRouteSocket() (*os.File, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	const groups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), "rtnetlink"), nil
}

// ringOn rings for each message until the socket is closed.
func ringOn(socket *os.File, rings chan<- struct{}) error {
	buf := make([]byte, 4096) // a longer message is cut, which does not matter
	for {
		// ENOBUFS: there were more than the kernel could keep.
		if _, err := socket.Read(buf); err != nil && !errors.Is(err, unix.ENOBUFS) {
			return err
		}
		select {
		case rings <- struct{}{}:
		default:
		}
	}
}

// timeAsleep is what the clock that runs on in a sleep is ahead of the other.
func timeAsleep() time.Duration {
	var mono, boot unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono) != nil || unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - mono.Nano())
}

// readNetwork asks the kernel for interfaces, addresses and default routes.
func readNetwork() (network, error) {
	n := network{addrs: map[ifaceAddr]bool{}, defaults: map[defaultRoute]bool{}, carrier: map[string]bool{}}
	links, err := readLinks()
	if err != nil {
		return n, err
	}
	err = dump(unix.RTM_GETADDR, unix.RTM_NEWADDR, unix.SizeofIfAddrmsg, func(head []byte, attrs map[uint16][]byte) {
		l, ok := links[binary.NativeEndian.Uint32(head[4:])]
		if !ok {
			return
		}
		flags := uint32(head[2])
		if b := attrs[unix.IFA_FLAGS]; len(b) == 4 {
			flags = binary.NativeEndian.Uint32(b)
		}
		raw := attrs[unix.IFA_LOCAL] // of a point-to-point link, IFA_ADDRESS is the other end's
		if raw == nil {
			raw = attrs[unix.IFA_ADDRESS]
		}
		addr, ok := netip.AddrFromSlice(raw)
		if !ok || flags&unix.IFA_F_TENTATIVE != 0 || addr.Is6() && addr.IsLinkLocalUnicast() {
			return // no server is reached from there
		}
		n.addrs[ifaceAddr{l.name, addr.String()}] = true
		n.carrier[l.name] = l.running
	})
	if err != nil {
		return n, err
	}
	err = dump(unix.RTM_GETROUTE, unix.RTM_NEWROUTE, unix.SizeofRtMsg, func(head []byte, attrs map[uint16][]byte) {
		if to := head[1]; to != 0 || head[7] != unix.RTN_UNICAST {
			return
		}
		r := defaultRoute{ipv6: head[0] == unix.AF_INET6}
		if b := attrs[unix.RTA_OIF]; len(b) == 4 {
			r.iface = links[binary.NativeEndian.Uint32(b)].name
		}
		if gateway, ok := netip.AddrFromSlice(attrs[unix.RTA_GATEWAY]); ok {
			r.gateway = gateway.String()
		}
		if b := attrs[unix.RTA_PRIORITY]; len(b) == 4 {
			r.metric = binary.NativeEndian.Uint32(b)
		}
		if r.iface != "" {
			n.defaults[r] = true
		}
	})
	return n, err
}

type linkState struct {
	name    string
	running bool
}

// readLinks returns all interfaces but the loopback, by their indexes.
func readLinks() (map[uint32]linkState, error) {
	links := map[uint32]linkState{}
	err := dump(unix.RTM_GETLINK, unix.RTM_NEWLINK, unix.SizeofIfInfomsg, func(head []byte, attrs map[uint16][]byte) {
		index, flags := binary.NativeEndian.Uint32(head[4:]), binary.NativeEndian.Uint32(head[8:])
		if flags&unix.IFF_LOOPBACK == 0 {
			links[index] = linkState{name: unix.ByteSliceToString(attrs[unix.IFLA_IFNAME]), running: flags&unix.IFF_RUNNING != 0}
		}
	})
	return links, err
}

// dump asks the kernel for all objects of a kind, and calls each with the
// answer's head, of headBytes, and attributes.
func dump(ask int, answer uint16, headBytes int, each func(head []byte, attrs map[uint16][]byte)) error {
	raw, err := syscall.NetlinkRIB(ask, unix.AF_UNSPEC)
	if err != nil {
		return os.NewSyscallError("netlink", err)
	}
	messages, err := syscall.ParseNetlinkMessage(raw)
	if err != nil {
		return os.NewSyscallError("netlink", err)
	}
	for i := range messages {
		m := &messages[i]
		if m.Header.Type != answer || len(m.Data) < headBytes {
			continue
		}
		list, err := syscall.ParseNetlinkRouteAttr(m)
		if err != nil {
			continue
		}
		attrs := make(map[uint16][]byte, len(list))
		for _, a := range list {
			attrs[a.Attr.Type] = a.Value
		}
		each(m.Data[:headBytes], attrs)
	}
	return nil
}
