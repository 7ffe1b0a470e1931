package capture_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
)

func TestUnknownOptionsNamesWhatWasMeant(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []capture.Unknown
	}{
		{"all known", "wlan1:name=x,channels=1,6,info_antenna_type=omni,filter_mgmt=true,realtime=true,pps=5", nil},
		{"letter lost", "wlan1:chanels=1,6", []capture.Unknown{{Name: "chanels", Near: "channels"}}},
		{"neighbours exchanged", "wlan1:nmae=x", []capture.Unknown{{Name: "nmae", Near: "name"}}},
		{"dash for underscore", "wlan1:channel-hop=true", []capture.Unknown{{Name: "channel-hop", Near: "channel_hop"}}},
		{"underscore forgotten", "x.pcap:real_time=true", []capture.Unknown{{Name: "real_time", Near: "realtime"}}},
		{"three letters", "x.pcap:ppm=5", []capture.Unknown{{Name: "ppm", Near: "pps"}}},
		{"nothing near", "wlan1:colour=red", []capture.Unknown{{Name: "colour"}}},
		{"too short to guess", "wlan1:x=1", []capture.Unknown{{Name: "x"}}},
		{"each once, in order", "wlan1:zzzz=1,nam=x,zzzz=2", []capture.Unknown{{Name: "zzzz"}, {Name: "nam", Near: "name"}}},
		{"hostile length", "wlan1:" + strings.Repeat("z", 9000) + "=1", []capture.Unknown{{Name: strings.Repeat("z", 9000)}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, parse(t, tc.in).UnknownOptions()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
