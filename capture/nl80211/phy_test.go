package nl80211_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

// part is one message of a dump of phys.

func part(t testing.TB, phy uint32, encode func(*netlink.AttributeEncoder)) genetlink.Message {
	t.Helper()
	return message(t, unix.NL80211_CMD_NEW_WIPHY, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_WIPHY, phy)
		ae.String(unix.NL80211_ATTR_WIPHY_NAME, fmt.Sprintf("phy%d", phy))
		ae.Uint32(unix.NL80211_ATTR_GENERATION, 3)
		if encode != nil {
			encode(ae)
		}
	})
}

// list encodes nested attributes.

func list(ae *netlink.AttributeEncoder, id uint16, encode func(*netlink.AttributeEncoder)) {
	ae.Nested(id, func(nae *netlink.AttributeEncoder) error { encode(nae); return nil })
}

// band is a message about one band.

func band(t testing.TB, phy uint32, id uint16, encode func(*netlink.AttributeEncoder)) genetlink.Message {
	t.Helper()
	return part(t, phy, func(ae *netlink.AttributeEncoder) {
		list(ae, unix.NL80211_ATTR_WIPHY_BANDS, func(ae *netlink.AttributeEncoder) { list(ae, id, encode) })
	})
}

// freq is a message about one frequency.

func freq(t testing.TB, phy uint32, bandID, index uint16, mhz uint32, flags ...uint16) genetlink.Message {
	t.Helper()
	return band(t, phy, bandID, func(ae *netlink.AttributeEncoder) {
		list(ae, unix.NL80211_BAND_ATTR_FREQS, func(ae *netlink.AttributeEncoder) {
			list(ae, index, func(ae *netlink.AttributeEncoder) {
				ae.Uint32(unix.NL80211_FREQUENCY_ATTR_FREQ, mhz)
				for _, f := range flags {
					ae.Flag(f, true)
				}
				ae.Uint32(unix.NL80211_FREQUENCY_ATTR_MAX_TX_POWER, 2000)
			})
		})
	})
}

func nothing(*netlink.AttributeEncoder) {}

// TestPhysAreMerged: what belongs together comes in pieces, the pieces of two

// phys mixed, bands and frequencies out of order, numbers from 0.

