package nl80211_test

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

// monitor is the kernel's answer about a monitor interface.

func monitor(t testing.TB, ifindex, phy uint32, name string) genetlink.Message {
	return message(t, unix.NL80211_CMD_NEW_INTERFACE, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_IFINDEX, ifindex)
		ae.String(unix.NL80211_ATTR_IFNAME, name)
		ae.Uint32(unix.NL80211_ATTR_WIPHY, phy)
		ae.Uint32(unix.NL80211_ATTR_IFTYPE, unix.NL80211_IFTYPE_MONITOR)
		ae.Bytes(unix.NL80211_ATTR_MAC, []byte{2, 0, 0, 0, 1, 0})
	})
}

// TestAnswersStayInStep guards against the trap of requests that are answered by

// a message and by an acknowledgement behind it: left unread, it is taken for

// the answer to the next request, and so on for ever.

func TestAnswersStayInStep(t *testing.T) {
	made := uint32(10)
	c, kernel := client(t, func(m genetlink.Message, _ netlink.Message) ([]genetlink.Message, error) {
		switch m.Header.Command {
		case unix.NL80211_CMD_NEW_INTERFACE:
			made++
			return []genetlink.Message{monitor(t, made, 0, "mon0")}, nil
		case unix.NL80211_CMD_GET_INTERFACE:
			return []genetlink.Message{monitor(t, made, 0, "mon0")}, nil
		default:
			return nil, nil
		}
	})
	for range 100 {
		i, err := c.AddMonitor(background(), 0, "mon0", nl80211.MonitorDefault)
		if err != nil {
			t.Fatal(err)
		}
		if i.Index != int(made) {
			t.Fatalf("the answer is about interface %d, want %d", i.Index, made)
		}
		if err := c.SetChannel(background(), i.Index, capture.Channel{FreqMHz: 2412}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Interfaces(background()); err != nil {
			t.Fatal(err)
		}
		again, err := c.Interface(background(), i.Index)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "interface", i, again)
		if err := c.DelInterface(background(), i.Index); err != nil {
			t.Fatal(err)
		}
	}
	if n := kernel.Dialled(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestRefusal(t *testing.T) {
	refusal := error(nil)
	c, kernel := client(t, func(genetlink.Message, netlink.Message) ([]genetlink.Message, error) { return nil, refusal })
	tests := []struct {
		refusal error
		want    string
		is      error
	}{
		{nl80211test.Refuse(unix.EINVAL, "Channel is disabled"), "tune interface 7 to 5260 MHz: channel is disabled", unix.EINVAL},
		{nl80211test.Refuse(unix.EINVAL, "(extension) channel is disabled"), "tune interface 7 to 5260 MHz: (extension) channel is disabled", unix.EINVAL},
		{nl80211test.Refuse(unix.EINVAL, "HT40 is not possible"), "tune interface 7 to 5260 MHz: HT40 is not possible", unix.EINVAL},
		{nl80211test.Refuse(unix.EBUSY, ""), "tune interface 7 to 5260 MHz: device or resource busy", unix.EBUSY},
		{nl80211test.Refuse(unix.EPERM, ""), "tune interface 7 to 5260 MHz: operation not permitted", fs.ErrPermission},
		{nl80211test.Refuse(unix.ENODEV, "é"), "tune interface 7 to 5260 MHz: é", unix.ENODEV},
		{nil, "", nil},
	}
	for _, tt := range tests {
		refusal = tt.refusal
		err := c.SetChannel(background(), 7, capture.Channel{FreqMHz: 5260})
		check(t, tt.want, err)
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%v is not %v", err, tt.is)
		}
		if want, ok := errors.AsType[*nl80211test.Refusal](tt.refusal); ok {
			got, _ := errors.AsType[*nl80211.Error](err)
			diff(t, "error", &nl80211.Error{Op: "tune interface 7 to 5260 MHz", Errno: want.Errno, Message: want.Message}, got)
		}
	}
	if n := kernel.Dialled(); n != 1 {
		t.Errorf("%d connections, want 1: a refusal is an answer", n)
	}
}

// silent is a kernel that answers nothing while quiet is set.

// TestStuckKernel is a driver that hangs with the kernel's locks held: sendmsg

// does not return, and no deadline reaches it.

func TestNoWiFi(t *testing.T) {
	kernel := nl80211test.New(nl80211test.Options{NoWiFi: true})
	_, err := nl80211.DialWith(kernel.Dial)
	check(t, "connect to nl80211: this kernel has no Wi-Fi: cfg80211 is not loaded", err)
	if !errors.Is(err, unix.ENOENT) {
		t.Errorf("%v is not ENOENT", err)
	}
	if n := kernel.Open(); n != 0 {
		t.Errorf("%d connections left open", n)
	}
}

func TestDialFails(t *testing.T) {
	_, err := nl80211.DialWith(func() (*genetlink.Conn, error) { return nil, unix.EPROTONOSUPPORT })
	check(t, "connect to nl80211: protocol not supported", err)
}

// TestReloadedKernel: with cfg80211 loaded anew the family has another number.

func TestReloadedKernel(t *testing.T) {
	gone := true
	c, kernel := client(t, func(genetlink.Message, netlink.Message) ([]genetlink.Message, error) {
		if gone {
			return nil, nl80211test.Refuse(unix.ENOENT, "")
		}
		return nil, nil
	})
	if err := c.DelInterface(background(), 5); !errors.Is(err, unix.ENOENT) {
		t.Errorf("error %v, want ENOENT", err)
	}
	gone = false
	if err := c.DelInterface(background(), 5); err != nil {
		t.Error(err)
	}
	if n := kernel.Dialled(); n != 2 {
		t.Errorf("%d connections, want 2: the family must be looked up again", n)
	}
}
