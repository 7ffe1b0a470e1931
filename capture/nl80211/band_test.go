package nl80211_test

import (
	"fmt"
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

func TestEveryFrequencyFlag(t *testing.T) {
	tests := []struct {
		flags []uint16
		want  capture.Frequency
	}{
		{[]uint16{2}, capture.Frequency{Disabled: true}},
		{[]uint16{3}, capture.Frequency{NoIR: true}},
		{[]uint16{3, 4}, capture.Frequency{NoIR: true}}, // 4 is what 3 was called before 3.14
		{[]uint16{5}, capture.Frequency{Radar: true}},
		{[]uint16{9}, capture.Frequency{NoHT40Minus: true}},
		{[]uint16{10}, capture.Frequency{NoHT40Plus: true}},
		{[]uint16{11}, capture.Frequency{No80MHz: true}},
		{[]uint16{12}, capture.Frequency{No160MHz: true}},
		{[]uint16{14, 15}, capture.Frequency{}}, // indoor only, relayed
		{[]uint16{16}, capture.Frequency{No20MHz: true}},
		{[]uint16{17}, capture.Frequency{No10MHz: true}},
		{[]uint16{19}, capture.Frequency{NoHE: true}},
		{[]uint16{26}, capture.Frequency{No320MHz: true}},
		{[]uint16{27}, capture.Frequency{NoEHT: true}},
		{[]uint16{32}, capture.Frequency{}},
		{[]uint16{2, 32}, capture.Frequency{NoIR: true}}, // open to monitors alone
		{[]uint16{9999}, capture.Frequency{}},            // not yet invented
	}
	for _, tt := range tests {
		tt.want.MHz = 5955
		c, _ := client(t, replies(freq(t, 0, 3, 0, 5955, tt.flags...)))
		got, err := c.Phy(background(), 0)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, fmt.Sprint(tt.flags), []capture.Frequency{tt.want}, got.Bands[0].Frequencies)
	}
}

func TestWidths(t *testing.T) {
	const two, five, six, s1g = capture.Band24GHz, capture.Band5GHz, capture.Band6GHz, capture.BandS1G
	type element struct {
		ht      uint16
		vht     uint32
		rates   []byte
		he, eht []byte
	}
	extNSS := []byte{0xfa, 0xff, 0, 0, 0xfa, 0xff, 0, 0x20}
	tests := []struct {
		name    string
		band    capture.Band
		element element
		want    string // 40, 80, 160, 320
	}{
		{"plain", two, element{}, ""},
		{"HT20", two, element{ht: 0x107c}, ""},
		{"HT40", two, element{ht: 0x107e}, "40"},
		{"HT40 that tolerates none", two, element{ht: 0x507e}, ""},
		{"HE40 without HT40", two, element{ht: 0x107c, he: []byte{0x02}}, ""},
		{"VHT80", five, element{ht: 2, vht: 0x1}, "40 80"},
		{"VHT160", five, element{ht: 2, vht: 1 << 2}, "40 80 160"},
		{"VHT80+80", five, element{ht: 2, vht: 2 << 2}, "40 80 160"},
		{"VHT with a reserved width", five, element{ht: 2, vht: 3 << 2}, "40 80"},
		{"VHT160 at half the streams", five, element{ht: 2, vht: 1 << 30, rates: extNSS}, "40 80 160"},
		{"the same without the rates that say so", five, element{ht: 2, vht: 1 << 30}, "40 80"},
		{"rates cut off", five, element{ht: 2, vht: 1 << 30, rates: extNSS[:7]}, "40 80"},
		{"HE160 without VHT160", five, element{ht: 2, vht: 1, he: []byte{0x0c}}, "40 80"},
		{"6 GHz without HE", six, element{ht: 2, vht: 1 << 2}, ""},
		{"6 GHz HE20", six, element{he: []byte{0}}, ""},
		{"6 GHz HE without content", six, element{he: []byte{}, eht: []byte{}}, ""},
		{"6 GHz HE80", six, element{he: []byte{0x04, 0xff}}, "40 80"},
		{"6 GHz HE160", six, element{he: []byte{0x0c}}, "40 80 160"},
		{"6 GHz HE80+80", six, element{he: []byte{0x1c}}, "40 80 160"},
		{"6 GHz EHT320", six, element{he: []byte{0x0c}, eht: []byte{0x02}}, "40 80 160 320"},
		{"5 GHz EHT", five, element{ht: 2, vht: 1 << 2, he: []byte{0x0c}, eht: []byte{0x02}}, "40 80 160"},
		{"S1G", s1g, element{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := client(t, replies(band(t, 0, uint16(tt.band), func(ae *netlink.AttributeEncoder) {
				if tt.element.ht != 0 {
					ae.Uint16(unix.NL80211_BAND_ATTR_HT_CAPA, tt.element.ht)
				}
				if tt.element.vht != 0 {
					ae.Uint32(unix.NL80211_BAND_ATTR_VHT_CAPA, tt.element.vht)
				}
				if tt.element.rates != nil {
					ae.Bytes(unix.NL80211_BAND_ATTR_VHT_MCS_SET, tt.element.rates)
				}
				list(ae, unix.NL80211_BAND_ATTR_IFTYPE_DATA, func(ae *netlink.AttributeEncoder) {
					list(ae, 0, nothing)
					list(ae, 1, func(ae *netlink.AttributeEncoder) {
						if tt.element.he != nil {
							ae.Bytes(unix.NL80211_BAND_IFTYPE_ATTR_HE_CAP_PHY, tt.element.he)
						}
					})
					list(ae, 2, func(ae *netlink.AttributeEncoder) {
						if tt.element.eht != nil {
							ae.Bytes(unix.NL80211_BAND_IFTYPE_ATTR_EHT_CAP_PHY, tt.element.eht)
						}
					})
				})
			})))
			p, err := c.Phy(background(), 0)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, w := range []struct {
				has  bool
				name string
			}{{p.Bands[0].HT40, "40"}, {p.Bands[0].Width80, " 80"}, {p.Bands[0].Width160, " 160"}, {p.Bands[0].Width320, " 320"}} {
				if w.has {
					got += w.name
				}
			}
			if got != tt.want {
				t.Errorf("widths %q, want %q", got, tt.want)
			}
		})
	}
}
