package nl80211_test

import (
	"fmt"
	"math"
	"net"
	"testing"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
)

func TestInterfaces(t *testing.T) {
	c, _ := client(t, replies(
		monitor(t, 7, 2, "wlan2mon"),
		message(t, unix.NL80211_CMD_NEW_INTERFACE, func(ae *netlink.AttributeEncoder) { // P2P-device
			ae.Uint32(unix.NL80211_ATTR_WIPHY, 2)
			ae.Uint32(unix.NL80211_ATTR_IFTYPE, unix.NL80211_IFTYPE_P2P_DEVICE)
			ae.Uint64(unix.NL80211_ATTR_WDEV, 0x200000002)
			ae.Bytes(unix.NL80211_ATTR_MAC, []byte{1, 2, 3})
		}),
	))
	got, err := c.Interfaces(background())
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "interfaces", []nl80211.Interface{
		{Index: 7, PhyIndex: 2, Name: "wlan2mon", Type: nl80211.TypeMonitor, MAC: net.HardwareAddr{2, 0, 0, 0, 1, 0}},
		{PhyIndex: 2, Type: nl80211.TypeP2PDevice},
	}, got)
}

func TestInterfaceChannel(t *testing.T) {
	const freqAttr, typeAttr, widthAttr, centre = unix.NL80211_ATTR_WIPHY_FREQ, unix.NL80211_ATTR_WIPHY_CHANNEL_TYPE,
		unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_ATTR_CENTER_FREQ1
	tests := []struct {
		name string
		in   map[uint16]uint32
		want capture.Channel
	}{
		{"none", nil, capture.Channel{}},
		{"centre alone", map[uint16]uint32{centre: 2412}, capture.Channel{}},
		{"frequency alone", map[uint16]uint32{freqAttr: 2412}, capture.Channel{FreqMHz: 2412}},
		{"type no HT", map[uint16]uint32{freqAttr: 2412, typeAttr: 0}, capture.Channel{FreqMHz: 2412}},
		{"type HT20", map[uint16]uint32{freqAttr: 2412, typeAttr: 1}, capture.Channel{FreqMHz: 2412, Width: capture.Width20}},
		{"type HT40-", map[uint16]uint32{freqAttr: 2437, typeAttr: 2}, capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2427}},
		{"type HT40+", map[uint16]uint32{freqAttr: 2437, typeAttr: 3}, capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}},
		{"type unknown", map[uint16]uint32{freqAttr: 2437, typeAttr: 4}, capture.Channel{}},
		{"20 no HT", map[uint16]uint32{freqAttr: 2412, typeAttr: 0, widthAttr: 0, centre: 2412}, capture.Channel{FreqMHz: 2412}},
		{"20", map[uint16]uint32{freqAttr: 2412, typeAttr: 1, widthAttr: 1, centre: 2412}, capture.Channel{FreqMHz: 2412, Width: capture.Width20}},
		{"40", map[uint16]uint32{freqAttr: 2437, typeAttr: 3, widthAttr: 2, centre: 2447}, capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}},
		{"80", map[uint16]uint32{freqAttr: 5180, widthAttr: 3, centre: 5210}, capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}},
		{"80+80", map[uint16]uint32{freqAttr: 5180, widthAttr: 4, centre: 5210, 161: 5775}, capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}},
		{"160", map[uint16]uint32{freqAttr: 5180, widthAttr: 5, centre: 5250}, capture.Channel{FreqMHz: 5180, Width: capture.Width160, CenterMHz: 5250}},
		{"5", map[uint16]uint32{freqAttr: 5180, widthAttr: 6, centre: 5180}, capture.Channel{FreqMHz: 5180, Width: capture.Width5}},
		{"10", map[uint16]uint32{freqAttr: 5180, widthAttr: 7, centre: 5180}, capture.Channel{FreqMHz: 5180, Width: capture.Width10}},
		{"1, of S1G", map[uint16]uint32{freqAttr: 902, widthAttr: 8, centre: 902, 290: 500}, capture.Channel{}},
		{"320", map[uint16]uint32{freqAttr: 5955, widthAttr: 13, centre: 6105}, capture.Channel{FreqMHz: 5955, Width: capture.Width320, CenterMHz: 6105}},
		{"80 without a centre", map[uint16]uint32{freqAttr: 5180, widthAttr: 3}, capture.Channel{}},
		{"width unknown", map[uint16]uint32{freqAttr: 5180, widthAttr: 77, centre: 5180}, capture.Channel{}},
		{"nowhere", map[uint16]uint32{freqAttr: 0}, capture.Channel{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := client(t, replies(message(t, unix.NL80211_CMD_NEW_INTERFACE, func(ae *netlink.AttributeEncoder) {
				ae.Uint32(unix.NL80211_ATTR_IFINDEX, 3)
				ae.Uint32(unix.NL80211_ATTR_WIPHY, 0)
				for id, v := range tt.in {
					ae.Uint32(id, v)
				}
			})))
			i, err := c.Interface(background(), 3)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "channel", tt.want, i.Channel)
		})
	}
}

