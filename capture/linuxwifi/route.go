package linuxwifi

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// routeTimeout bounds a request to rtnetlink whose context has no deadline.
const routeTimeout = 5 * time.Second

// A route asks rtnetlink about interfaces and routes. Safe for concurrent use:
// requests take turns. Each has a socket of its own, so that none can read
// another's answer after a time-out.
type route struct{ turn chan struct{} }

func newRoute() route { return route{turn: make(chan struct{}, 1)} }

// All returns every interface of the network namespace.
func (rt route) All(ctx context.Context) ([]link, error) {
	msgs, err := rt.execute(ctx, netlink.Message{
		Header: netlink.Header{Type: unix.RTM_GETLINK, Flags: netlink.Request | netlink.Dump},
		Data:   linkMessage(0, 0, 0),
	})
	if err != nil {
		return nil, err
	}
	all := make([]link, 0, len(msgs))
	for _, msg := range msgs {
		if msg.Header.Type != unix.RTM_NEWLINK {
			continue
		}
		l, err := parseLink(msg.Data)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, nil
}

// One returns one interface.
func (rt route) One(ctx context.Context, ifindex int) (link, error) {
	msgs, err := rt.execute(ctx, netlink.Message{
		Header: netlink.Header{Type: unix.RTM_GETLINK, Flags: netlink.Request},
		Data:   linkMessage(ifindex, 0, 0),
	})
	if err != nil {
		return link{}, err
	}
	for _, msg := range msgs {
		if msg.Header.Type == unix.RTM_NEWLINK {
			return parseLink(msg.Data)
		}
	}
	return link{}, unix.ENODEV
}

// SetUp sets an interface up or down. The kernel answers when it is done.
func (rt route) SetUp(ctx context.Context, ifindex int, up bool) error {
	var flags uint32
	if up {
		flags = unix.IFF_UP
	}
	_, err := rt.execute(ctx, netlink.Message{
		Header: netlink.Header{Type: unix.RTM_NEWLINK, Flags: netlink.Request | netlink.Acknowledge},
		Data:   linkMessage(ifindex, flags, unix.IFF_UP),
	})
	if err != nil {
		return err
	}
	l, err := rt.One(ctx, ifindex)
	if err == nil && l.Up != up { // a driver that lies, or somebody was quicker
		return fmt.Errorf("kernel set the interface %s, and it is not", upDown(up))
	}
	return err
}

func upDown(up bool) string {
	if up {
		return "up"
	}
	return "down"
}

// execute sends one request and returns the answer, or returns when ctx ends.
func (rt route) execute(ctx context.Context, msg netlink.Message) ([]netlink.Message, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, routeTimeout)
		defer cancel()
	}
	select {
	case rt.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// The kernel works on a request inside of sendmsg, where no deadline
	// reaches, and a driver that hangs keeps it there. The turn is over when
	// the kernel is done, so there is one such goroutine at most.
	type outcome struct {
		msgs []netlink.Message
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-rt.turn }()
		msgs, err := converse(ctx, msg)
		done <- outcome{msgs, err}
	}()
	select {
	case o := <-done:
		if _, answered := errors.AsType[unix.Errno](o.err); o.err != nil && !answered && ctx.Err() != nil {
			return nil, ctx.Err() // which cut the conversation short
		}
		return o.msgs, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// converse does the work of execute.
func converse(ctx context.Context, msg netlink.Message) ([]netlink.Message, error) {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// The kernel's words are better than ours; old kernels have none.
	_ = conn.SetOption(netlink.ExtendedAcknowledge, true)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return conn.Execute(msg)
}

// linkMessage is a struct ifinfomsg (linux/rtnetlink.h).
func linkMessage(ifindex int, flags, change uint32) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(b[4:], uint32(ifindex))
	binary.NativeEndian.PutUint32(b[8:], flags)
	binary.NativeEndian.PutUint32(b[12:], change)
	return b
}

var errShortLink = errors.New("rtnetlink: link message is too short")

// parseLink reads a struct ifinfomsg and the attributes behind it.
func parseLink(data []byte) (link, error) {
	if len(data) < unix.SizeofIfInfomsg {
		return link{}, errShortLink
	}
	l := link{
		HardwareType: binary.NativeEndian.Uint16(data[2:]),
		Index:        int(int32(binary.NativeEndian.Uint32(data[4:]))),
		Up:           binary.NativeEndian.Uint32(data[8:])&unix.IFF_UP != 0,
	}
	ad, err := netlink.NewAttributeDecoder(data[unix.SizeofIfInfomsg:])
	if err != nil {
		return link{}, err
	}
	for ad.Next() {
		switch ad.Type() {
		case unix.IFLA_IFNAME:
			l.Name = ad.String()
		case unix.IFLA_ADDRESS:
			l.MAC = hardwareAddr(ad.Bytes())
		case unix.IFLA_PERM_ADDRESS:
			l.PermanentMAC = hardwareAddr(ad.Bytes())
		case unix.IFLA_PROP_LIST:
			ad.Nested(func(nad *netlink.AttributeDecoder) error {
				for nad.Next() {
					if nad.Type() == unix.IFLA_ALT_IFNAME {
						l.AltNames = append(l.AltNames, nad.String())
					}
				}
				return nil
			})
		}
	}
	return l, ad.Err()
}

// hardwareAddr is nil for an address of zeros, which is none.
func hardwareAddr(b []byte) net.HardwareAddr {
	for _, c := range b {
		if c != 0 {
			return b
		}
	}
	return nil
}
