package radiotap_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture/radiotap"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		want      radiotap.Header
	}{
		{"software radio", headHwsim, radiotap.Header{Length: 26, FreqMHz: 2412, SignalDBm: -30, HasSignal: true}},
		{"two chains", headChains, radiotap.Header{Length: 38, FreqMHz: 5180, SignalDBm: -67, HasSignal: true, HasFCS: true}},
		{"nothing", "00 00 0800 00000000", radiotap.Header{Length: 8}},
		{"flags alone", "00 00 0900 02000000 70", radiotap.Header{Length: 9, HasFCS: true, Padded: true, BadFCS: true}},
		{"signal and noise", "00 00 0a00 60000000 c4 a1", radiotap.Header{Length: 10, SignalDBm: -60, NoiseDBm: -95, HasSignal: true, HasNoise: true}},
		{
			"noise beside the usual", "00 00 1000 6a000000 10 00 6c09 8000 c4 a1",
			radiotap.Header{Length: 16, FreqMHz: 2412, SignalDBm: -60, NoiseDBm: -95, HasSignal: true, HasNoise: true, HasFCS: true},
		},
		{"frequency hopping between channel and signal", "00 00 1300 3e000000 50 0c 6c09 8000 0102 c4 ffffff", radiotap.Header{
			Length: 19, FreqMHz: 2412, SignalDBm: -60, HasSignal: true, HasFCS: true, BadFCS: true,
		}},
		{"extended channel alone", "00 00 1000 00000400 00000000 3c14 24 00", radiotap.Header{Length: 16, FreqMHz: 5180}},
		{
			"every field up to L-SIG, then signal again", "00 00 a000 ffffffaf 20000000" + "00000000" +
				"1111111111111111" + "10" + "02" + "6c098000" + "0000" + "c4" + "a1" + "0000" + "0000" + "0000" + "14" + "00" + "00" + "00" +
				"0000" + "0000" + "00" + "00" + "00" + "0000000000000000" + "000000" + "00000000000000000000" + "000000000000000000000000" +
				"00000000" + "000000000000000000000000" + "000000000000000000000000" + "000000000000000000000000" + "000000000000" + "00" + "00" + "00000000" + "bb" +
				"00000000000000000000000000000000000000",
			radiotap.Header{Length: 160, FreqMHz: 2412, SignalDBm: -60, NoiseDBm: -95, HasSignal: true, HasNoise: true, HasFCS: true},
		},
		{
			"signal in the second word", "00 00 0f00 020000a0 20000000 40 c4 00",
			radiotap.Header{Length: 15, BadFCS: true, SignalDBm: -60, HasSignal: true},
		},
		{
			"signal behind a vendor's fields", "00 00 1d00 000000c0 ffffffa7 20000000 001122 01 0500 0102030405 c4 00",
			radiotap.Header{Length: 29, SignalDBm: -60, HasSignal: true},
		},
		{"bits beyond those of the first word are no fields of ours", "00 00 0f00 02000080 20000000 10 c4 00", radiotap.Header{Length: 15, HasFCS: true}},
		{
			"items of type, length and value", "00 00 2400 02000010 40 000000 2100 0500 0102030405000000 1c00 0000 0500 0100 c4000000",
			radiotap.Header{Length: 36, BadFCS: true, SignalDBm: -60, HasSignal: true},
		},
		{"flags of the word come before those of an item", "00 00 1400 02000010 10 000000 0100 0100 40000000", radiotap.Header{Length: 20, HasFCS: true}},
		{"item too short for its value", "00 00 1000 00000010 0300 0100 6c000000", radiotap.Header{Length: 16}},

		{"field beyond the end", "00 00 0a00 2a000000 10 00", radiotap.Header{Length: 10, HasFCS: true, Malformed: true}},
		{"presence words beyond the end", "00 00 0800 02000080", radiotap.Header{Length: 8, Malformed: true}},
		{"vendor's header beyond the end", "00 00 0e00 000000c0 00000000 0011", radiotap.Header{Length: 14, Malformed: true}},
		{"vendor's fields beyond the end", "00 00 1600 000000c0 000000a0 20000000 001122 01 ffff", radiotap.Header{Length: 22, Malformed: true}},
		{"item beyond the end", "00 00 1000 00000010 0500 ff00 c4000000", radiotap.Header{Length: 16, Malformed: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frame := append(unhex(t, tt.hex), unhex(t, frameBeacon)...)
			got, err := radiotap.Parse(frame)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%x (-want +got):\n%s", frame[:tt.want.Length], diff)
			}
		})
	}
}

