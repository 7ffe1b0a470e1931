package nl80211_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

// seen is a request as the kernel gets it, written down.
func seen(t *testing.T, m genetlink.Message, n netlink.Message) []string {
	t.Helper()
	lines := []string{fmt.Sprintf("command %d, flags %s", m.Header.Command, n.Header.Flags)}
	list, err := netlink.UnmarshalAttributes(m.Data)
	if err != nil {
		t.Error(err)
	}
	for _, a := range list {
		switch {
		case a.Type&netlink.Nested != 0:
			inner, err := netlink.UnmarshalAttributes(a.Data)
			if err != nil {
				t.Error(err)
			}
			var flags []uint16
			for _, f := range inner {
				flags = append(flags, f.Type)
			}
			lines = append(lines, fmt.Sprintf("%d: flags %v", a.Type&^netlink.Nested, flags))
		case len(a.Data) == 4 && a.Data[3] == 0 && a.Type != unix.NL80211_ATTR_REG_ALPHA2:
			lines = append(lines, fmt.Sprintf("%d: %d", a.Type, int(a.Data[0])|int(a.Data[1])<<8|int(a.Data[2])<<16))
		default:
			lines = append(lines, fmt.Sprintf("%d: %q", a.Type, a.Data))
		}
	}
	return lines
}

// TestRequests compares every request with the table of nl80211, with the
// numbers written out.
func TestRequests(t *testing.T) {
	tests := []struct {
		name string
		ask  func(context.Context, *nl80211.Client) error
		want []string
	}{
		{
			"phys", func(ctx context.Context, c *nl80211.Client) error { _, err := c.Phys(ctx); return err },
			[]string{"command 1, flags request|0x300", `174: ""`},
		},
		{
			"phy", func(ctx context.Context, c *nl80211.Client) error { _, err := c.Phy(ctx, 7); return err },
			[]string{"command 1, flags request|0x300", `174: ""`, "1: 7"},
		},
		{
			"interfaces", func(ctx context.Context, c *nl80211.Client) error { _, err := c.Interfaces(ctx); return err },
			[]string{"command 5, flags request|0x300"},
		},
		{
			"interface", func(ctx context.Context, c *nl80211.Client) error { _, err := c.Interface(ctx, 5); return err },
			[]string{"command 5, flags request|acknowledge", "3: 5"},
		},
		{
			"monitor with flags", func(ctx context.Context, c *nl80211.Client) error {
				_, err := c.AddMonitor(ctx, 2, "wlan0mon", nl80211.MonitorDefault|nl80211.MonitorFCSFail)
				return err
			},
			[]string{"command 7, flags request|acknowledge", "1: 2", `4: "wlan0mon\x00"`, "5: 6", "23: flags [1 3 4]"},
		},
		{
			"monitor as the kernel likes", func(ctx context.Context, c *nl80211.Client) error {
				_, err := c.AddMonitor(ctx, 2, "wlan0mon", 0)
				return err
			},
			[]string{"command 7, flags request|acknowledge", "1: 2", `4: "wlan0mon\x00"`, "5: 6"},
		},
		{
			"remove", func(ctx context.Context, c *nl80211.Client) error { return c.DelInterface(ctx, 9) },
			[]string{"command 8, flags request|acknowledge", "3: 9"},
		},
		{
			"type", func(ctx context.Context, c *nl80211.Client) error {
				return c.SetType(ctx, 4, nl80211.TypeMonitor, nl80211.MonitorDefault|nl80211.MonitorActive|nl80211.MonitorPLCPFail)
			},
			[]string{"command 6, flags request|acknowledge", "3: 4", "5: 6", "23: flags [2 3 4 6]"},
		},
		{
			"back to managed", func(ctx context.Context, c *nl80211.Client) error {
				return c.SetType(ctx, 4, nl80211.TypeStation, 0)
			},
			[]string{"command 6, flags request|acknowledge", "3: 4", "5: 2"},
		},
		{
			"regulatory domain", func(ctx context.Context, c *nl80211.Client) error {
				_, err := c.Regulatory(ctx, nl80211.Everyone)
				return err
			},
			[]string{"command 31, flags request|acknowledge"},
		},
		{
			"regulatory domain of a phy", func(ctx context.Context, c *nl80211.Client) error {
				_, err := c.Regulatory(ctx, 0)
				return err
			},
			[]string{"command 31, flags request|acknowledge", "1: 0"},
		},
		{
			"another regulatory domain", func(ctx context.Context, c *nl80211.Client) error {
				return c.RequestRegulatory(ctx, "US")
			},
			[]string{"command 27, flags request|acknowledge", `33: "US\x00"`},
		},
		{
			"rename", func(ctx context.Context, c *nl80211.Client) error { return c.SetPhyName(ctx, 3, "roof") },
			[]string{"command 2, flags request|acknowledge", "1: 3", `2: "roof\x00"`},
		},
		{
			"survey", func(ctx context.Context, c *nl80211.Client) error { _, err := c.Survey(ctx, 6); return err },
			[]string{"command 50, flags request|0x300", "3: 6"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			c, _ := client(t, func(m genetlink.Message, n netlink.Message) ([]genetlink.Message, error) {
				got = seen(t, m, n)
				return nil, nl80211test.Refuse(unix.EPERM, "")
			})
			if err := tt.ask(background(), c); !errors.Is(err, unix.EPERM) {
				t.Errorf("error %v, want EPERM", err)
			}
			diff(t, "request", tt.want, got)
		})
	}
}

