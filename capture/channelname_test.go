package capture_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
)

var channelNames = []struct {
	name string
	want capture.Channel
	text string // Channel.String, if it is not name
}{
	{"6", capture.Channel{FreqMHz: 2437}, ""},
	{"14", capture.Channel{FreqMHz: 2484}, ""},
	{"183", capture.Channel{FreqMHz: 4915}, ""},
	{"196", capture.Channel{FreqMHz: 4980}, ""},
	{"2437", capture.Channel{FreqMHz: 2437}, "6"},
	{"2312", capture.Channel{FreqMHz: 2312}, ""},
	{"4915", capture.Channel{FreqMHz: 4915}, "183"},
	{"5180", capture.Channel{FreqMHz: 5180}, "36"},
	{"169", capture.Channel{FreqMHz: 5845}, ""},
	{"5910", capture.Channel{FreqMHz: 5910}, ""},
	{"5925", capture.Channel{FreqMHz: 5925}, ""},
	{" 11 ", capture.Channel{FreqMHz: 2462}, "11"},
	{"007", capture.Channel{FreqMHz: 2442}, "7"},

	{"6HT20", capture.Channel{FreqMHz: 2437, Width: capture.Width20}, ""},
	{"36VHT20", capture.Channel{FreqMHz: 5180, Width: capture.Width20}, "36HT20"},
	{"5955HT20", capture.Channel{FreqMHz: 5955, Width: capture.Width20}, ""},

	{"6HT40-", capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2427}, ""},
	{"6ht40+", capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}, "6HT40+"},
	{"5HT40+", capture.Channel{FreqMHz: 2432, Width: capture.Width40, CenterMHz: 2442}, ""},
	{"13HT40-", capture.Channel{FreqMHz: 2472, Width: capture.Width40, CenterMHz: 2462}, ""},
	{"36HT40+", capture.Channel{FreqMHz: 5180, Width: capture.Width40, CenterMHz: 5190}, ""},
	{"5180HT40+", capture.Channel{FreqMHz: 5180, Width: capture.Width40, CenterMHz: 5190}, "36HT40+"},
	{"2437HT40+", capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}, "6HT40+"},
	{"140HT40+", capture.Channel{FreqMHz: 5700, Width: capture.Width40, CenterMHz: 5710}, ""},
	{"165HT40+", capture.Channel{FreqMHz: 5825, Width: capture.Width40, CenterMHz: 5835}, ""},
	{"177HT40-", capture.Channel{FreqMHz: 5885, Width: capture.Width40, CenterMHz: 5875}, ""},
	{"5200HT40+", capture.Channel{FreqMHz: 5200, Width: capture.Width40, CenterMHz: 5210}, ""},
	{"5955HT40+", capture.Channel{FreqMHz: 5955, Width: capture.Width40, CenterMHz: 5965}, ""},

	{"36vht80", capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}, "36VHT80"},
	{"48VHT80", capture.Channel{FreqMHz: 5240, Width: capture.Width80, CenterMHz: 5210}, ""},
	{"5180VHT80", capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}, "36VHT80"},
	{"36VHT80-42", capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}, "36VHT80"},
	{"36VHT80-5210", capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5210}, "36VHT80"},
	{"40VHT80-46", capture.Channel{FreqMHz: 5200, Width: capture.Width80, CenterMHz: 5230}, "5200VHT80-5230"},
	{"177VHT80", capture.Channel{FreqMHz: 5885, Width: capture.Width80, CenterMHz: 5855}, ""},
	{"5955VHT80-5985", capture.Channel{FreqMHz: 5955, Width: capture.Width80, CenterMHz: 5985}, ""},
	{"5955VHT80-7", capture.Channel{FreqMHz: 5955, Width: capture.Width80, CenterMHz: 5985}, "5955VHT80-5985"},
	{"5955VHT80", capture.Channel{FreqMHz: 5955, Width: capture.Width80, CenterMHz: 5985}, "5955VHT80-5985"},
	{"100VHT160", capture.Channel{FreqMHz: 5500, Width: capture.Width160, CenterMHz: 5570}, ""},
	{"40VHT160", capture.Channel{FreqMHz: 5200, Width: capture.Width160, CenterMHz: 5250}, ""},
	{"149VHT160", capture.Channel{FreqMHz: 5745, Width: capture.Width160, CenterMHz: 5815}, ""},
	{"5955VHT160-6025", capture.Channel{FreqMHz: 5955, Width: capture.Width160, CenterMHz: 6025}, ""},
	{"5955EHT320-6105", capture.Channel{FreqMHz: 5955, Width: capture.Width320, CenterMHz: 6105}, ""},
	{"5955EHT320", capture.Channel{FreqMHz: 5955, Width: capture.Width320, CenterMHz: 6105}, "5955EHT320-6105"},
	{"6115eht320-63", capture.Channel{FreqMHz: 6115, Width: capture.Width320, CenterMHz: 6265}, "6115EHT320-6265"},

	{"6W5", capture.Channel{FreqMHz: 2437, Width: capture.Width5}, ""},
	{"36w10", capture.Channel{FreqMHz: 5180, Width: capture.Width10}, "36W10"},
	{"5180W10", capture.Channel{FreqMHz: 5180, Width: capture.Width10}, "36W10"},
	{"5955W5", capture.Channel{FreqMHz: 5955, Width: capture.Width5}, ""},

	{"1W6e", capture.Channel{FreqMHz: 5955}, ""},
	{"1w6E", capture.Channel{FreqMHz: 5955}, "1W6e"},
	{"5-W6e", capture.Channel{FreqMHz: 5975}, "5W6e"},
	{"233W6e", capture.Channel{FreqMHz: 7115}, ""},
	{"2W6e", capture.Channel{FreqMHz: 5935}, ""},
	{"5955W6e", capture.Channel{FreqMHz: 5955}, "1W6e"},
	{"5935W6e", capture.Channel{FreqMHz: 5935}, "2W6e"},
	{"5955", capture.Channel{FreqMHz: 5955}, "1W6e"},
	{"5960", capture.Channel{FreqMHz: 5960}, ""},
}

