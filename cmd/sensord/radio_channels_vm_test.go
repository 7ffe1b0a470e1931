//go:build vm && linux

package main_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/vmtest"
)

// TestVMChannelList compares the channels of a radio with what iw shows of the
// kernel: they are what IEEE 802.11 and the kernel's flags make of its
// frequencies, and Kismet's list but for Kismet's mistakes.
func TestVMChannelList(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	for _, country := range []string{"US", "DE"} {
		t.Run(country, func(t *testing.T) {
			vmtest.SetCountry(t, country)
			places := placesOf(t, radio.Phy)
			ours, kismets := usableChannels(t, radio.Interface), kismetList(places)
			if diff := cmp.Diff(standardList(places), ours); diff != "" {
				t.Errorf("the list is not what the kernel allows (-want +got):\n%s", diff)
			}
			common := func(list, other []string) []string {
				return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(other, s) })
			}
			if diff := cmp.Diff(common(kismets, ours), common(ours, kismets)); diff != "" {
				t.Errorf("another order than Kismet's (-want +got):\n%s", diff)
			}

			// Kismet lists pairs that are none, widths that need a channel which
			// is not there, and channels below 1 GHz by numbers that are none.
			wrong := strings.Fields("132VHT80 136VHT80 140HT40- 140VHT80 165HT40-")
			only := func(list, other []string) []string {
				return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
			}
			got := slices.DeleteFunc(only(kismets, ours), func(s string) bool { return len(s) > len("5955VHT160") || len(s) == 9 && !strings.Contains(s, "HT") })
			slices.Sort(got)
			if diff := cmp.Diff(wrong, got); diff != "" {
				t.Errorf("Kismet lists, and sensord does not (-want +got):\n%s", diff)
			}
			// It lacks 40 MHz in most of 2.4 GHz, the block from 165, 160 MHz
			// from most control channels, and every width in 6 GHz.
			lacks := regexp.MustCompile(`^([2-9]|1[0-3])HT40[+-]$|^165HT40\+$|^169HT40-$|^17[37]HT40[+-]$|^1(49|5[37]|6[159]|7[37])VHT(80|160)$` +
				`|^(4[048]|5[26]|6[04]|1[012][0-9])VHT160$|^\d{4}(HT40[+-]|(VHT80|VHT160|EHT320)-\d{4})$`)
			for _, name := range only(ours, kismets) {
				if !lacks.MatchString(name) {
					t.Errorf("sensord lists %s, and Kismet does not: that is none of its mistakes", name)
				}
			}
			t.Logf("%d channels, Kismet has %d; only here: %q", len(ours), len(kismets), only(ours, kismets))
		})
	}
}

// A place is a frequency as `iw phy PHY channels` shows it.
type place struct {
	band     int // 1 is 2.4 GHz, 2 is 5 GHz, 4 is 6 GHz, 5 below 1 GHz
	mhz      int
	disabled bool
	widths   []string // in 2.4 and 5 GHz what no flag forbids: "HT40-", "HT40+", "VHT80", "VHT160"
}

func placesOf(t *testing.T, phy string) []place {
	t.Helper()
	var list []place
	band := 0
	frequency := regexp.MustCompile(`^\* (\d+) MHz \[`)
	for line := range strings.Lines(vmtest.IW(t, "phy", phy, "channels")) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "Band "); ok {
			band, _ = strconv.Atoi(strings.TrimSuffix(text, ":"))
		}
		if m := frequency.FindStringSubmatch(line); m != nil {
			mhz, _ := strconv.Atoi(m[1])
			list = append(list, place{band: band, mhz: mhz, disabled: strings.Contains(line, "(disabled)")})
		}
		if text, ok := strings.CutPrefix(line, "Channel widths:"); ok {
			list[len(list)-1].widths = strings.Fields(text)
		}
	}
	if len(list) < 50 {
		t.Fatalf("iw shows %d frequencies", len(list))
	}
	return list
}

