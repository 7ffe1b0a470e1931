package nl80211

import (
	"context"
	"errors"
	"fmt"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// maxName is the longest name of an interface, IFNAMSIZ without the zero byte.
const maxName = unix.IFNAMSIZ - 1

// Phys returns every phy, by index; none is no error.
func (c *Client) Phys(ctx context.Context) ([]Phy, error) {
	return c.phys(ctx, "list phys", func(*netlink.AttributeEncoder) {})
}

// Phy returns one phy; ENODEV if there is no such.
func (c *Client) Phy(ctx context.Context, index int) (Phy, error) {
	op := fmt.Sprintf("look at phy %d", index)
	phys, err := c.phys(ctx, op, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_WIPHY, uint32(index))
	})
	if err != nil {
		return Phy{}, err
	}
	for _, p := range phys {
		if p.Index == index {
			return p, nil
		}
	}
	return Phy{}, &Error{Op: op, Errno: unix.ENODEV}
}

// phys asks for the phys that a filter leaves.
func (c *Client) phys(ctx context.Context, op string, filter func(*netlink.AttributeEncoder)) ([]Phy, error) {
	r := request{op: op, command: unix.NL80211_CMD_GET_WIPHY, dump: true, encode: func(ae *netlink.AttributeEncoder) {
		// Without it the kernel leaves out what came after 2013.
		ae.Flag(unix.NL80211_ATTR_SPLIT_WIPHY_DUMP, true)
		filter(ae)
	}}
	for range maxInterrupted {
		messages, err := c.do(ctx, r)
		if err != nil {
			return nil, err
		}
		phys, err := decodePhys(messages)
		if errors.Is(err, errMixed) {
			continue
		}
		if err != nil {
			return nil, &opError{op: op, err: err}
		}
		return phys, nil
	}
	return nil, &opError{op: op, err: errMixed}
}

// Interfaces returns every interface of every phy, in the kernel's order,
// those without a network device included.
func (c *Client) Interfaces(ctx context.Context) ([]Interface, error) {
	const op = "list Wi-Fi interfaces"
	messages, err := c.do(ctx, request{op: op, command: unix.NL80211_CMD_GET_INTERFACE, dump: true})
	if err != nil {
		return nil, err
	}
	interfaces := make([]Interface, 0, len(messages))
	for _, m := range messages {
		i, err := decodeInterface(m)
		if err != nil {
			return nil, &opError{op: op, err: err}
		}
		interfaces = append(interfaces, i)
	}
	return interfaces, nil
}

// Interface returns one interface as it is now; ENODEV if there is no such, or
// it is not of a phy.
func (c *Client) Interface(ctx context.Context, ifindex int) (Interface, error) {
	op := fmt.Sprintf("look at interface %d", ifindex)
	messages, err := c.do(ctx, request{op: op, command: unix.NL80211_CMD_GET_INTERFACE, encode: func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_IFINDEX, uint32(ifindex))
	}})
	if err != nil {
		return Interface{}, err
	}
	i, err := onlyInterface(messages)
	if err == nil && i.Index != ifindex {
		err = fmt.Errorf("the reply is about interface %d", i.Index)
	}
	if err != nil {
		return Interface{}, &opError{op: op, err: err}
	}
	return i, nil
}

// AddMonitor creates a monitor interface, down, on a phy. EEXIST and ENFILE
// say that the name is taken; EOPNOTSUPP that the driver has no such
// interfaces. If ctx ends first, or the answer makes no sense, there may be an
// interface all the same.
func (c *Client) AddMonitor(ctx context.Context, phy int, name string, f MonitorFlags) (Interface, error) {
	op := fmt.Sprintf("add monitor interface %s to phy %d", name, phy)
	if name == "" || len(name) > maxName {
		return Interface{}, &Error{Op: op, Errno: unix.EINVAL, Message: fmt.Sprintf("a name has 1 to %d characters", maxName)}
	}
	messages, err := c.do(ctx, request{op: op, command: unix.NL80211_CMD_NEW_INTERFACE, encode: func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_WIPHY, uint32(phy))
		ae.String(unix.NL80211_ATTR_IFNAME, name)
		ae.Uint32(unix.NL80211_ATTR_IFTYPE, uint32(TypeMonitor))
		f.encode(ae)
	}})
	if e, ok := errors.AsType[*Error](err); ok && e.Message == "" && (e.Errno == unix.ENFILE || e.Errno == unix.EEXIST) {
		e.Message = "there is an interface of this name" // ENFILE speaks of open files
	}
	if err != nil {
		return Interface{}, err
	}
	i, err := onlyInterface(messages)
	switch {
	case err != nil:
	case i.PhyIndex != phy:
		err = fmt.Errorf("the kernel made it on phy %d", i.PhyIndex)
	case i.Type != TypeMonitor:
		err = fmt.Errorf("the kernel made it of type %s", i.Type)
	case i.Index == 0:
		err = errors.New("the kernel made it without a network device")
	}
	if err != nil {
		return Interface{}, &opError{op: op, err: err}
	}
	return i, nil
}