func TestChannelNamesMeanWhatKismetMeans(t *testing.T) {
	for _, tt := range channelNames {
		got, err := capture.ParseChannel(tt.name)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		text := tt.text
		if text == "" {
			text = tt.name
		}
		if got.String() != text {
			t.Errorf("%s: String %s, want %s", tt.name, got, text)
		}
	}
}

func TestMistakenChannelNamesAreErrors(t *testing.T) {
	for name, want := range map[string]string{
		"":                     `channel "": does not begin with a channel number or a frequency in MHz`,
		"HT20":                 `channel "HT20": does not begin with a channel number or a frequency in MHz`,
		"-6":                   `channel "-6": does not begin with a channel number or a frequency in MHz`,
		"36HE80":               `channel "36HE80": "HE80" is no width: there are HT20, HT40+, HT40-, VHT80, VHT160, EHT320, W5 and W10, and W6e for 6 GHz`,
		"36e":                  `channel "36e": "E" is no width`,
		"6 GHz":                `channel "6 GHz": " GHZ" is no width`,
		"1W6eVHT80":            `channel "1W6eVHT80": "W6EVHT80" is no width`,
		"149-W10":              `channel "149-W10": "-W10" is no width`,
		"36VHT8":               `channel "36VHT8": "VHT8" is no width`,
		"6HT40+x":              `channel "6HT40+x": "HT40+X" is no width`,
		"6HT20x":               `is no width`,
		"6HT40":                `channel "6HT40": 40 MHz are written HT40+ or HT40-, for the channel above or below as the other half`,
		"36VHT40":              `40 MHz are written HT40+ or HT40-`,
		"40HT40+":              `channel "40HT40+": the other half is on the other side, as in 40HT40-`,
		"140HT40-":             `channel "140HT40-": the other half is on the other side, as in 140HT40+`,
		"3HT40-":               `channel "3HT40-": the other half is on the other side, as in 3HT40+`,
		"10HT40+":              `the other half is on the other side, as in 10HT40-`,
		"14HT40-":              `channel "14HT40-": no 40 MHz channel is there`,
		"183HT40+":             `no 40 MHz channel is there`,
		"6VHT80":               `channel "6VHT80": no 80 MHz channel is there`,
		"132VHT160":            `channel "132VHT160": no 160 MHz channel is there`,
		"36EHT320":             `channel "36EHT320": no 320 MHz channel is there`,
		"36EHT320-50":          `320 MHz around 5250 MHz do not make a channel with 5180 MHz in it`,
		"36VHT80-46":           `channel "36VHT80-46": 80 MHz around 5230 MHz do not make a channel with 5180 MHz in it`,
		"36VHT80-x":            `middle "x" is no channel number and no frequency in MHz`,
		"36VHT80-":             `middle "" is no channel number`,
		"36VHT80-42-42":        `middle "42-42" is no channel number`,
		"36VHT80-70000":        `middle "70000" is no channel number`,
		"6115EHT320":           `channel "6115EHT320": two channels are meant: write 6115EHT320-6105 or 6115EHT320-6265`,
		"0":                    `channel "0": no channel has this number, and no band this frequency in MHz`,
		"197":                  `channel "197": numbers from 197 on are of 6 GHz, written as in 197W6e, other widths by frequency as in 6935HT40+`,
		"213HT20":              `numbers from 197 on are of 6 GHz`,
		"300":                  `no channel has this number`,
		"902":                  `no channel has this number`,
		"58320":                `no channel has this number`,
		"3W6e":                 `channel "3W6e": no such channel in 6 GHz: they are 2, and 1 to 233 in steps of four`,
		"0W6e":                 `no such channel in 6 GHz`,
		"237W6e":               `no such channel in 6 GHz`,
		"253W6e":               `no such channel in 6 GHz`,
		"2437W6e":              `no such channel in 6 GHz`,
		"99999999999999999999": `number is too large`,
	} {
		c, err := capture.ParseChannel(name)
		if err == nil || !strings.Contains(err.Error(), want) || !c.IsZero() {
			t.Errorf("%s: channel %+v, error %v\nwant %s", name, c, err, want)
		}
	}
}

