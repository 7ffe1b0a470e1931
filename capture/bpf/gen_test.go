package bpf_test

import (
	"encoding/binary"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/radiotap"
)

func itoa(n int) string { return strconv.Itoa(n) }

// pool are addresses that meet one another often: the same but for the first
// byte, the last, the group bit, the topmost of the last four bytes.
var pool = []radiotap.MAC{
	{0x02, 0, 0, 0, 0, 1},
	{0x02, 0, 0, 0, 0, 2},
	{0x06, 0, 0, 0, 0, 1},
	{0x03, 0, 0, 0, 0, 1},
	{0x02, 0, 0x80, 0, 0, 1},
	{0x02, 0, 0x80, 0, 0, 2},
	{0x00, 0x1a, 0x2b, 0x3c, 0x4d, 0x5e},
	{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	{},
	{0x10, 0x11, 0x12, 0x13, 0x14, 0x15},
}

func drawMAC(t *rapid.T) radiotap.MAC { return rapid.SampledFrom(pool).Draw(t, "mac") }

// drawTap draws a radiotap header, mostly of the forms that drivers make.
func drawTap(t *rapid.T) []byte {
	words := []uint32{rapid.SampledFrom([]uint32{0x0000482f, 0x0000002e, 0x0000402f, 0x0000002a, 0x10000007, 0}).Draw(t, "present")}
	if rapid.Bool().Draw(t, "noTSFT") {
		words[0] &^= 1
	}
	if rapid.IntRange(0, 7).Draw(t, "noFlags") == 0 {
		words[0] &^= 2
	}
	if rapid.IntRange(0, 9).Draw(t, "anyBits") == 0 {
		words[0] = rapid.Uint32().Draw(t, "bits")
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 3, 4, 5, 6}).Draw(t, "chains") {
		words[len(words)-1] |= 1 << 31
		if rapid.IntRange(0, 3).Draw(t, "namespace") != 0 {
			words[len(words)-1] |= 1 << 29
		}
		words = append(words, rapid.SampledFrom([]uint32{0x820, 0x820, 0x822, 1 << 30, 1 << 28}).Draw(t, "chain"))
	}
	h := []byte{0, 0, 0, 0}
	for _, w := range words {
		h = binary.LittleEndian.AppendUint32(h, w)
	}
	fill := rapid.SampledFrom([]int{8, 18, 20, 32, 48}).Draw(t, "fields")
	for range fill {
		h = append(h, rapid.SampledFrom([]byte{0, 0, 0, 0, 0x10, 0x20, 0x40, 1, 3, 4, 200}).Draw(t, "fill"))
	}
	if rapid.IntRange(0, 5).Draw(t, "tlv") == 0 { // without a word that says so it is fields like the others
		if len(words) == 1 && rapid.Bool().Draw(t, "alone") {
			words[0] = 1 << 28
			binary.LittleEndian.PutUint32(h[4:], words[0])
			h = h[:8]
		}
		for range rapid.IntRange(1, 3).Draw(t, "items") {
			h = append(h, rapid.SampledFrom([]string{
				"\x01\x00\x01\x00\x40\x00\x00\x00", "\x01\x00\x01\x00\x20\x00\x00\x00", "\x05\x00\x01\x00\xb0\x00\x00\x00",
				"\x1c\x00\x00\x00", "\x21\x00\x04\x00\x01\x02\x03\x04", "\x01\x00\xff\xff",
			}).Draw(t, "item")...)
		}
	}
	n := len(h)
	if rapid.IntRange(0, 9).Draw(t, "lie") == 0 {
		n = rapid.IntRange(0, len(h)+40).Draw(t, "length")
	}
	binary.LittleEndian.PutUint16(h[2:], uint16(n))
	if rapid.IntRange(0, 19).Draw(t, "version") == 0 {
		h[0] = 1
	}
	return h
}

