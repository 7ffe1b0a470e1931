//go:build linux

package vmtest

import (
	"encoding/binary"
	"net"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// SetDefaultRoute adds or removes a default route over an interface, which has
// to be up. It is gone with the interface.
func SetDefaultRoute(t testing.TB, name string, add bool) {
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