func TestParseRefusesWhatHidesTheFrame(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", radiotap.ErrShort},
		{"seven bytes", "00 00 0700 000000", radiotap.ErrShort},
		{"version 1", "01 00 0800 00000000", radiotap.ErrVersion},
		{"length 7", "00 00 0700 00000000", radiotap.ErrLength},
		{"longer than the frame", "00 00 0900 00000000", radiotap.ErrLength},
		{"big-endian length", "00 00 0008 00000000", radiotap.ErrLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := radiotap.Parse(unhex(t, tt.hex))
			if !errors.Is(err, tt.want) || h != (radiotap.Header{}) {
				t.Errorf("got %+v, %v, want %v", h, err, tt.want)
			}
			if n, ok := radiotap.Length(unhex(t, tt.hex)); ok {
				t.Errorf("a length of %d is believed", n)
			}
		})
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	head := append(unhex(t, headChains), unhex(t, frameFourAddress)...)
	odd := append(unhex(t, "00 00 0f00 020000a0 20000000 40 c4 00"), unhex(t, "7400 0000 "+a1+"b400 00000000"+a2)...)
	if n := testing.AllocsPerRun(100, func() {
		for _, frame := range [][]byte{head, odd} {
			h, _ := radiotap.Parse(frame)
			_, _ = radiotap.ParseDot11(frame[h.Length:])
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMAC(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"00:1a:2B:3c:4D:5e", "00:1A:2B:3C:4D:5E"},
		{"ff-ff-ff-ff-ff-ff", "FF:FF:FF:FF:FF:FF"},
	} {
		m, err := radiotap.ParseMAC(tt.in)
		if err != nil || m.String() != tt.want {
			t.Errorf("%s is %s, %v", tt.in, m, err)
		}
	}
	for _, in := range []string{
		"", "00", "00:1a:2b:3c:4d", "00:1a:2b:3c:4d:5e:6f", "00:1a:2b-3c:4d:5e", "00:1a:2b:3c:4d:5g", "001a2b3c4d5e", "00.1a.2b.3c.4d.5e",
		"00:1a:2b:3c:4d:5", "0:01a:2b:3c:4d:5e", "::::::::::::::::::", "00:1a:2b:3c:4d::e", "+0:1a:2b:3c:4d:5e",
	} {
		if m, err := radiotap.ParseMAC(in); err == nil {
			t.Errorf("%q is %s", in, m)
		}
	}
}

func TestClearFCS(t *testing.T) {
	for _, tt := range []struct{ name, hex, want string }{
		{"flags alone", "00 00 0900 02000000 70 aabb", "00 00 0900 02000000 60 aabb"},
		{"no checksum there", headHwsim, headHwsim},
		{"behind TSFT and the words of two chains", headChains, strings.Replace(headChains, " 10 0c 3c14", " 00 0c 3c14", 1)},
		{"in an item", "00 00 1000 00000010 0100 0100 10000000", "00 00 1000 00000010 0100 0100 00000000"},
		{"no flags", "00 00 0c00 08000000 10101010", "00 00 0c00 08000000 10101010"},
		{"flags beyond the header", "00 00 0800 02000000 10", "00 00 0800 02000000 10"},
		{"no header", "10 10 10", "10 10 10"},
	} {
		frame := unhex(t, tt.hex)
		radiotap.ClearFCS(frame)
		if diff := cmp.Diff(unhex(t, tt.want), frame); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
