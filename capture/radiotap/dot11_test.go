package radiotap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture/radiotap"
)

// roles writes the addresses that a header has, by the last byte of each.
func roles(d *radiotap.Dot11) string {
	var parts []string
	for _, r := range []struct {
		name string
		role radiotap.Roles
		mac  radiotap.MAC
	}{{"ra", radiotap.RA, d.RA}, {"ta", radiotap.TA, d.TA}, {"sa", radiotap.SA, d.SA}, {"da", radiotap.DA, d.DA}, {"bssid", radiotap.BSSID, d.BSSID}} {
		if d.Has&r.role != 0 {
			parts = append(parts, fmt.Sprintf("%s=%x", r.name, r.mac[5]))
		} else if r.mac != (radiotap.MAC{}) {
			parts = append(parts, r.name+" set and not there")
		}
	}
	return strings.Join(parts, " ")
}

const management = "ra=1 ta=2 sa=2 da=1 bssid=3"

func TestParseDot11ReadsEveryForm(t *testing.T) {
	three := a1 + a2 + a3 + "1000"
	for _, tt := range []struct {
		name, hex string
		roles     string
		header    int
	}{
		{"beacon", "8000 0000" + three, management, 24},
		{"probe request", "4000 0000" + three, management, 24},
		{"action with HT control", "d080 0000" + three + "00000000", management, 28},
		{"reserved management subtype", "f000 0000" + three, management, 24},

		{"data within the cell", "0800 0000" + three, management, 24},
		{"data to the access point", "0801 0000" + three, "ra=1 ta=2 sa=2 da=3 bssid=1", 24},
		{"data from the access point", "0802 0000" + three, "ra=1 ta=2 sa=3 da=1 bssid=2", 24},
		{"data between access points", "0803 0000" + three + a4, "ra=1 ta=2 sa=4 da=3", 30},
		{"QoS data", "8801 0000" + three + "0000", "ra=1 ta=2 sa=2 da=3 bssid=1", 26},
		{"QoS data with HT control", "8882 0000" + three + "0000 00000000", "ra=1 ta=2 sa=3 da=1 bssid=2", 30},
		{"QoS data, four addresses", "8803 0000" + three + a4 + "0000", "ra=1 ta=2 sa=4 da=3", 32},
		{"QoS data, four addresses, HT control", "8883 0000" + three + a4 + "0000 00000000", "ra=1 ta=2 sa=4 da=3", 36},
		{"strictly ordered data has no HT control", "0880 0000" + three, management, 24},
		{"null", "4801 0000" + three, "ra=1 ta=2 sa=2 da=3 bssid=1", 24},
		{"QoS null", "c801 0000" + three + "0000", "ra=1 ta=2 sa=2 da=3 bssid=1", 26},

		{"ACK", "d400 0000" + a1, "ra=1", 10},
		{"CTS", "c400 0000" + a1, "ra=1", 10},
		{"RTS", "b400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"PS-Poll", "a400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"block ack", "9400 0000" + a1 + a2 + "0000", "ra=1 ta=2", 16},
		{"block ack request", "8400 0000" + a1 + a2 + "0000", "ra=1 ta=2", 16},
		{"CF-End", "e400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"CF-End with ack", "f400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"trigger", "2400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"NDP announcement", "5400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"beamforming poll", "4400 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"60 GHz grant", "6403 0000" + a1 + a2, "ra=1 ta=2", 16},
		{"60 GHz denial to send", "6406 0000" + a1 + a2 + a3, "ra=1", 16},
		{"wrapped RTS", "7400 0000" + a1 + "b400 00000000" + a2, "ra=1 ta=2", 22},
		{"wrapped CTS", "7400 0000" + a1 + "c400 00000000", "ra=1", 16},
		{"wrapped wrapper", "7400 0000" + a1 + "7400 00000000" + a2, "ra=1", 16},
		{"wrapped beacon", "7400 0000" + a1 + "8000 00000000" + a2, "ra=1", 16},
		{"reserved control subtype", "1400 0000" + a1 + a2, "", 4},

		{"60 GHz beacon", "0c00 0000" + a1 + "00", "ta=1 sa=1", 10},
		{"beacon below 1 GHz", "1c00 0000" + a1 + "00", "ta=1 sa=1", 10},
		{"reserved extension subtype", "2c00 0000" + a1, "", 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := unhex(t, tt.hex)
			d, ok := radiotap.ParseDot11(b)
			if got := roles(&d); !ok || got != tt.roles || d.HeaderLen != tt.header {
				t.Errorf("%q, header %d, want %q, %d", got, d.HeaderLen, tt.roles, tt.header)
			}
			if d.Type != b[0]>>2&3 || d.Subtype != b[0]>>4 {
				t.Errorf("type %d, subtype %d", d.Type, d.Subtype)
			}
			// What the frame loses at its end is gone, and nothing else.
			for n := range b {
				cut, ok := radiotap.ParseDot11(b[:n])
				if ok != (n >= 2) {
					t.Fatalf("%d bytes are read: %v", n, ok)
				}
				if gained := cut.Has &^ d.Has; gained != 0 {
					t.Errorf("%d bytes have roles %b, the whole %b", n, cut.Has, d.Has)
				}
			}
		})
	}
}

