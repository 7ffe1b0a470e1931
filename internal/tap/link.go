package tap

import (
	"encoding/binary"
	"fmt"
	"net"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// SetMAC sets the interface's hardware address, up or down. Only a device of
// hardware type ARPHRD_ETHER has one: the kernel makes others without, and says
// nothing.
func (d *Device) SetMAC(mac net.HardwareAddr) error {
	if d.hardware != unix.ARPHRD_ETHER {
		return fmt.Errorf("tap: %s: hardware type %d has no address", d.name, d.hardware)
	}
	c, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return fmt.Errorf("tap: %w", err)
	}
	defer c.Close()
	attrs, err := netlink.MarshalAttributes([]netlink.Attribute{{Type: unix.IFLA_ADDRESS, Data: mac}})
	if err != nil {
		return fmt.Errorf("tap: %w", err)
	}
	// struct ifinfomsg, linux/rtnetlink.h: family, pad, type, index, flags, change.
	info := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(info[4:], uint32(d.index))
	_, err = c.Execute(netlink.Message{
		Header: netlink.Header{Type: unix.RTM_NEWLINK, Flags: netlink.Request | netlink.Acknowledge},
		Data:   append(info, attrs...),
	})
	if err != nil {
		return fmt.Errorf("tap: %s: address %s: %w", d.name, mac, err)
	}
	return nil
}

func setFlag(name string, flag uint16, on bool) error {
	return withInterface(name, func(fd int, req *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, req); err != nil {
			return err
		}
		flags := req.Uint16() &^ flag
		if on {
			flags |= flag
		}
		req.SetUint16(flags)
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
	})
}

// withInterface calls f with a socket for ioctls and a request about name.
func withInterface(name string, f func(fd int, req *unix.Ifreq) error) error {
	req, err := unix.NewIfreq(name)
	if err != nil {
		return fmt.Errorf("tap: %s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("tap: %w", err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written to it
	if err := f(fd, req); err != nil {
		return fmt.Errorf("tap: %s: %w", name, err)
	}
	return nil
}