// everyChannel yields every combination of control channel, width and middle
// that there is.
func everyChannel(yield func(capture.Channel) bool) {
	narrow := []capture.Width{capture.Width20NoHT, capture.Width20, capture.Width5, capture.Width10}
	wide := map[capture.Width]int{capture.Width40: 10, capture.Width80: 30, capture.Width160: 70, capture.Width320: 150}
	for mhz := 2000; mhz < 7200; mhz++ {
		if mhz >= 3000 && mhz < 4000 {
			continue
		}
		for _, w := range narrow {
			if !yield(capture.Channel{FreqMHz: mhz, Width: w}) {
				return
			}
		}
		band := capture.Channel{FreqMHz: mhz}.Band()
		for w, most := range wide {
			for away := -most; away <= most; away += 20 {
				middle := capture.Channel{FreqMHz: mhz + away}
				if middle.Band() != band || w == capture.Width320 && band != capture.Band6GHz {
					continue
				}
				if !yield(capture.Channel{FreqMHz: mhz, Width: w, CenterMHz: mhz + away}) {
					return
				}
			}
		}
	}
}

func TestEveryNameParsesBack(t *testing.T) {
	n := 0
	for c := range everyChannel {
		n++
		for _, name := range []string{c.String(), strings.ToLower(c.String())} { // servers compare without case
			if got, err := capture.ParseChannel(name); err != nil || got != c {
				t.Fatalf("%+v is %q, which is %+v, error %v", c, name, got, err)
			}
		}
		if strings.ContainsFunc(c.String(), func(r rune) bool {
			return !strings.ContainsRune("0123456789WHTVEe+-6", r)
		}) || len(c.String()) > 15 {
			t.Fatalf("%q has what Kismet's lists or its page cannot take", c)
		}
	}
	if n < 90_000 {
		t.Errorf("only %d channels tried", n)
	}
}

func TestChannelKnowsItself(t *testing.T) {
	for _, tt := range []struct {
		mhz, number int
		band        string
	}{
		{0, 0, "no band"},
		{2407, 0, "2.4 GHz"},
		{2412, 1, "2.4 GHz"},
		{2414, 0, "2.4 GHz"},
		{2472, 13, "2.4 GHz"},
		{2484, 14, "2.4 GHz"},
		{4910, 182, "5 GHz"},
		{4980, 196, "5 GHz"},
		{5035, 7, "5 GHz"},
		{5180, 36, "5 GHz"},
		{5885, 177, "5 GHz"},
		{5910, 182, "5 GHz"},
		{5935, 2, "6 GHz"},
		{5955, 1, "6 GHz"},
		{7115, 233, "6 GHz"},
		{902, 0, "sub-1 GHz"},
		{58320, 0, "60 GHz"},
	} {
		c := capture.Frequency{MHz: tt.mhz}.Channel()
		if c.Number() != tt.number || c.Band().String() != tt.band {
			t.Errorf("%d MHz: channel %d of %s, want %d of %s", tt.mhz, c.Number(), c.Band(), tt.number, tt.band)
		}
	}
	if name := (capture.Channel{}).String(); name != "" {
		t.Errorf("no channel is called %q", name)
	}
	var widths []int
	for w := capture.Width20NoHT; w <= capture.Width10; w++ {
		widths = append(widths, capture.Channel{Width: w}.WidthMHz())
	}
	if want := []int{20, 20, 40, 80, 160, 320, 5, 10}; !slices.Equal(widths, want) {
		t.Errorf("widths %d, want %d", widths, want)
	}
}

func FuzzParseChannel(f *testing.F) {
	for _, tt := range channelNames {
		f.Add(tt.name)
	}
	for _, name := range []string{"", "36e", "149-W10", "5955VHT80-", "1W6e\x00", "65536VHT80-65536", "6\u0130T20"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := capture.ParseChannel(s)
		if (err != nil) != c.IsZero() {
			t.Fatalf("%q: channel %+v and error %v", s, c, err)
		}
		if err != nil {
			return
		}
		if again, err := capture.ParseChannel(c.String()); err != nil || again != c {
			t.Errorf("%q is %+v, its name %q is %+v, error %v", s, c, c, again, err)
		}
	})
}
