package bpf_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/radiotap"
)

// Addresses 1 to 4 in the order of the header, bodies, and a radiotap header
// with time, flags, rate, channel and signal (-60 dBm).
const (
	a1, a2, a3, a4 = "020000000001", "020000000002", "020000000003", "020000000004"
	three          = a1 + a2 + a3 + "1000"
	llcEAPOL       = "aaaa03000000888e 0103005f 02008a"
	llcIP          = "aaaa030000000800 45000054 0000"
	tapHead        = "0000 1700 2f000000 0000000000000000 10 02 6c09 a000 c4"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// both checks what becomes of an 802.11 frame, with and without radiotap, in
// user space alone and in the kernel alone: want is how many of its bytes are
// kept, 0 none, -1 all.
func both(t *testing.T, what string, s bpf.Spec, frame []byte, want int, inKernel bool) {
	t.Helper()
	if want < 0 {
		want = len(frame)
	}
	for lt, head := range map[capture.LinkType][]byte{capture.LinkTypeIEEE80211: nil, capture.LinkTypeRadiotap: unhex(t, tapHead)} {
		whole := append(head, frame...)
		n := want
		if n > 0 {
			n += len(head)
		}
		p := compile(t, s, lt, 1<<20)
		if got := p.Keep(whole, len(whole)); got != n {
			t.Errorf("%s, link type %d: %d of %d bytes are kept, want %d", what, lt, got, len(whole), n)
		}
		if !inKernel {
			n = len(whole)
		}
		if got := vm(t, p)(whole); got != n {
			t.Errorf("%s, link type %d: the kernel keeps %d of %d bytes, want %d", what, lt, got, len(whole), n)
		}
	}
}

// Every form of frame with every option. For odd forms the kernel's part
// passes the frame on.
func TestEveryForm(t *testing.T) {
	for _, tt := range []struct {
		name, hex      string
		roles          string // which addresses exclude it
		mgmt, truncate int    // bytes kept with filter_mgmt, with truncate_data
		odd            bool
	}{
		{name: "beacon", hex: "8000 0000" + three + "00000000", roles: "12", mgmt: -1, truncate: -1},
		{name: "action with HT control", hex: "d080 0000" + three + "00000000 0300", roles: "12", mgmt: -1, truncate: -1},
		{name: "RTS", hex: "b400 0000" + a1 + a2, roles: "12", truncate: -1},
		{name: "CTS", hex: "c400 0000" + a1, roles: "1", truncate: -1},
		{name: "ACK with its checksum", hex: "d400 0000" + a1 + "00000000", roles: "1", truncate: -1},
		{name: "PS-Poll", hex: "a400 0000" + a1 + a2, roles: "12", truncate: -1},
		{name: "block ack", hex: "9400 0000" + a1 + a2 + "0500 0000 0000000000000000", roles: "12", truncate: -1},
		{name: "block ack request", hex: "8400 0000" + a1 + a2 + "0500 0000", roles: "12", truncate: -1},
		{name: "trigger", hex: "2400 0000" + a1 + a2 + "0000000000000000", roles: "12", truncate: -1},
		{name: "NDP announcement", hex: "5400 0000" + a1 + a2 + "00 0000", roles: "12", truncate: -1},
		{name: "CF-End", hex: "e400 0000" + a1 + a2, roles: "12", truncate: -1},
		{name: "wrapped RTS", hex: "7400 0000" + a1 + "b400 00000000" + a2, roles: "12", truncate: -1, odd: true},
		{name: "60 GHz grant", hex: "6403 0000" + a1 + a2, roles: "12", truncate: -1, odd: true},
		{name: "60 GHz beacon", hex: "0c00 0000" + a1 + "0000", roles: "1", truncate: -1, odd: true},

		{name: "data within the cell", hex: "0800 0000" + three + llcIP, roles: "12", truncate: 24},
		{name: "data to the access point", hex: "0801 0000" + three + llcIP, roles: "123", truncate: 24},
		{name: "data from the access point", hex: "0802 0000" + three + llcIP, roles: "123", truncate: 24},
		{name: "data between access points", hex: "0803 0000" + three + a4 + llcIP, roles: "1234", truncate: 30},
		{name: "QoS data", hex: "8801 0000" + three + "0000" + llcIP, roles: "123", truncate: 26},
		{name: "QoS data with HT control", hex: "8882 0000" + three + "0000 00000000" + llcIP, roles: "123", truncate: 30},
		{name: "QoS data, four addresses", hex: "8803 0000" + three + a4 + "0000" + llcIP, roles: "1234", truncate: 32},
		{name: "QoS data, four addresses, HT control", hex: "8883 0000" + three + a4 + "0000 00000000" + llcIP, roles: "1234", truncate: 36},
		{name: "strictly ordered data", hex: "0880 0000" + three + llcIP, roles: "12", truncate: 24},
		{name: "null", hex: "4801 0000" + three, roles: "123", truncate: -1},
		{name: "QoS null with more", hex: "c801 0000" + three + "0000" + "11223344", roles: "123", truncate: 26},
		{name: "encrypted", hex: "8841 0000" + three + "0000" + llcEAPOL, roles: "123", truncate: 26},

		{name: "EAPOL", hex: "0802 0000" + three + llcEAPOL, roles: "123", mgmt: -1, truncate: -1},
		{name: "EAPOL in QoS data", hex: "8801 0000" + three + "0000" + llcEAPOL, roles: "123", mgmt: -1, truncate: -1},
		{name: "EAPOL with HT control", hex: "8881 0000" + three + "0000 00000000" + llcEAPOL, roles: "123", mgmt: -1, truncate: -1},
		{name: "EAPOL between access points", hex: "0803 0000" + three + a4 + llcEAPOL, roles: "1234", mgmt: -1, truncate: -1},
		{name: "EAPOL with all there is", hex: "8883 0000" + three + a4 + "0000 00000000" + llcEAPOL, roles: "1234", mgmt: -1, truncate: -1},
		{name: "EtherType of EAPOL in another SNAP", hex: "0802 0000" + three + "aaaa0300000f888e 0103", roles: "123", truncate: 24},
		{name: "EAPOL where there is no body", hex: "4802 0000" + three + llcEAPOL, roles: "123", truncate: 24},
		{name: "begin of EAPOL", hex: "0802 0000" + three + "aaaa0300000088", roles: "123", truncate: 24},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frame := unhex(t, tt.hex)
			both(t, "nothing", bpf.Spec{}, frame, -1, true)
			for i := range byte(4) {
				want := -1
				if strings.Contains(tt.roles, itoa(int(i)+1)) {
					want = 0
				}
				both(t, "address "+itoa(int(i)+1), bpf.Spec{Addresses: []radiotap.MAC{{2, 0, 0, 0, 0, i + 1}}}, frame, want, !tt.odd)
			}
			both(t, "filter_mgmt", bpf.Spec{Mgmt: true}, frame, tt.mgmt, !tt.odd)
			both(t, "truncate_data", bpf.Spec{TruncateData: true}, frame, tt.truncate, !tt.odd)
			both(t, "both", bpf.Spec{Mgmt: true, TruncateData: true}, frame, tt.mgmt, !tt.odd)
		})
	}
}

