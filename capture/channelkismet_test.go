package capture_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
)

// Which channels Kismet's tool takes for the control channel of which width.
var (
	kismetPlus = []int{1, 6, 36, 44, 52, 60, 100, 108, 116, 124, 132, 149, 157}
	kismetLess = []int{6, 11, 40, 48, 56, 64, 104, 112, 120, 128, 136, 140, 144, 153, 161, 165}
	kismet80   = []int{36, 40, 44, 48, 52, 56, 60, 64, 100, 104, 108, 112, 116, 120, 124, 128, 132, 136, 140, 144, 149, 153, 157, 161}
	kismet160  = []int{36, 100}
)

// kismetLists returns what Kismet's tool lists for a radio like hwsim.
func kismetLists(bands []capture.BandCapability) []string {
	var names []string
	for _, b := range bands {
		for _, f := range b.Frequencies {
			n := f.Channel().Number()
			if f.Disabled {
				continue
			}
			if b.Band == capture.Band6GHz {
				names = append(names, strconv.Itoa(n)+"W6e")
				continue
			}
			for _, v := range []struct {
				suffix string
				on     bool
			}{
				{"", true},
				{"HT40-", b.HT40 && slices.Contains(kismetLess, n)},
				{"HT40+", b.HT40 && slices.Contains(kismetPlus, n)},
				{"VHT80", b.Width80 && slices.Contains(kismet80, n)},
				{"VHT160", b.Width160 && slices.Contains(kismet160, n)},
			} {
				if v.on {
					names = append(names, strconv.Itoa(n)+v.suffix)
				}
			}
		}
	}
	return names
}

func TestListIsKismetsWhereKismetIsRight(t *testing.T) {
	radio := hwsim(false, world)
	ours := usable(capture.ListChannels(radio, capture.DefaultChannelOptions()))
	kismets := kismetLists(radio)
	if want := strings.Fields("1 1HT40+ 2"); !slices.Equal(kismets[:3], want) || kismets[len(kismets)-1] != "165HT40-" {
		t.Fatalf("the model of Kismet lists %q", kismets)
	}
	both := func(other []string) func(string) bool {
		return func(name string) bool { return !slices.Contains(other, name) }
	}
	common, reference := slices.DeleteFunc(slices.Clone(ours), both(kismets)), slices.DeleteFunc(slices.Clone(kismets), both(ours))
	if diff := cmp.Diff(reference, common); diff != "" {
		t.Errorf("another order than Kismet's (-want +got)\n%s", diff)
	}

	// Pairs that are none: 140 belongs to 144, 165 to 169.
	wrong := strings.Fields("140HT40- 165HT40-")
	if diff := cmp.Diff(wrong, slices.DeleteFunc(slices.Clone(kismets), func(n string) bool { return slices.Contains(ours, n) })); diff != "" {
		t.Errorf("Kismet lists and sensord does not (-want +got)\n%s", diff)
	}
	// 40 MHz all over 2.4 GHz, 140 as the lower half, and 160 MHz from every
	// control channel.
	missing := strings.Fields(`2HT40+ 3HT40+ 4HT40+ 5HT40- 5HT40+ 7HT40- 7HT40+ 8HT40- 8HT40+ 9HT40- 9HT40+
		10HT40- 12HT40- 13HT40- 40VHT160 44VHT160 48VHT160 52VHT160 56VHT160 60VHT160 64VHT160
		104VHT160 108VHT160 112VHT160 116VHT160 120VHT160 124VHT160 128VHT160 140HT40+`)
	if diff := cmp.Diff(missing, slices.DeleteFunc(slices.Clone(ours), func(n string) bool { return slices.Contains(kismets, n) })); diff != "" {
		t.Errorf("sensord lists and Kismet does not (-want +got)\n%s", diff)
	}
}

