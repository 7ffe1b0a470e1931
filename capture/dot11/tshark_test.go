package dot11_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture/dot11"
)

// writePcap writes the frames as a pcap file of 802.11 without radio headers.
func writePcap(t *testing.T, all [][]byte) string {
	t.Helper()
	b := binary.LittleEndian.AppendUint32(nil, 0xA1B2C3D4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 105, 0, 0, 0)
	for _, f := range all {
		b = append(b, 1, 0, 0, 0, 0, 0, 0, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	name := filepath.Join(t.TempDir(), "networks.pcap")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// The frames of these tests are made by hand: what Wireshark sees in those that
// are whole is what we do. It does not know RSN overriding.
func TestWiresharkSeesTheSame(t *testing.T) {
	var all [][]byte
	var want []string
	for _, tt := range networks {
		if !strings.HasPrefix(tt.name, "WPA") && !strings.HasPrefix(tt.name, "OWE") && !strings.Contains(tt.name, "GHz by") &&
			!slices.Contains([]string{"open", "6 GHz", "6 GHz, channel 2", "802.1X", "fast transition", "suite B", "nontransmitted"}, tt.name) {
			continue
		}
		n, _ := dot11.Parse(tt.frame)
		names := hex.EncodeToString(n.SSID)
		for m := range n.Nontransmitted {
			names += "," + hex.EncodeToString(m.SSID)
		}
		six := ""
		if n.FreqMHz > 5925 {
			six = strconv.Itoa(n.Channel)
		}
		var akms []string
		for set := uint64(n.Security.RSN.AKM); set != 0; set &= set - 1 {
			akms = append(akms, strconv.Itoa(bits.TrailingZeros64(set)))
		}
		if strings.Contains(tt.name, "overriding") {
			akms = []string{"2"}
		}
		all = append(all, tt.frame)
		want = append(want, strings.Join([]string{tt.name, names, six, strings.Join(akms, ",")}, "|"))
	}
	out, err := exec.CommandContext(t.Context(), "tshark", "-n", "-r", writePcap(t, all), "-T", "fields", "-E", "separator=|",
		"-e", "wlan.ssid", "-e", "wlan.ext_tag.he_operation.6ghz.primary_channel", "-e", "wlan.rsn.akms.type").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d frames, want %d", len(lines), len(want))
	}
	for i, line := range lines {
		name, _, _ := strings.Cut(want[i], "|")
		if diff := cmp.Diff(want[i], name+"|"+line); diff != "" {
			t.Errorf("(-we +Wireshark):\n%s", diff)
		}
	}
}
