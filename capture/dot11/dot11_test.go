package dot11_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/dot11"
	"github.com/sensord/sensord/capture/pcapfile"
)

// say is everything that a network says, in one line.
func say(n *dot11.Network) string {
	s := fmt.Sprintf("%v %q %d/%d %s", n.BSSID, n.SSID, n.Channel, n.FreqMHz, n.AppendAuthMode(nil))
	if n.ProbeResponse {
		s += " probe"
	}
	if r := n.AppendRCOIs(nil); len(r) > 0 {
		s += " " + string(r)
	}
	if n.Cut {
		s += " cut"
	}
	for m := range n.Nontransmitted {
		s += "\n" + say(&m)
	}
	return s
}

// networks are frames and what they say, behind the BSSID.
var networks = []struct {
	name  string
	frame []byte
	want  string
}{
	// Names.
	{"open", beacon(open, ssid("free"), ds(6)), `"free" 6/2437 [ESS]`},
	{"hidden by length", beacon(open, ssid(""), ds(1)), `"" 1/2412 [ESS]`},
	{"hidden by zeros", beacon(open, ssid("\x00\x00\x00\x00"), ds(1)), `"" 1/2412 [ESS]`},
	{"no name at all", beacon(open, ds(1)), `"" 1/2412 [ESS]`},
	{"begins with a zero", beacon(open, ssid("\x00a"), ds(1)), `"\x00a" 1/2412 [ESS]`},
	{"no UTF-8", beacon(open, ssid("caf\xe9\xff"), ds(1)), `"caf\xe9\xff" 1/2412 [ESS]`},
	{"32 bytes", beacon(open, ssid(strings.Repeat("x", 32))), `"` + strings.Repeat("x", 32) + `" 0/0 [ESS]`},
	{"the first name counts", beacon(open, ssid("first"), ssid("second")), `"first" 0/0 [ESS]`},
	{"probe response", management(5, open, ssid("probed"), ds(11)), `"probed" 11/2462 [ESS] probe`},
	{"no access point", beacon(adhoc, ssid("adhoc"), ds(3)), `"adhoc" 3/2422 [IBSS]`},

	// Channels.
	{"channel 14", beacon(open, ssid("a"), ds(14)), `"a" 14/2484 [ESS]`},
	{"5 GHz by HT operation", beacon(open, ssid("a"), ht(149)), `"a" 149/5745 [ESS]`},
	{"DS before HT operation", beacon(open, ssid("a"), ht(40), ds(36)), `"a" 36/5180 [ESS]`},
	{"4.9 GHz", beacon(open, ssid("a"), ht(184)), `"a" 184/4920 [ESS]`},
	{"6 GHz", beacon(open, ssid("a"), he6(37)), `"a" 37/6135 [ESS]`},
	{"6 GHz, channel 2", beacon(open, ssid("a"), he6(2)), `"a" 2/5935 [ESS]`},
	{
		"6 GHz behind VHT and co-hosted parts",
		beacon(open, ssid("a"), element(255, "24 00C002 00 FCFF 010203 04 05 02070006")), `"a" 5/5975 [ESS]`,
	},
	{"HE operation without 6 GHz", beacon(open, ssid("a"), ds(6), element(255, "24 000000 00 FCFF")), `"a" 6/2437 [ESS]`},
	{"HE operation that is too short", beacon(open, ssid("a"), ds(6), element(255, "24 000002 00 FCFF 0502")), `"a" 6/2437 [ESS]`},
	{"no such channel", beacon(open, ssid("a"), ds(200)), `"a" 0/0 [ESS]`},

	// Protection.
	{"WEP", beacon(private, ssid("a")), `"a" 0/0 [WEP][ESS]`},
	{"WPA", beacon(private, ssid("a"), vendor("0050F201 0100 0050F202 0100 0050F202 0100 0050F202")), `"a" 0/0 [WPA-PSK-TKIP][ESS]`},
	{"WPA2", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0100 000FAC02 0000")), `"a" 0/0 [WPA2-PSK-CCMP][ESS]`},
	{
		"WPA and WPA2, WPS",
		beacon(private, ssid("a"), rsn("0100 000FAC02 0200 000FAC04 000FAC02 0100 000FAC02 0000"), vendor(wpaTKIP), vendor("0050F204 104A000110")),
		`"a" 0/0 [WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][ESS][WPS]`,
	},
	{"802.1X", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0200 000FAC01 000FAC05 8000")), `"a" 0/0 [WPA2-EAP+EAP-SHA256-CCMP][ESS][MFPC]`},
	{"fast transition", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0400 000FAC01 000FAC02 000FAC03 000FAC04 0000")), `"a" 0/0 [WPA2-EAP+PSK+FT/EAP+FT/PSK-CCMP][ESS]`},
	{"WPA3", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0100 000FAC08 C000 0000 000FAC06")), `"a" 0/0 [WPA3-SAE-CCMP][ESS][MFPR][MFPC]`},
	{"WPA3 of 802.11be", beacon(private, ssid("a"), rsn("0100 000FAC09 0100 000FAC09 0200 000FAC18 000FAC19 C000")), `"a" 0/0 [WPA3-SAE_EXT_KEY+FT/SAE_EXT_KEY-GCMP-256][ESS][MFPR][MFPC]`},
	{"WPA2 and WPA3", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0200 000FAC02 000FAC08 8000")), `"a" 0/0 [WPA2-PSK-CCMP][WPA3-SAE-CCMP][ESS][MFPC]`},
	{
		"WPA3 by RSN overriding",
		beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0100 000FAC02 0000"), vendor("506F9A29"+groupCCMP+pairCCMP+"0100 000FAC08 C000"), vendor("506F9A2A 0100 000FAC04 0100 000FAC09 0100 000FAC18 C000")),
		`"a" 0/0 [WPA2-PSK-GCMP-256+CCMP][WPA3-SAE+SAE_EXT_KEY-GCMP-256+CCMP][ESS][MFPR][MFPC]`,
	},
	{"suite B", beacon(private, ssid("a"), rsn("0100 000FAC09 0100 000FAC09 0100 000FAC0C C000")), `"a" 0/0 [WPA3-EAP_SUITE_B_192-GCMP-256][ESS][MFPR][MFPC]`},
	{"OWE", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0100 000FAC12 C000")), `"a" 0/0 [RSN-OWE-CCMP][ESS][MFPR][MFPC]`},
	{"open half of OWE", beacon(open, ssid("a"), vendor("506F9A1C 020000A1B2F1 0161")), `"a" 0/0 [RSN-OWE_TRANSITION-CCMP][ESS]`},
	{
		"encrypted half of OWE",
		beacon(private, ssid(""), rsn(groupCCMP+pairCCMP+"0100 000FAC12 C000"), vendor("506F9A1C 020000A1B2F1 0161")),
		`"" 0/0 [RSN-OWE-CCMP][ESS][MFPR][MFPC]`,
	},
	{"Easy Connect", beacon(private, ssid("a"), rsn(groupCCMP+pairCCMP+"0200 506F9A02 000FAC02 0000")), `"a" 0/0 [WPA2-PSK-CCMP][RSN-DPP-CCMP][ESS]`},
	{"unknown suites", beacon(private, ssid("a"), rsn("0100 000FAC04 0100 00112233 0200 00112233 000FAC00 0000")), `"a" 0/0 [RSN-?-?][ESS]`},
	{"group cipher for all", beacon(private, ssid("a"), rsn("0100 000FAC05 0100 000FAC00 0100 000FAC02 0000")), `"a" 0/0 [WPA2-PSK-WEP-104][ESS]`},
	{"RSN of defaults", beacon(private, ssid("a"), rsn("0100")), `"a" 0/0 [WPA2-EAP-CCMP][ESS]`},
	{"RSN that ends in a list", beacon(private, ssid("a"), rsn("0100 000FAC04 0100 000FAC04 0900 000FAC02 000F")), `"a" 0/0 [WPA2-PSK-CCMP][ESS]`},
	{"RSN of another version", beacon(private, ssid("a"), rsn("0200 000FAC04")), `"a" 0/0 [RSN-?-?][ESS]`},
	{"RSN that is empty", beacon(private, ssid("a"), rsn("")), `"a" 0/0 [RSN-?-?][ESS]`},
	{"WAPI", beacon(private, ssid("a"), element(68, "0100 0100 00147202 0100 00147201 00147201 0000")), `"a" 0/0 [WAPI-WAPI-PSK-SMS4][ESS]`},
	{"WAPI of nothing", beacon(private, ssid("a"), element(68, "")), `"a" 0/0 [WAPI-?-SMS4][ESS]`},

	// Roaming consortiums.
	{"three", beacon(open, ssid("a"), element(111, "02 55 5A03BA0000 BAA2D00000 BAA2D02000")), `"a" 0/0 [ESS] 5A03BA0000 BAA2D00000 BAA2D02000`},
	{"one short", beacon(open, ssid("a"), element(111, "01 03 004096")), `"a" 0/0 [ESS] 004096`},
	{"lengths that cannot be", beacon(open, ssid("a"), element(111, "01 55 5A03BA")), `"a" 0/0 [ESS]`},
	{"none", beacon(open, ssid("a"), element(111, "")), `"a" 0/0 [ESS]`},

	// Several networks in one beacon.
	{
		"nontransmitted",
		beacon(private, ssid("one"), rsn(groupCCMP+pairCCMP+"0100 000FAC08 C000"), he6(5), element(71,
			"04 00 11 5302 1104 0003 74776F 550103 FF03 38 00 00"+
				"00 0D 5302 0104 0004 6F70656E 550102")),
		`"one" 5/5975 [WPA3-SAE-CCMP][ESS][MFPR][MFPC]
02:00:00:A1:B2:F3 "two" 5/5975 [WPA3-SAE-CCMP][ESS][MFPR][MFPC]
02:00:00:A1:B2:F2 "open" 5/5975 [ESS]`,
	},

	{
		"nontransmitted that cannot be",
		beacon(open, ssid("one"), ds(6), element(71,
			"04 00 0B 5302 0104 0002 6F70 550111"+ // an index beyond its bits
				"00 0B 5302 0104 0002 6F70 550100"+ // the index of the transmitted one
				"00 04 0002 6161"+ // the rest of a profile
				"00 09 5302"), element(71, "09 00 0B 5302 0104 0002 6F70 550101"), element(71, "")),
		`"one" 6/2437 [ESS]`,
	},

	// What is missing.
	{"no elements", beacon(private), `"" 0/0 [WEP][ESS]`},
	{"cut in an element", beacon(private, ssid("a"), rsn(groupCCMP)[:6]), `"a" 0/0 [ESS] cut`},
	{"cut in a head", beacon(private, ssid("a"), []byte{48}), `"a" 0/0 [ESS] cut`},
	{"a checksum that nobody announced", beacon(open, ssid("a"), unhex("DEADBEEF")), `"a" 0/0 [ESS]`},
}

func TestParse(t *testing.T) {
	for _, tt := range networks {
		n, ok := dot11.Parse(tt.frame)
		if !ok {
			t.Errorf("%s: is no network", tt.name)
			continue
		}
		if diff := cmp.Diff("02:00:00:A1:B2:F0 "+tt.want, say(&n)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestParseRefusesWhatIsNoNetwork(t *testing.T) {
	whole := beacon(open, ssid("a"))
	with := func(at int, b byte) []byte {
		c := bytes.Clone(whole)
		c[at] = b
		return c
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "no addresses": whole[:12], "no fixed fields": whole[:35],
		"probe request": management(4, open, ssid("a")), "data": with(0, 0x08), "another version": with(0, 0x81),
		"encrypted": with(1, 0x40), "group BSSID": with(16, 0x03), "33 bytes of name": beacon(open, ssid(strings.Repeat("x", 33))),
		"BSSID of zeros": slices.Concat(whole[:16], make([]byte, 6), whole[22:]),
	} {
		if n, ok := dot11.Parse(b); ok {
			t.Errorf("%s: is %s", name, say(&n))
		} else if diff := cmp.Diff("00:00:00:00:00:00 \"\" 0/0 ", say(&n)); diff != "" {
			t.Errorf("%s: error and value (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadKnowsWhatRadiosPutInFront(t *testing.T) {
	plain := beacon(open, ssid("a"), ds(6))
	unnamed := beacon(open, ssid("a"))
	fcs := []byte{48, 200, 1, 2} // looks like an element that was cut, if it is taken for one
	ppi := func(link byte, flags byte, b []byte) []byte {
		head := unhex("00 00 2000" + "00000000" + "0200 1400" + "0000000000000000")
		head[4] = link
		return append(append(head, unhex(fmt.Sprintf("%02X00 0200 5014 0000 0000 C8 A0", flags))...), b...)
	}
	cut := frame(capture.LinkTypeRadiotap, radiotapped(0x10, 2437, -50, plain))
	cut.OrigLen += 4
	more, snapped := cut, frame(capture.LinkTypeRadiotap, radiotapped(0, 2437, -50, plain))
	more.OrigLen++
	snapped.OrigLen++
	for _, tt := range []struct {
		name string
		f    capture.Frame
		want string // "" is no network
	}{
		{"nothing", frame(capture.LinkTypeIEEE80211, plain), `"a" 6/2437 [ESS], 0 MHz`},
		{"radiotap", frame(capture.LinkTypeRadiotap, radiotapped(0, 2442, -50, plain)), `"a" 6/2437 [ESS], 2442 MHz -50 dBm`},
		{"radio's channel", frame(capture.LinkTypeRadiotap, radiotapped(0, 5180, -50, unnamed)), `"a" 36/5180 [ESS], 5180 MHz -50 dBm`},
		{"radio's channel of 6 GHz", frame(capture.LinkTypeRadiotap, radiotapped(0, 5975, -50, unnamed)), `"a" 5/5975 [ESS], 5975 MHz -50 dBm`},
		{"radio's band", frame(capture.LinkTypeRadiotap, radiotapped(0, 5975, -50, plain)), `"a" 5/5975 [ESS], 5975 MHz -50 dBm`},
		{"checksum", frame(capture.LinkTypeRadiotap, radiotapped(0x10, 2437, -50, append(bytes.Clone(plain), fcs...))), `"a" 6/2437 [ESS], 2437 MHz -50 dBm`},
		{"checksum that was cut", cut, `"a" 6/2437 [ESS], 2437 MHz -50 dBm`},
		{"cut before its checksum", more, `"a" 6/2437 [ESS] cut, 2437 MHz -50 dBm`},
		{"cut without one", snapped, `"a" 6/2437 [ESS] cut, 2437 MHz -50 dBm`},
		{"bad checksum", frame(capture.LinkTypeRadiotap, radiotapped(0x50, 2437, -50, plain)), ""},
		{"no radiotap", frame(capture.LinkTypeRadiotap, plain), ""},
		{"PPI", frame(capture.LinkTypePPI, ppi(105, 0, unnamed)), `"a" 40/5200 [ESS], 5200 MHz -56 dBm`},
		{"PPI with a checksum", frame(capture.LinkTypePPI, ppi(105, 1, append(bytes.Clone(plain), fcs...))), `"a" 40/5200 [ESS], 5200 MHz -56 dBm`},
		{"PPI with a bad one", frame(capture.LinkTypePPI, ppi(105, 5, plain)), ""},
		{"PPI of something else", frame(capture.LinkTypePPI, ppi(1, 0, plain)), ""},
		{"PPI that is cut", frame(capture.LinkTypePPI, ppi(105, 0, nil)[:20]), ""},
		{"another link", frame(1, plain), ""},
		{"not a byte", frame(capture.LinkTypeRadiotap, nil), ""},
	} {
		got := ""
		if h, ok := dot11.Read(tt.f); ok {
			got = strings.TrimPrefix(say(&h.Network), "02:00:00:A1:B2:F0 ") + fmt.Sprintf(", %d MHz", h.RadioMHz)
			if h.HasSignal {
				got += fmt.Sprintf(" %d dBm", h.SignalDBm)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// Beacons as mac80211_hwsim made them.
func TestReadRecordedBeacons(t *testing.T) {
	r, err := pcapfile.Open("../pcapfile/testdata/beacons.pcap", pcapfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	b, err := r.ReadBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	for i := range b.Len() {
		h, ok := dot11.Read(b.Frame(i))
		h.BSSID[4] = 0 // two radios took turns
		got := fmt.Sprintf("%v %s, %d MHz %d dBm", ok, say(&h.Network), h.RadioMHz, h.SignalDBm)
		want := `true 02:00:00:00:00:00 "rig-test" 6/2437 [ESS], 2437 MHz -30 dBm`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("frame %d (-want +got):\n%s", i, diff)
		}
	}
}

// Read and all that can be asked of what it returns.
func TestReadingAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 1000)
	for _, tt := range networks {
		f := frame(capture.LinkTypeRadiotap, radiotapped(0, 2437, -50, tt.frame))
		if n := testing.AllocsPerRun(10, func() {
			h, _ := dot11.Read(f)
			dst = h.AppendAuthMode(dst[:0])
			dst = h.AppendRCOIs(dst)
		}); n != 0 {
			t.Errorf("%s: %g allocations", tt.name, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, tt := range networks {
		f.Add(uint32(capture.LinkTypeIEEE80211), uint32(0), tt.frame)
		f.Add(uint32(capture.LinkTypeRadiotap), uint32(1), radiotapped(0x10, 5180, -50, tt.frame))
	}
	f.Add(uint32(capture.LinkTypePPI), uint32(0), unhex("0000200069000000 02001400 0000000000000000 01000200711400000000C8A0"))
	f.Fuzz(func(t *testing.T, link, cut uint32, data []byte) {
		before := bytes.Clone(data)
		h, ok := dot11.Read(capture.Frame{LinkType: capture.LinkType(link), OrigLen: uint32(len(data)) + cut%8, Data: data})
		said := say(&h.Network)
		switch {
		case !bytes.Equal(before, data):
			t.Error("the frame was changed")
		case !ok && h.BSSID.String() != "00:00:00:00:00:00":
			t.Errorf("no network, but %s", said)
		case ok && (len(h.SSID) > 32 || h.BSSID[0]&1 != 0 || h.Channel < 0):
			t.Errorf("a network that cannot be: %s", said)
		}
		for _, part := range []string{"[]", "--", "-]", "[-", "++"} {
			if auth := string(h.AppendAuthMode(nil)); strings.Contains(auth, part) {
				t.Errorf("%q in %s", part, auth)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	f := frame(capture.LinkTypeRadiotap, radiotapped(0, 2437, -50,
		beacon(private, ssid("a network"), ds(6), rsn(groupCCMP+pairCCMP+"0200 000FAC02 000FAC08 8000"), vendor(wpaTKIP))))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := dot11.Read(f); !ok {
			b.Fatal("no network")
		}
	}
}
