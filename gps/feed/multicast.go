package feed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/sensord/sensord/internal/fault"
)

// listenUDP opens the socket of a UDP feed, and joins the group if its address
// is one.
func (r *Receiver) listenUDP(ctx context.Context) (*net.UDPConn, error) {
	host, port, err := net.SplitHostPort(r.o.Address)
	if err != nil {
		return nil, r.fail(fault.GPSRefused, "%w", err)
	}
	// IPv4 has no zones, but a group needs an interface there just as well.
	name, zone, _ := strings.Cut(host, "%")
	group, err := netip.ParseAddr(name)
	multicast := err == nil && group.IsMulticast()
	if multicast {
		host = name
	}
	// With a group, Listen lets other programs have the same port.
	var config net.ListenConfig
	c, err := config.ListenPacket(ctx, "udp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, r.listenError(err)
	}
	u, ok := c.(*net.UDPConn)
	if !ok {
		_ = c.Close()
		return nil, r.fail(fault.GPSRefused, "this address is not one of UDP")
	}
	if multicast {
		if err := join(u, group, zone); err != nil {
			_ = u.Close()
			return nil, r.fail(fault.GPSRefused, "%w", err)
		}
	}
	_ = u.SetReadBuffer(receiveBuffer)
	return u, nil
}

// join joins a group on the named interface, or on all that are up.
func join(c *net.UDPConn, group netip.Addr, zone string) error {
	interfaces, err := multicastInterfaces(zone)
	if err != nil {
		return err
	}
	joinOn := ipv4.NewPacketConn(c).JoinGroup
	if group.Is6() {
		joinOn = ipv6.NewPacketConn(c).JoinGroup
	}
	var failed error
	joined := 0
	for _, i := range interfaces {
		if err := joinOn(&i, &net.UDPAddr{IP: group.AsSlice()}); err != nil {
			failed = fmt.Errorf("join the group on %s: %w", i.Name, bare(err))
			continue
		}
		joined++
	}
	if joined == 0 {
		return failed
	}
	return nil
}

func multicastInterfaces(zone string) ([]net.Interface, error) {
	if zone != "" {
		i, err := net.InterfaceByName(zone)
		if err != nil {
			return nil, fmt.Errorf("there is no interface %s", zone)
		}
		return []net.Interface{*i}, nil
	}
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var able []net.Interface
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 {
			able = append(able, i)
		}
	}
	if len(able) == 0 {
		return nil, errors.New("no interface is up that could join the group")
	}
	return able, nil
}
