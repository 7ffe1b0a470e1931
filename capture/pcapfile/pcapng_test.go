package pcapfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture/pcapfile"
)

func TestPcapngTimes(t *testing.T) {
	resolution := func(r byte) []byte { return option(little, 9, r) }
	offset := func(sec int64) []byte { return option(little, 14, little.AppendUint64(nil, uint64(sec))...) }
	for _, tc := range []struct {
		name    string
		options [][]byte
		ts      uint64
		want    int64
	}{
		{"microseconds without a word", nil, 1_750_000_000_123456, 1_750_000_000_123456_000},
		{"nanoseconds", [][]byte{resolution(9)}, 1_750_000_000_123456789, 1_750_000_000_123456789},
		{"seconds", [][]byte{resolution(0)}, 1_750_000_000, 1_750_000_000_000000000},
		{"milliseconds", [][]byte{resolution(3)}, 1_750_000_000_123, 1_750_000_000_123000000},
		{"tenths of nanoseconds", [][]byte{resolution(10)}, 1_750_000_000_1234567898, 1_750_000_000_123456789},
		{"10 to the -19th", [][]byte{resolution(19)}, 12345678901234567890, 1_234567890},
		{"10 to the -28th", [][]byte{resolution(28)}, 1e19, 1},
		{"2 to the -20th", [][]byte{resolution(0x94)}, 1_750_000_000<<20 | 1048575, 1_750_000_000_999999046},
		{"2 to the -32nd", [][]byte{resolution(0xa0)}, 1_750_000_000<<32 | 0x80000000, 1_750_000_000_500000000},
		{"2 to the -63rd", [][]byte{resolution(0xbf)}, 1<<64 - 1, 1_999999999},
		{"offset", [][]byte{offset(1_750_000_000), resolution(9)}, 5, 1_750_000_000_000000005},
		{"negative offset", [][]byte{resolution(6), offset(-7)}, 8_000_000, 1_000000000},
		{"what follows the end is none", [][]byte{option(little, 0), resolution(9)}, 1_000_000, 1_000000000},
		{"other options", [][]byte{option(little, 2, []byte("wlan1mon")...), option(little, 1, 'x'), resolution(9)}, 5, 5},
		{"latest time", [][]byte{resolution(9)}, 1<<63 - 1, 1<<63 - 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			content := join(section(little, 1, 0), iface(little, 127, 0, tc.options...), enhanced(little, 0, tc.ts, "frame"))
			got, err := readAll(t, newReader(t, content, pcapfile.Options{}))
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]frame{{tc.want, 5, 127, "frame"}}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Sections in both byte orders, each with interfaces of their own, among all
// that a writer may put between frames.
func TestPcapngStructure(t *testing.T) {
	packet := block(big, 2, join([]byte{0, 1, 0, 99}, enhancedBody(big, 0, 7, 3, 30, "obs")[4:])) // interface 1, 99 drops
	r := newReader(t, join(
		section(little, 1, 0),
		block(little, 4, []byte("names")),
		iface(little, 127, 0),
		iface(little, 105, 0, option(little, 9, 9)),
		enhanced(little, 1, 1, "first"),
		block(little, 5, make([]byte, 12)),
		enhanced(little, 0, 2, "second!!"),
		iface(little, 192, 0),
		enhanced(little, 2, 3, ""),
		block(little, 10, make([]byte, 300_000)), // more than the buffer
		section(big, 1, 2),
		iface(big, 1, 4),
		iface(big, 127, 0),
		block(big, 3, join([]byte{0, 0, 0, 9}, []byte("simp"))), // cut by the interface's limit
		packet,
		block(big, 6, join(enhancedBody(big, 0, 8, 4, 4, "opts"), option(big, 2, 1, 2, 3, 4))),
		block(big, 3, join([]byte{0, 0, 0, 2}, []byte("si"))),
	), pcapfile.Options{})
	if r.LinkType() != 127 {
		t.Errorf("link type %d, want the first interface's", r.LinkType())
	}
	got, err := readAll(t, r)
	if err != nil {
		t.Error(err)
	}
	want := []frame{
		{1, 5, 105, "first"},
		{2000, 8, 127, "second!!"},
		{3000, 0, 192, ""},
		{3000, 9, 1, "simp"}, // a simple block has no time of its own
		{7000, 30, 127, "obs"},
		{8000, 4, 1, "opts"},
		{8000, 2, 1, "si"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A block with more options than are looked at keeps its frame.
func TestPcapngLongBlock(t *testing.T) {
	comment := option(little, 1, []byte(strings.Repeat("c", 60_000))...)
	content := join(section(little, 1, 0), iface(little, 127, 0),
		block(little, 6, join(enhancedBody(little, 0, 1, 4, 4, "long"), comment, comment)), enhanced(little, 0, 2, "next"))
	got, err := readAll(t, newReader(t, content, pcapfile.Options{}))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]frame{{1000, 4, 127, "long"}, {2000, 4, 127, "next"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
