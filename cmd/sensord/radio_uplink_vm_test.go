//go:build vm && linux

package main_test

import (
	"encoding/binary"
	"net"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// TestVMWifiUplink leaves this machine's own frames out by itself for as long as
// its way out goes over Wi-Fi, unless it is told not to.
func TestVMWifiUplink(t *testing.T) {
	ap := network(t, "six", 6)
	defaultRoute(t, ap.Interface, true)
	const said = "so this machine's own frames are left out"
	t.Run("by itself", func(t *testing.T) {
		l := newLocals(t, 3, "")
		l.p.await(t, said)
		l.allLeftOut(t)
		defaultRoute(t, ap.Interface, false)
		l.follow(t, l.own[0], true)
		defaultRoute(t, ap.Interface, true)
		l.follow(t, l.own[0], false)
		l.p.finish(t)
	})
	t.Run("not wanted", func(t *testing.T) {
		l := newLocals(t, 1, "filter_locals=false")
		l.follow(t, l.own[0], true)
		l.p.finish(t)
	})
}

// defaultRoute adds or removes a default route over an interface.
func defaultRoute(t *testing.T, name string, add bool) {
	t.Helper()
	link, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	attrs, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.RTA_OIF, Data: binary.NativeEndian.AppendUint32(nil, uint32(link.Index))},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := netlink.Message{Header: netlink.Header{Type: unix.RTM_DELROUTE, Flags: netlink.Request | netlink.Acknowledge}}
	if add {
		m.Header.Type = unix.RTM_NEWROUTE
		m.Header.Flags |= netlink.Create | netlink.Excl
	}
	// struct rtmsg, linux/rtnetlink.h: family, lengths of destination and source,
	// service, table, protocol, scope, type, flags.
	m.Data = append([]byte{unix.AF_INET, 0, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RT_SCOPE_LINK, unix.RTN_UNICAST, 0, 0, 0, 0}, attrs...)
	if _, err := c.Execute(m); err != nil {
		t.Fatalf("default route over %s: %v", name, err)
	}
}