// kismetTunes returns the control frequency that Kismet's tool, given a name,
// would tune to and how wide; 0 MHz if it rejects the name.
func kismetTunes(name string) (mhz, width int) {
	m := regexp.MustCompile(`^(\d+)([^-]{0,15})(?:-(\d+))?`).FindStringSubmatch(name)
	if m == nil {
		return 0, 0
	}
	n, _ := strconv.Atoi(m[1])
	upper := strings.ToUpper(name)
	switch {
	case strings.Contains(upper, "6E"):
		switch {
		case n == 2:
			return 5935, 20
		case n <= 253:
			return 5950 + 5*n, 20
		}
		return 0, 0
	case strings.Contains(upper, "HT20"):
		return kismetMHz(n), 20
	case strings.Contains(upper, "HT40"):
		table := kismetPlus
		if strings.HasSuffix(name, "-") {
			table = kismetLess
		}
		if n <= 250 && !slices.Contains(table, n) {
			return 0, 0
		}
		return kismetMHz(n), 40
	}
	switch suffix := strings.ToUpper(m[2]); suffix {
	case "VHT80", "VHT160":
		table, width := kismet80, 80
		if suffix == "VHT160" {
			table, width = kismet160, 160
		}
		if m[3] == "" && !slices.Contains(table, n) {
			return 0, 0
		}
		return kismetMHz(n), width
	default: // unknown: plain
		return kismetMHz(n), 20
	}
}

func kismetMHz(n int) int {
	switch {
	case n > 250:
		return n
	case n == 14:
		return 2484
	case n <= 13:
		return 2407 + 5*n
	case n >= 182 && n <= 196:
		return 4000 + 5*n
	default:
		return 5000 + 5*n
	}
}

// TestKismetsToolUnderstandsTheNames: users carry lists from one tool to the
// other, and so do servers whose sensor is changed.
func TestKismetsToolUnderstandsTheNames(t *testing.T) {
	for _, o := range []capture.ChannelOptions{
		capture.DefaultChannelOptions(), {HT: true, VHT: true, DefaultHT20: true}, {HT: true, VHT: true, ExpandHT20: true},
	} {
		seen := make(map[string]bool)
		for _, l := range capture.ListChannels(hwsim(true, allOpen), o) {
			if seen[strings.ToLower(l.Name)] {
				t.Errorf("%s is in the list twice", l.Name)
			}
			seen[strings.ToLower(l.Name)] = true
			got := fmt.Sprint(kismetTunes(l.Name))
			want := fmt.Sprint(l.Channel.FreqMHz, l.Channel.WidthMHz())
			switch {
			case got == want:
			case l.Channel.Width == capture.Width320 && got == fmt.Sprint(l.Channel.FreqMHz, 20):
				// It knows no such width.
			case l.Channel.Band() != capture.Band6GHz && l.Channel.WidthMHz() > 20 && got == "0 0":
				// Its table lacks the channel, or it is tuned by frequency.
			default:
				t.Errorf("%s: Kismet's tool would tune to %s, want %s", l.Name, got, want)
			}
		}
	}
}

// TestLongestListFitsIntoAnOpenReport: Kismet takes frames of 16 383 bytes,
// and the report has the list twice if it says what is hopped over.
func TestLongestListFitsIntoAnOpenReport(t *testing.T) {
	for name, o := range map[string]capture.ChannelOptions{
		"default": capture.DefaultChannelOptions(), "expanded": {HT: true, VHT: true, ExpandHT20: true},
	} {
		radio := hwsim(true, allOpen)
		radio[2].Frequencies = append(steps(5935, 5935, 1), radio[2].Frequencies...)
		names := usable(capture.ListChannels(radio, o))
		size := 0
		for _, n := range names {
			size += 2 + len(n) // protobuf's head; msgpack's has one byte
		}
		t.Logf("%s: %d channels, %d bytes", name, len(names), size)
		const rest = 1 << 10 // of the report, header included
		if len(names) < 400 || 2*size+rest > 16383 {
			t.Errorf("%s: %d channels take %d bytes, twice that and %d are more than 16383", name, len(names), size, rest)
		}
	}
}
