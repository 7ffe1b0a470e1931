package capture_test

import (
	"slices"
	"testing"

	"github.com/sensord/sensord/capture"
)

func TestSourceType(t *testing.T) {
	files := func(path string) bool { return slices.Contains([]string{"walk", "both"}, path) }
	interfaces := func(name string) bool { return slices.Contains([]string{"wlan1", "both", "tun.gz"}, name) }
	for _, tc := range []struct{ name, in, want string }{
		{"type wins over all", "walk:type=rtl433", "rtl433"},
		{"type in any case", "walk:type=LinuxWifi", "linuxwifi"},
		{"empty type says nothing", "walk:type=", "pcapfile"},
		{"existing file", "walk", "pcapfile"},
		{"file before interface", "both", "pcapfile"},
		{"existing interface", "wlan1", "linuxwifi"},
		{"interface before the look of a path", "tun.gz", "linuxwifi"},
		{"looks like a path", "/tmp/gone", "pcapfile"},
		{"pcap", "gone.pcap", "pcapfile"},
		{"pcapng in capitals", "GONE.PCAPNG", "pcapfile"},
		{"gz", "gone.cap.gz", "pcapfile"},
		{"interface still to come", "wlan7", "linuxwifi"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := capture.SourceType(parse(t, tc.in), files, interfaces); got != tc.want {
				t.Errorf("SourceType(%s) = %s, want %s", tc.in, got, tc.want)
			}
		})
	}
}