// drawDot11 draws an 802.11 frame, whole or not.
func drawDot11(t *rapid.T) []byte {
	typ := rapid.SampledFrom([]byte{0, 1, 2, 2, 2, 2, 3}).Draw(t, "type")
	sub := byte(rapid.IntRange(0, 15).Draw(t, "subtype"))
	if typ == 2 && rapid.Bool().Draw(t, "usualData") {
		sub = rapid.SampledFrom([]byte{0, 8}).Draw(t, "data")
	}
	fc1 := byte(rapid.IntRange(0, 3).Draw(t, "ds"))
	for _, bit := range []byte{0x08, 0x40, 0x80} {
		if rapid.IntRange(0, 3).Draw(t, "flag") == 0 {
			fc1 |= bit
		}
	}
	b := []byte{sub<<4 | typ<<2, fc1, 0, 0}
	if rapid.IntRange(0, 19).Draw(t, "otherVersion") == 0 {
		b[0] |= 1
	}
	mac := func() { m := drawMAC(t); b = append(b, m[:]...) }
	mac()
	if typ == 1 && sub == 7 {
		b = append(b, rapid.SampledFrom([]byte{0xb4, 0xc4, 0xd4, 0x84, 0x08, 0x74}).Draw(t, "carried"), 0, 0, 0, 0, 0)
	}
	mac()
	if typ != 1 {
		mac()
		b = append(b, 0, 0)
		if fc1&3 == 3 {
			mac()
		}
		if typ == 2 && sub&8 != 0 {
			b = append(b, 0, 0)
		}
		if fc1&0x80 != 0 && (typ == 0 || sub&8 != 0) {
			b = append(b, 1, 2, 3, 4)
		}
		for len(b)%4 != 0 && rapid.IntRange(0, 7).Draw(t, "pad") == 0 {
			b = append(b, 0, 0)
		}
		b = append(b, rapid.SampledFrom([]string{
			"\xaa\xaa\x03\x00\x00\x00\x88\x8e\x01\x03\x00\x5f", "\xaa\xaa\x03\x00\x00\x00\x88\x8e", "\xaa\xaa\x03\x00\x00\x00\x88",
			"\xaa\xaa\x03\x00\x00\x00\x08\x00\x45\x00", "\xaa\xaa\x03\x00\x00\xf8\x88\x8e", "", "\xde\xad\xbe\xef\xde\xad\xbe\xef",
		}).Draw(t, "body")...)
	}
	return b
}

// drawFrame draws a frame with or without radiotap, cut or damaged at times.
func drawFrame(t *rapid.T, plain80211 bool) []byte {
	var frame []byte
	if !plain80211 {
		frame = drawTap(t)
	}
	frame = append(frame, drawDot11(t)...)
	switch rapid.IntRange(0, 7).Draw(t, "damage") {
	case 0:
		frame = frame[:rapid.IntRange(0, len(frame)).Draw(t, "cut")]
	case 1:
		frame[rapid.IntRange(0, len(frame)-1).Draw(t, "where")] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "flip"))
	case 2:
		frame = append(frame, make([]byte, rapid.IntRange(0, 300).Draw(t, "more"))...)
	}
	return frame
}

var subtypesForTest = []struct {
	name     string
	typ, sub int
}{
	{"beacon", 0, 8},
	{"probe-req", 0, 4},
	{"mgmt/7", 0, 7},
	{"deauth", 0, 12},
	{"rts", 1, 11},
	{"ack", 1, 13},
	{"wrapper", 1, 7},
	{"block-ack", 1, 9},
	{"data", 2, 0},
	{"qos-data", 2, 8},
	{"null", 2, 4},
	{"qos-null", 2, 12},
	{"data/13", 2, 13},
	{"dmg-beacon", 3, 0},
	{"ext/9", 3, 9},
}