// kismetList is what Kismet's tool lists: a fixed table of control channels for
// each width, cut by nothing but the band's capabilities and what is disabled.
func kismetList(places []place) []string {
	numbers := func(text string) (list []int) {
		for field := range strings.FieldsSeq(text) {
			n, _ := strconv.Atoi(field)
			list = append(list, n)
		}
		return list
	}
	table := []struct {
		suffix string
		bands  []int
		of     []int
	}{
		{"HT40-", []int{1, 2}, numbers("6 11 40 48 56 64 104 112 120 128 136 140 144 153 161 165")},
		{"HT40+", []int{1, 2}, numbers("1 6 36 44 52 60 100 108 116 124 132 149 157")},
		{"VHT80", []int{2}, numbers("36 40 44 48 52 56 60 64 100 104 108 112 116 120 124 128 132 136 140 144 149 153 157 161")},
		{"VHT160", []int{2}, numbers("36 100")},
	}
	var names []string
	for _, p := range places {
		if p.disabled {
			continue
		}
		f := uint32(p.mhz)
		n := f/5 - 1000
		switch {
		case f == 2484:
			n = 14
		case f < 2484:
			n = (f - 2407) / 5 // below 0, and so a large number, below 1 GHz
		case f >= 5955:
			names = append(names, fmt.Sprintf("%dW6e", f/5-1190))
			continue
		}
		names = append(names, fmt.Sprint(n))
		for _, w := range table {
			if slices.Contains(w.bands, p.band) && slices.Contains(w.of, int(n)) {
				names = append(names, fmt.Sprint(n)+w.suffix)
			}
		}
	}
	return names
}

// standardList is what there is by IEEE 802.11 and what the kernel allows.
func standardList(places []place) []string {
	on := map[int]place{}
	for _, p := range places {
		if !p.disabled && p.band != 5 {
			on[p.mhz] = p
		}
	}
	var names []string
	for _, p := range places {
		if _, ok := on[p.mhz]; !ok || p.band == 5 {
			continue
		}
		front, number := fmt.Sprint(p.mhz), 0
		switch p.band {
		case 1:
			number = (p.mhz - 2407) / 5
			if p.mhz == 2484 {
				number = 14
			}
			front = fmt.Sprint(number)
			names = append(names, front)
		case 2:
			number = (p.mhz - 5000) / 5
			front = fmt.Sprint(number)
			names = append(names, front)
		default:
			number = (p.mhz - 5950) / 5
			names = append(names, fmt.Sprint(number)+"W6e")
		}
		names = append(names, p.pairs(front, on)...)
		for _, mhz := range []int{80, 160, 320} {
			for _, low := range p.blocks(mhz) {
				if !allowed(on, low, mhz) {
					continue
				}
				if name := fmt.Sprintf("%sVHT%d", front, mhz); p.band == 2 {
					names = append(names, name)
				} else if name += fmt.Sprintf("-%d", low-10+mhz/2); mhz < 320 {
					names = append(names, name)
				} else {
					names = append(names, strings.Replace(name, "VHT", "EHT", 1))
				}
			}
		}
	}
	return names
}

// pairs are the channels of 40 MHz whose control channel this is.
func (p place) pairs(front string, on map[int]place) []string {
	lower, upper := true, true
	if p.band != 1 {
		lower = slices.Contains(p.blocks(40), p.mhz)
		upper = slices.Contains(p.blocks(40), p.mhz-20)
	}
	var names []string
	if _, ok := on[p.mhz-20]; upper && ok && (p.band == 4 || slices.Contains(p.widths, "HT40-")) {
		names = append(names, front+"HT40-")
	}
	if _, ok := on[p.mhz+20]; lower && ok && (p.band == 4 || slices.Contains(p.widths, "HT40+")) {
		names = append(names, front+"HT40+")
	}
	return names
}

// blocks are the lowest frequencies of the channels so wide that this one is in.
func (p place) blocks(width int) []int {
	var starts []int // of what 802.11 counts in fours
	switch {
	case p.band == 2 && width <= 160:
		starts = map[int][]int{
			40: {5180, 5220, 5260, 5300, 5500, 5540, 5580, 5620, 5660, 5700, 5745, 5785, 5825, 5865},
			80: {5180, 5260, 5500, 5580, 5660, 5745, 5825}, 160: {5180, 5500, 5745},
		}[width]
	case p.band == 4 && width == 320: // two sets, that overlap
		starts = []int{5955, 6115, 6275, 6435, 6595, 6755}
	case p.band == 4:
		for low := 5955; low <= 7115; low += width {
			starts = append(starts, low)
		}
	}
	var in []int
	for _, low := range starts {
		if p.mhz >= low && p.mhz < low+width && (p.mhz-low)%20 == 0 {
			in = append(in, low)
		}
	}
	return in
}

// allowed reports whether every part of a wide channel is there and may be so wide.
func allowed(on map[int]place, low, width int) bool {
	for mhz := low; mhz < low+width; mhz += 20 {
		p, ok := on[mhz]
		if !ok || p.band == 2 && !slices.Contains(p.widths, fmt.Sprintf("VHT%d", width)) {
			return false
		}
	}
	return true
}