// DelInterface removes an interface, up or down.
func (c *Client) DelInterface(ctx context.Context, ifindex int) error {
	_, err := c.do(ctx, request{
		op:      fmt.Sprintf("remove interface %d", ifindex),
		command: unix.NL80211_CMD_DEL_INTERFACE,
		encode:  func(ae *netlink.AttributeEncoder) { ae.Uint32(unix.NL80211_ATTR_IFINDEX, uint32(ifindex)) },
	})
	return err
}

// SetType makes an interface one of another type; EBUSY if it is up, with most
// drivers. The flags are for [TypeMonitor] only and replace all of the old
// ones; zero leaves them alone.
func (c *Client) SetType(ctx context.Context, ifindex int, t InterfaceType, f MonitorFlags) error {
	_, err := c.do(ctx, request{
		op:      fmt.Sprintf("make interface %d %s", ifindex, t),
		command: unix.NL80211_CMD_SET_INTERFACE,
		encode: func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_ATTR_IFINDEX, uint32(ifindex))
			ae.Uint32(unix.NL80211_ATTR_IFTYPE, uint32(t))
			f.encode(ae)
		},
	})
	return err
}

// SetChannel tunes an interface, and with a monitor interface its whole phy.
// What the errors mean:
//
//	EINVAL      the regulatory domain or the driver forbids this channel
//	EBUSY       another interface than monitors is up, or no monitor is
//	EOPNOTSUPP  the driver cannot be tuned
//	ENODEV      the interface is gone
func (c *Client) SetChannel(ctx context.Context, ifindex int, ch capture.Channel) error {
	op := fmt.Sprintf("tune interface %d to %d MHz", ifindex, ch.FreqMHz)
	attributes, err := channelAttributes(ch)
	if err != nil {
		return &Error{Op: op, Errno: unix.EINVAL, Message: err.Error()}
	}
	r := request{op: op, command: unix.NL80211_CMD_SET_WIPHY, encode: func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_IFINDEX, uint32(ifindex))
		for _, a := range attributes {
			ae.Uint32(a.id, a.value)
		}
	}}
	// SET_WIPHY is what all tools use and so what drivers outside of the
	// kernel's tree are tested with.
	_, err = c.do(ctx, r)
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	r.command = unix.NL80211_CMD_SET_CHANNEL
	if _, second := c.do(ctx, r); second == nil || !errors.Is(second, unix.EOPNOTSUPP) {
		return second
	}
	return err
}

// SetPhyName renames a phy.
func (c *Client) SetPhyName(ctx context.Context, phy int, name string) error {
	_, err := c.do(ctx, request{
		op:      fmt.Sprintf("rename phy %d to %s", phy, name),
		command: unix.NL80211_CMD_SET_WIPHY,
		encode: func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_ATTR_WIPHY, uint32(phy))
			ae.String(unix.NL80211_ATTR_WIPHY_NAME, name)
		},
	})
	return err
}

// encode adds the flags, all of them or none.
func (f MonitorFlags) encode(ae *netlink.AttributeEncoder) {
	if f == 0 {
		return
	}
	ae.Nested(unix.NL80211_ATTR_MNTR_FLAGS, func(nae *netlink.AttributeEncoder) error {
		for bit := uint16(1); bit < 32; bit++ {
			nae.Flag(bit, f&(1<<bit) != 0)
		}
		return nil
	})
}

// onlyInterface returns what the one reply of a kernel says.
func onlyInterface(messages []genetlink.Message) (Interface, error) {
	if len(messages) != 1 {
		return Interface{}, fmt.Errorf("%d replies instead of one", len(messages))
	}
	return decodeInterface(messages[0])
}