// drawRule draws a rule as text, and builds what it means beside it.
func drawRule(t *rapid.T) (string, oracleRule) {
	r := oracleRule{action: rapid.SampledFrom([]string{"drop", "keep", "cut"}).Draw(t, "action")}
	text := r.action
	add := func(s string, met func(*seen) bool) {
		text += " " + s
		r.conds = append(r.conds, met)
	}
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		typ := rapid.IntRange(0, 3).Draw(t, "type")
		add("type="+[]string{"mgmt", "ctrl", "data", "ext"}[typ], func(o *seen) bool { return o.typ == typ })
	case 1:
		chosen := rapid.SliceOfN(rapid.SampledFrom(subtypesForTest), 1, 4).Draw(t, "subtypes")
		list := ""
		for i, c := range chosen {
			if i > 0 {
				list += ","
			}
			list += c.name
		}
		add("subtype="+list, func(o *seen) bool {
			for _, c := range chosen {
				if c.typ == o.typ && c.sub == o.sub {
					return true
				}
			}
			return false
		})
	}
	for _, role := range []string{"ra", "ta", "sa", "da", "bssid", "any"} {
		if rapid.IntRange(0, 5).Draw(t, role) != 0 {
			continue
		}
		m := drawMAC(t)
		is := func(o *seen, role string) bool { return o.roles[role] != nil && radiotap.MAC(o.roles[role]) == m }
		add(role+"="+m.String(), func(o *seen) bool {
			if role == "any" {
				return is(o, "ra") || is(o, "ta") || is(o, "sa") || is(o, "da")
			}
			return is(o, role)
		})
	}
	if rapid.IntRange(0, 3).Draw(t, "len") == 0 {
		n := rapid.SampledFrom([]int{1, 9, 10, 14, 24, 34, 38, 60}).Draw(t, "bytes")
		if rapid.Bool().Draw(t, "less") {
			add("len<"+itoa(n), func(o *seen) bool { return len(o.data) < n })
		} else {
			add("len>"+itoa(n), func(o *seen) bool { return len(o.data) > n })
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "signal") == 0 {
		add("signal<-50", func(o *seen) bool { return o.signal != nil && *o.signal < -50 })
	}
	return text, r
}

// drawWish draws a Spec, twice.
func drawWish(t *rapid.T) (*wish, bpf.Spec, capture.LinkType) {
	w := &wish{
		mgmt: rapid.IntRange(0, 2).Draw(t, "mgmt") == 0, trunc: rapid.IntRange(0, 2).Draw(t, "truncate") == 0,
		keepBadFCS: rapid.Bool().Draw(t, "fcsfail"),
		plain80211: rapid.IntRange(0, 3).Draw(t, "plain") == 0,
	}
	w.excluded = rapid.SliceOfN(rapid.Custom(drawMAC), 0, 3).Draw(t, "excluded")
	if rapid.IntRange(0, 3).Draw(t, "many") == 0 {
		w.excluded = append(w.excluded, manyMACs(rapid.IntRange(1, 60).Draw(t, "number"))...)
	}
	s := bpf.Spec{Addresses: w.excluded, Mgmt: w.mgmt, TruncateData: w.trunc, KeepBadFCS: w.keepBadFCS}
	for range rapid.IntRange(0, 7).Draw(t, "rules") {
		text, r := drawRule(t)
		rule, err := bpf.ParseRule(text)
		if err != nil {
			t.Fatalf("rule %q: %v", text, err)
		}
		w.rules, w.ruleTexts = append(w.rules, r), append(w.ruleTexts, text)
		s.Rules = append(s.Rules, rule)
	}
	w.allowKernel = rapid.OneOf(rapid.Just(1<<20), rapid.IntRange(0, 1500), rapid.IntRange(300, 800)).Draw(t, "budget")
	lt := capture.LinkTypeRadiotap
	if w.plain80211 {
		lt = capture.LinkTypeIEEE80211
	}
	return w, s, lt
}

// manyMACs returns different addresses of devices of several makers.
func manyMACs(n int) []radiotap.MAC {
	macs := make([]radiotap.MAC, n)
	for i := range macs {
		x := uint32(i+1) * 2654435761
		macs[i] = radiotap.MAC{0x40, byte(i % 7), byte(x >> 16), byte(x >> 24), byte(x), byte(i)}
	}
	return macs
}

func compile(tb testing.TB, s bpf.Spec, lt capture.LinkType, most int) *bpf.Program {
	tb.Helper()
	p, err := bpf.Compile(s, lt, most)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}