// TestSetChannelAttributes compares with the rules of nl80211_parse_chandef: a
// type makes the kernel ignore the width, so a wide channel must not have one.
func TestSetChannelAttributes(t *testing.T) {
	tests := []struct {
		channel capture.Channel
		want    []string // behind IFINDEX; 38 frequency, 39 type, 159 width, 160 centre
		wantErr string
	}{
		{capture.Channel{FreqMHz: 2437}, []string{"38: 2437", "159: 0", "39: 0"}, ""},
		{capture.Channel{FreqMHz: 2437, Width: capture.Width20}, []string{"38: 2437", "159: 1", "39: 1"}, ""},
		{capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}, []string{"38: 2437", "159: 2", "39: 3", "160: 2447"}, ""},
		{capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2427}, []string{"38: 2437", "159: 2", "39: 2", "160: 2427"}, ""},
		{capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}, []string{"38: 5180", "159: 3", "160: 5210"}, ""},
		{capture.Channel{FreqMHz: 5200, Width: capture.Width160, CenterMHz: 5250}, []string{"38: 5200", "159: 5", "160: 5250"}, ""},
		{capture.Channel{FreqMHz: 5955, Width: capture.Width320, CenterMHz: 6105}, []string{"38: 5955", "159: 13", "160: 6105"}, ""},
		{capture.Channel{FreqMHz: 2437, Width: capture.Width5}, []string{"38: 2437", "159: 6"}, ""},
		{capture.Channel{FreqMHz: 5180, Width: capture.Width10}, []string{"38: 5180", "159: 7"}, ""},
		{capture.Channel{}, nil, "tune interface 3 to 0 MHz: there is no channel at 0 MHz"},
		{capture.Channel{FreqMHz: -5}, nil, "tune interface 3 to -5 MHz: there is no channel at -5 MHz"},
		{capture.Channel{FreqMHz: 2437, Width: capture.Width40}, nil, "tune interface 3 to 2437 MHz: 40 MHz around 0 MHz do not begin or end at the channel of 2437 MHz"},
		{capture.Channel{FreqMHz: 2437, Width: 99}, nil, "tune interface 3 to 2437 MHz: there is no channel width 99"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%+v", tt.channel), func(t *testing.T) {
			var got []string
			c, _ := client(t, func(m genetlink.Message, n netlink.Message) ([]genetlink.Message, error) {
				got = seen(t, m, n)
				return nil, nil
			})
			err := c.SetChannel(background(), 3, tt.channel)
			check(t, tt.wantErr, err)
			if tt.wantErr != "" {
				if !errors.Is(err, unix.EINVAL) || got != nil {
					t.Errorf("error %v after request %v, want EINVAL and none", err, got)
				}
				return
			}
			diff(t, "request", append([]string{"command 2, flags request|acknowledge", "3: 3"}, tt.want...), got)
		})
	}
}

func TestSetChannelFallsBack(t *testing.T) {
	const setWiphy, setChannel = unix.NL80211_CMD_SET_WIPHY, unix.NL80211_CMD_SET_CHANNEL
	tests := []struct {
		name    string
		refuse  map[uint8]error
		want    []uint8
		wantErr unix.Errno
	}{
		{"not needed", nil, []uint8{setWiphy}, 0},
		{"not for a refusal", map[uint8]error{setWiphy: nl80211test.Refuse(unix.EINVAL, "")}, []uint8{setWiphy}, unix.EINVAL},
		{"not supported", map[uint8]error{setWiphy: nl80211test.Refuse(unix.EOPNOTSUPP, "")}, []uint8{setWiphy, setChannel}, 0},
		{
			"neither supported", map[uint8]error{
				setWiphy: nl80211test.Refuse(unix.EOPNOTSUPP, ""), setChannel: nl80211test.Refuse(unix.EOPNOTSUPP, ""),
			}, []uint8{setWiphy, setChannel}, unix.EOPNOTSUPP,
		},
		{
			"busy then", map[uint8]error{
				setWiphy: nl80211test.Refuse(unix.EOPNOTSUPP, ""), setChannel: nl80211test.Refuse(unix.EBUSY, ""),
			}, []uint8{setWiphy, setChannel}, unix.EBUSY,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []uint8
			c, _ := client(t, func(m genetlink.Message, _ netlink.Message) ([]genetlink.Message, error) {
				got = append(got, m.Header.Command)
				return nil, tt.refuse[m.Header.Command]
			})
			err := c.SetChannel(background(), 3, capture.Channel{FreqMHz: 2437})
			if tt.wantErr == 0 && err != nil || tt.wantErr != 0 && !errors.Is(err, tt.wantErr) {
				t.Errorf("error %v, want errno %d", err, tt.wantErr)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("commands %v, want %v", got, tt.want)
			}
		})
	}
}
