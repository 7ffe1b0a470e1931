package capture_test

import (
	"net"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// The names of Kismet's tools and the first groups of their UUIDs.
func TestChecksum(t *testing.T) {
	for text, want := range map[string]uint32{
		"kismet_cap_linux_wifi":      0x5FE308BD,
		"kismet_cap_linux_bluetooth": 0x91DD0AE4,
		"kismet_cap_pcapfile":        0x4E1D07C3,
		"kismet_cap_sdr_rtl433":      0x5E600813,
		"":                           0,
		"abc":                        0, // below four bytes
		"\x01\x01\x01\x01":           0x000A0004,
	} {
		if got := capture.Checksum([]byte(text)); got != want {
			t.Errorf("Checksum(%q) = %08X, want %08X", text, got, want)
		}
	}
}

// Long input wraps both sums at 65 536, where Adler-32 takes 65 521.
func TestChecksumWrapsAt65536(t *testing.T) {
	p := []byte(strings.Repeat("\xff", 100_000))
	var a, b uint64
	for _, c := range p {
		a = (a + uint64(c)) % 65536
		b = (b + a) % 65536
	}
	if got, want := capture.Checksum(p), uint32(b<<16|a); got != want {
		t.Errorf("Checksum = %08X, want %08X", got, want)
	}
}

func TestUUIDsOfKismetsTools(t *testing.T) {
	for _, tc := range []struct {
		name string
		got  capture.UUID
		want string
	}{
		{"Wi-Fi interface", capture.WifiUUID(net.HardwareAddr{2, 0, 0, 0, 0, 1}), "5FE308BD-0000-0000-0000-020000000001"},
		{"as its tool announced a simulated radio", capture.WifiUUID(net.HardwareAddr{2, 0, 0, 0, 2, 0}), "5FE308BD-0000-0000-0000-020000000200"},
		{"as its tool announced this file", capture.FileUUID("beacons.pcap"), "4E1D07C3-0000-0000-0000-00001E6104AD"},
		{"name too short for a checksum", capture.FileUUID("x"), "4E1D07C3-0000-0000-0000-000000000000"},
	} {
		if got := tc.got.String(); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestParseUUID(t *testing.T) {
	const text = "5FE308BD-0000-0000-0000-0200000000AB"
	upper, err := capture.ParseUUID(text)
	if err != nil {
		t.Fatal(err)
	}
	lower, err := capture.ParseUUID(strings.ToLower(text))
	if err != nil {
		t.Fatal(err)
	}
	if upper != lower || upper.String() != text || upper.IsZero() {
		t.Errorf("got %v and %v, want %s twice", upper, lower, text)
	}
}

func TestParseUUIDErrors(t *testing.T) {
	const shape = ` is no UUID: want 8-4-4-4-12 hex digits, as in 5FE308BD-0000-0000-0000-020000000001`
	for _, tc := range []struct{ in, want string }{
		{"", `""` + shape},
		{"roof", `"roof"` + shape},
		{"5FE308BD00000000000002000000000A", `"5FE308BD00000000000002000000000A"` + shape},
		{"5FE308BD-0000-0000-0000-02000000000G", `"5FE308BD-0000-0000-0000-02000000000G"` + shape},
		{"5FE308BD-0000-0000-0000-020000000001 ", `"5FE308BD-0000-0000-0000-020000000001 "` + shape},
		{"00000000-0000-0000-0000-000000000000", `"00000000-0000-0000-0000-000000000000" is no UUID: all digits are zero`},
		{strings.Repeat("x", 1000), `"` + strings.Repeat("x", 60) + `"` + shape},
	} {
		u, err := capture.ParseUUID(tc.in)
		if err == nil {
			t.Errorf("ParseUUID(%q) = %v, want an error", tc.in, u)
			continue
		}
		if err.Error() != tc.want {
			t.Errorf("ParseUUID(%q): %v, want %s", tc.in, err, tc.want)
		}
	}
}

func TestDefinitionUUID(t *testing.T) {
	const text = "4E1D07C3-0000-0000-0000-00001E6104AD"
	u, ok, err := parse(t, "x.pcap:uuid="+strings.ToLower(text)).UUID()
	if err != nil || !ok || u.String() != text {
		t.Errorf("got %v, %v, %v, want %s", u, ok, err, text)
	}
	if u, ok, err := parse(t, "x.pcap").UUID(); err != nil || ok || !u.IsZero() {
		t.Errorf("without the option got %v, %v, %v", u, ok, err)
	}
	_, ok, err = parse(t, "x.pcap:uuid=roof").UUID()
	const want = `source x.pcap: option uuid: "roof" is no UUID: want 8-4-4-4-12 hex digits, as in 5FE308BD-0000-0000-0000-020000000001`
	if ok || err == nil || err.Error() != want || fault.CodeOf(err) != fault.ConfigSource || fault.RemedyOf(err) == "" {
		t.Errorf("got %v, %v, code %q, remedy %q\nwant %s", ok, err, fault.CodeOf(err), fault.RemedyOf(err), want)
	}
}

func FuzzParseUUID(f *testing.F) {
	for _, s := range []string{"5FE308BD-0000-0000-0000-020000000001", "5fe308bd-0000-0000-0000-02000000000a", "", "-", "00000000-0000-0000-0000-000000000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := capture.ParseUUID(s)
		switch {
		case err != nil && !u.IsZero():
			t.Fatalf("%q: error %v and value %v", s, err, u)
		case err == nil && !strings.EqualFold(u.String(), s):
			t.Fatalf("%q came out as %v", s, u)
		}
	})
}