func TestRulesDecideInOrder(t *testing.T) {
	beacon := unhex(t, "8000 0000"+three+"00000000")
	data := unhex(t, "8801 0000"+three+"0000"+llcIP)
	rts := unhex(t, "b400 0000"+a1+a2)
	eapol := unhex(t, "8801 0000"+three+"0000"+llcEAPOL)
	for _, tt := range []struct {
		name                     string
		rules                    []string
		spec                     bpf.Spec
		beacon, data, rts, eapol int
	}{
		{"first match", []string{"keep subtype=beacon", "drop type=mgmt", "drop"}, bpf.Spec{}, -1, 0, 0, 0},
		{"none matches", []string{"drop ta=02:00:00:00:00:09"}, bpf.Spec{}, -1, -1, -1, -1},
		{"cut", []string{"cut"}, bpf.Spec{}, 24, 26, 16, -1},
		{"before filter_mgmt", []string{"keep subtype=rts", "drop subtype=beacon"}, bpf.Spec{Mgmt: true}, 0, 0, -1, -1},
		{"before truncate_data", []string{"keep sa=02:00:00:00:00:02"}, bpf.Spec{TruncateData: true}, -1, -1, -1, -1},
		{"after addresses", []string{"keep"}, bpf.Spec{Addresses: []radiotap.MAC{{2, 0, 0, 0, 0, 3}}}, -1, 0, -1, 0},
		{"roles", []string{"drop ra=02:00:00:00:00:01 da=02:00:00:00:00:03"}, bpf.Spec{}, -1, 0, -1, 0},
		{"any", []string{"drop any=02:00:00:00:00:03"}, bpf.Spec{}, -1, 0, -1, 0},
		{"cell", []string{"drop bssid=02:00:00:00:00:01"}, bpf.Spec{}, -1, 0, -1, 0},
		{"length", []string{"drop len>16 len<30"}, bpf.Spec{}, 0, -1, -1, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, text := range tt.rules {
				r, err := bpf.ParseRule(text)
				if err != nil {
					t.Fatal(err)
				}
				tt.spec.Rules = append(tt.spec.Rules, r)
			}
			both(t, "beacon", tt.spec, beacon, tt.beacon, true)
			both(t, "data", tt.spec, data, tt.data, true)
			both(t, "RTS", tt.spec, rts, tt.rts, true)
			both(t, "EAPOL", tt.spec, eapol, tt.eapol, true)
		})
	}
}