func TestPhysAreMerged(t *testing.T) {
	c, _ := client(t, replies(
		part(t, 4, func(ae *netlink.AttributeEncoder) {
			list(ae, unix.NL80211_ATTR_SUPPORTED_IFTYPES, func(ae *netlink.AttributeEncoder) {
				ae.Flag(uint16(nl80211.TypeStation), true)
				ae.Flag(uint16(nl80211.TypeMonitor), true)
			})
			ae.Uint32(unix.NL80211_ATTR_FEATURE_FLAGS, unix.NL80211_FEATURE_ACTIVE_MONITOR|1)
		}),
		band(t, 4, 0, func(ae *netlink.AttributeEncoder) { ae.Uint16(unix.NL80211_BAND_ATTR_HT_CAPA, 0x107e) }),
		part(t, 0, func(ae *netlink.AttributeEncoder) { list(ae, unix.NL80211_ATTR_WIPHY_BANDS, nothing) }),
		band(t, 0, 1, func(ae *netlink.AttributeEncoder) {
			ae.Uint16(unix.NL80211_BAND_ATTR_HT_CAPA, 0x2)
			ae.Uint32(unix.NL80211_BAND_ATTR_VHT_CAPA, 0)
			list(ae, unix.NL80211_BAND_ATTR_FREQS, nothing)
		}),
		freq(t, 4, 0, 1, 2417, unix.NL80211_FREQUENCY_ATTR_NO_HT40_MINUS),
		freq(t, 0, 1, 0, 5180, unix.NL80211_FREQUENCY_ATTR_NO_IR, unix.NL80211_FREQUENCY_ATTR_RADAR),
		freq(t, 4, 0, 0, 2412, unix.NL80211_FREQUENCY_ATTR_NO_HT40_MINUS, unix.NL80211_FREQUENCY_ATTR_NO_80MHZ),
		freq(t, 0, 0, 0, 2484, unix.NL80211_FREQUENCY_ATTR_DISABLED),
		part(t, 4, func(ae *netlink.AttributeEncoder) {
			list(ae, unix.NL80211_ATTR_SUPPORTED_COMMANDS, func(ae *netlink.AttributeEncoder) {
				ae.Uint32(1, unix.NL80211_CMD_SET_CHANNEL)
				ae.Uint32(2, unix.NL80211_CMD_NEW_INTERFACE)
			})
			ae.Flag(unix.NL80211_ATTR_SUPPORT_5_MHZ, true)
			ae.Flag(unix.NL80211_ATTR_SUPPORT_10_MHZ, true)
			list(ae, unix.NL80211_ATTR_SOFTWARE_IFTYPES, func(ae *netlink.AttributeEncoder) {
				ae.Flag(uint16(nl80211.TypeMonitor), true)
			})
			list(ae, unix.NL80211_ATTR_INTERFACE_COMBINATIONS, func(ae *netlink.AttributeEncoder) {
				list(ae, 1, func(ae *netlink.AttributeEncoder) {
					ae.Uint32(unix.NL80211_IFACE_COMB_MAXNUM, 2048)
					ae.Uint32(unix.NL80211_IFACE_COMB_NUM_CHANNELS, 1)
					list(ae, unix.NL80211_IFACE_COMB_LIMITS, func(ae *netlink.AttributeEncoder) {
						list(ae, 1, func(ae *netlink.AttributeEncoder) {
							ae.Uint32(unix.NL80211_IFACE_LIMIT_MAX, 8)
							list(ae, unix.NL80211_IFACE_LIMIT_TYPES, func(ae *netlink.AttributeEncoder) {
								ae.Flag(uint16(nl80211.TypeAP), true)
							})
						})
					})
				})
			})
		}),
	))
	got, err := c.Phys(background())
	if err != nil {
		t.Fatal(err)
	}
	want := []nl80211.Phy{
		{Index: 0, Name: "phy0", Bands: []capture.BandCapability{
			{
				Band: capture.Band5GHz, HT40: true, Width80: true,
				Frequencies: []capture.Frequency{{MHz: 5180, NoIR: true, Radar: true}},
			},
			{Band: capture.Band24GHz, Frequencies: []capture.Frequency{{MHz: 2484, Disabled: true}}},
		}},
		{
			Index: 4, Name: "phy4", Bands: []capture.BandCapability{{
				Band: capture.Band24GHz, HT40: true, Width5: true, Width10: true,
				Frequencies: []capture.Frequency{{MHz: 2412, NoHT40Minus: true, No80MHz: true}, {MHz: 2417, NoHT40Minus: true}},
			}},
			Types:         []nl80211.InterfaceType{nl80211.TypeStation, nl80211.TypeMonitor},
			SoftwareTypes: []nl80211.InterfaceType{nl80211.TypeMonitor},
			Combinations: []nl80211.Combination{{
				MaxInterfaces: 2048, Channels: 1,
				Limits: []nl80211.Limit{{Max: 8, Types: []nl80211.InterfaceType{nl80211.TypeAP}}},
			}},
			Commands:      []uint32{unix.NL80211_CMD_NEW_INTERFACE, unix.NL80211_CMD_SET_CHANNEL},
			ActiveMonitor: true,
		},
	}
	diff(t, "phys", want, got)
	if !got[1].Supports(nl80211.TypeMonitor) || got[1].Supports(nl80211.TypeAP) || got[0].Supports(nl80211.TypeMonitor) {
		t.Error("Supports does not say what Types do")
	}
	if !got[1].SetsChannel() || got[0].SetsChannel() {
		t.Error("SetsChannel does not say what Commands do")
	}

	one, err := c.Phy(background(), 4)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "phy", want[1], one)
	_, err = c.Phy(background(), 1)
	check(t, "look at phy 1: no such device", err)
	if !errors.Is(err, unix.ENODEV) {
		t.Errorf("%v is not ENODEV", err)
	}
}

// TestWidths holds the bits of the standard's elements against what the kernel

// makes of them.

// interrupt marks the second answer of a dump, or what the counter says.

func TestInterruptedDumpIsRepeated(t *testing.T) {
	tests := []struct {
		name    string
		bad     int // of the first dumps
		wantErr string
	}{
		{"once", 1, ""},
		{"seven times", 7, ""},
		{"for ever", 1 << 20, "list phys: the radios change faster than they can be listed"},
	}
	for _, tt := range tests {
		t.Run("flag "+tt.name, func(t *testing.T) {
			asked := 0
			c, kernel := clientOf(t, nl80211test.Options{
				Answer: replies(freq(t, 0, 0, 0, 2412), freq(t, 0, 0, 1, 2417)),
				Edit: func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
					if asked++; asked <= tt.bad {
						out[0][1].Header.Flags |= netlink.DumpInterrupted
					}
					return out
				},
			})
			_, err := c.Phys(background())
			check(t, tt.wantErr, err)
			if n := kernel.Dialled(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
		t.Run("generation "+tt.name, func(t *testing.T) {
			asked := 0
			c, _ := client(t, func(genetlink.Message, netlink.Message) ([]genetlink.Message, error) {
				later := message(t, unix.NL80211_CMD_NEW_WIPHY, func(ae *netlink.AttributeEncoder) {
					ae.Uint32(unix.NL80211_ATTR_WIPHY, 1)
					ae.Uint32(unix.NL80211_ATTR_GENERATION, 4)
				})
				if asked++; asked <= tt.bad {
					return []genetlink.Message{part(t, 0, nil), later}, nil
				}
				return []genetlink.Message{later}, nil
			})
			got, err := c.Phys(background())
			check(t, tt.wantErr, err)
			if err == nil && (len(got) != 1 || got[0].Index != 1) {
				t.Errorf("got %+v, want phy 1", got)
			}
		})
	}
}

func TestNoPhys(t *testing.T) {
	c, _ := client(t, replies())
	got, err := c.Phys(background())
	if err != nil || len(got) != 0 {
		t.Errorf("got %v and %v, want none of both", got, err)
	}
}