func TestParseDot11SaysWhatATruncatedFrameHas(t *testing.T) {
	whole := unhex(t, frameFourAddress)
	for n, want := range map[int]string{
		2: "", 9: "", 10: "ra=1", 15: "ra=1", 16: "ra=1 ta=2", 22: "ra=1 ta=2 da=3", 29: "ra=1 ta=2 da=3", 30: "ra=1 ta=2 sa=4 da=3",
	} {
		d, ok := radiotap.ParseDot11(whole[:n])
		if got := roles(&d); !ok || got != want || d.HeaderLen != 30 {
			t.Errorf("of %d bytes: %q, header %d, want %q, 30", n, got, d.HeaderLen, want)
		}
	}
}

func TestParseDot11Flags(t *testing.T) {
	for fc1, want := range map[byte]radiotap.Dot11{
		0x01: {ToDS: true}, 0x02: {FromDS: true}, 0x08: {Retry: true}, 0x40: {Protected: true}, 0x80: {Order: true},
		0x34: {}, // more fragments, power management, more data
	} {
		got, _ := radiotap.ParseDot11([]byte{0x08, fc1})
		want.Type, want.HeaderLen = radiotap.TypeData, got.HeaderLen
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("flags %#x (-want +got):\n%s", fc1, diff)
		}
	}
	if d, _ := radiotap.ParseDot11([]byte{0x64, 0x03}); d.ToDS || d.FromDS {
		t.Error("a control frame has ToDS and FromDS")
	}
}

// In a control frame the group bit of TA announces a bandwidth.
func TestParseDot11ClearsTheGroupBitOfTAInControlFramesOnly(t *testing.T) {
	const group = "030000000002"
	for hex, want := range map[string]byte{
		"b400 0000" + a1 + group:                  2,
		"7400 0000" + a1 + "b40000000000" + group: 2,
		"8000 0000" + a1 + group + a3 + "0000":    3,
		"0800 0000" + a1 + group + a3 + "0000":    3,
	} {
		if d, _ := radiotap.ParseDot11(unhex(t, hex)); d.TA[0] != want {
			t.Errorf("%s: TA %s", hex, d.TA)
		}
	}
}

func TestParseDot11RefusesOtherVersions(t *testing.T) {
	for _, b := range [][]byte{nil, {0x08}, {0x81, 0}, {0x82, 0, 0, 0}} {
		if d, ok := radiotap.ParseDot11(b); ok || d != (radiotap.Dot11{}) {
			t.Errorf("%x is read as %+v", b, d)
		}
	}
}