func TestSignalIsForUserSpace(t *testing.T) {
	frame := append(unhex(t, tapHead), unhex(t, "8000 0000"+three)...)
	for text, want := range map[string]int{"drop signal<-59": 0, "drop signal<-60": len(frame), "drop signal>-61": 0, "cut signal>-60": len(frame), "drop signal<-59 len>100": len(frame)} {
		r, err := bpf.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		p := compile(t, bpf.Spec{Rules: []bpf.Rule{r}}, capture.LinkTypeRadiotap, 1<<20)
		if got := p.Keep(frame, len(frame)); got != want {
			t.Errorf("%s: %d bytes, want %d", text, got, want)
		}
		if got := vm(t, p)(frame); got != len(frame) {
			t.Errorf("%s: the kernel leaves %d bytes", text, got)
		}
	}
}

func TestBadChecksumsAreDroppedUnlessAskedFor(t *testing.T) {
	frame := append(unhex(t, tapHead), unhex(t, "8000 0000"+three)...)
	frame[16] |= 0x40
	for _, ask := range []bool{false, true} {
		p := compile(t, bpf.Spec{KeepBadFCS: ask}, capture.LinkTypeRadiotap, 1000)
		if user, kernel := p.Keep(frame, len(frame)) > 0, vm(t, p)(frame) > 0; user != ask || kernel != ask {
			t.Errorf("fcsfail=%v: kept %v, in the kernel %v", ask, user, kernel)
		}
	}
}

func TestPaddedHeadersAreCutBehindTheirPadding(t *testing.T) {
	head := unhex(t, tapHead)
	head[16] |= 0x20
	for body, want := range map[string]int{llcIP: 28, llcEAPOL: 28 + 15} {
		frame := append(head, unhex(t, "8801 0000"+three+"0000 0000"+body)...)
		p := compile(t, bpf.Spec{TruncateData: true}, capture.LinkTypeRadiotap, 1000)
		if got := p.Keep(frame, len(frame)); got != len(head)+want {
			t.Errorf("%d bytes of %x, want %d", got, frame, len(head)+want)
		}
	}
}

func TestOtherLinkTypesAreKept(t *testing.T) {
	frame := unhex(t, "8000 0000"+three)
	p := compile(t, bpf.Spec{Mgmt: true, Addresses: manyMACs(3)}, capture.LinkTypePPI, 1000)
	if got := p.Keep(frame, len(frame)); got != len(frame) || len(p.Kernel()) != 1 || vm(t, p)(frame) != len(frame) {
		t.Errorf("%d bytes, %d instructions", got, len(p.Kernel()))
	}
}

// A frame that the kernel has cut is still as long as it was.
func TestKeepGoesByTheOriginalLength(t *testing.T) {
	r, err := bpf.ParseRule("drop len>100")
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, bpf.Spec{Rules: []bpf.Rule{r}}, capture.LinkTypeIEEE80211, 0)
	frame := unhex(t, "8801 0000"+three+"0000")
	if p.Keep(frame, 100) == 0 || p.Keep(frame, 101) != 0 {
		t.Error("the captured length counts")
	}
}

func TestKeepAllocatesNothing(t *testing.T) {
	rule, err := bpf.ParseRule("drop any=02:00:00:00:00:09 signal<-80")
	if err != nil {
		t.Fatal(err)
	}
	p := compile(t, bpf.Spec{Addresses: manyMACs(200), TruncateData: true, Rules: []bpf.Rule{rule}}, capture.LinkTypeRadiotap, 1000)
	frame := append(unhex(t, tapHead), unhex(t, "8801 0000"+three+"0000"+llcIP)...)
	if n := testing.AllocsPerRun(100, func() { p.Keep(frame, len(frame)) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