func TestAddMonitorChecksTheAnswer(t *testing.T) {
	odd := func(kind uint32) genetlink.Message {
		return message(t, unix.NL80211_CMD_NEW_INTERFACE, func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_ATTR_WIPHY, 1)
			ae.Uint32(unix.NL80211_ATTR_IFTYPE, kind)
		})
	}
	const op = "add monitor interface mon0 to phy 1: "
	tests := []struct {
		name    string
		answer  []genetlink.Message
		wantErr string
	}{
		{"mon0", []genetlink.Message{monitor(t, 7, 1, "mon0")}, ""},
		{"mon0", []genetlink.Message{monitor(t, 7, 0, "mon0")}, op + "the kernel made it on phy 0"},
		{"mon0", []genetlink.Message{odd(2)}, op + "the kernel made it of type managed"},
		{"mon0", []genetlink.Message{odd(6)}, op + "the kernel made it without a network device"},
		{"mon0", nil, op + "0 replies instead of one"},
		{"", nil, "add monitor interface  to phy 1: a name has 1 to 15 characters"},
		{"sixteen_letters_", nil, "add monitor interface sixteen_letters_ to phy 1: a name has 1 to 15 characters"},
	}
	for _, tt := range tests {
		c, _ := client(t, replies(tt.answer...))
		got, err := c.AddMonitor(background(), 1, tt.name, 0)
		check(t, tt.wantErr, err)
		if (err == nil) != (got.Index == 7) {
			t.Errorf("got %+v with error %v", got, err)
		}
	}
}

func TestInterfaceAnswersAboutAnother(t *testing.T) {
	c, _ := client(t, replies(monitor(t, 7, 1, "mon0")))
	_, err := c.Interface(background(), 8)
	check(t, "look at interface 8: the reply is about interface 7", err)
}

func TestRegulatory(t *testing.T) {
	tests := []struct {
		encode  func(*netlink.AttributeEncoder)
		want    nl80211.Regulatory
		wantErr string
	}{
		{func(ae *netlink.AttributeEncoder) { ae.String(unix.NL80211_ATTR_REG_ALPHA2, "US") }, nl80211.Regulatory{Alpha2: "US"}, ""},
		{func(ae *netlink.AttributeEncoder) {
			ae.String(unix.NL80211_ATTR_REG_ALPHA2, "99")
			ae.Uint32(unix.NL80211_ATTR_WIPHY, 0)
			ae.Flag(unix.NL80211_ATTR_WIPHY_SELF_MANAGED_REG, true)
		}, nl80211.Regulatory{Alpha2: "99", Own: true, SelfManaged: true}, ""},
		{nil, nl80211.Regulatory{}, "look at the regulatory domain of phy 0: a regulatory domain without a name"},
	}
	for _, tt := range tests {
		c, _ := client(t, replies(message(t, unix.NL80211_CMD_GET_REG, tt.encode)))
		got, err := c.Regulatory(background(), 0)
		check(t, tt.wantErr, err)
		diff(t, "regulatory domain", tt.want, got)
	}
	c, _ := client(t, replies())
	_, err := c.Regulatory(background(), nl80211.Everyone)
	check(t, "look at the regulatory domain: 0 replies instead of one", err)
}

func TestSurvey(t *testing.T) {
	info := func(encode func(*netlink.AttributeEncoder)) genetlink.Message {
		return message(t, unix.NL80211_CMD_NEW_SURVEY_RESULTS, func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_ATTR_IFINDEX, 3)
			list(ae, unix.NL80211_ATTR_SURVEY_INFO, encode)
		})
	}
	c, _ := client(t, replies(
		info(func(ae *netlink.AttributeEncoder) { ae.Uint64(unix.NL80211_SURVEY_INFO_TIME, 1) }), // of the radio
		info(func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_SURVEY_INFO_FREQUENCY, 2412)
			ae.Int8(unix.NL80211_SURVEY_INFO_NOISE, -92)
			ae.Flag(unix.NL80211_SURVEY_INFO_IN_USE, true)
			ae.Uint64(unix.NL80211_SURVEY_INFO_TIME, 1500)
			ae.Uint64(unix.NL80211_SURVEY_INFO_TIME_BUSY, 400)
			ae.Uint64(unix.NL80211_SURVEY_INFO_TIME_RX, math.MaxUint64)
		}),
		info(func(ae *netlink.AttributeEncoder) { ae.Uint32(unix.NL80211_SURVEY_INFO_FREQUENCY, 2417) }),
	))
	got, err := c.Survey(background(), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{2412 true -92 1.5s 400ms " + (math.MaxInt64 / time.Millisecond * time.Millisecond).String() + "} {2417 false NaN 0s 0s 0s}]"
	diff(t, "survey", want, fmt.Sprint(got))
}

func TestWords(t *testing.T) {
	diff(t, "flags", "fcsfail+plcpfail+control+otherbss+active", (nl80211.MonitorDefault | nl80211.MonitorFCSFail |
		nl80211.MonitorPLCPFail | nl80211.MonitorActive).String())
	diff(t, "no flags", "", nl80211.MonitorFlags(0).String())
	var types []string
	for i := range nl80211.TypeNAN + 2 {
		types = append(types, i.String())
	}
	diff(t, "types", []string{
		"unspecified", "IBSS", "managed", "AP", "AP/VLAN", "WDS", "monitor", "mesh point",
		"P2P-client", "P2P-GO", "P2P-device", "outside context of a BSS", "NAN", "type 13",
	}, types)
	var kinds []string
	for k := range nl80211.ChannelSwitched + 2 {
		kinds = append(kinds, k.String())
	}
	diff(t, "events", []string{
		"event 0", "events lost", "phy added", "phy removed", "interface added", "interface removed",
		"regulatory domain changed", "channel switched", "event 8",
	}, kinds)
}
