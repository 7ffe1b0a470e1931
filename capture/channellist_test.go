package capture_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// TestWideChannelsAreThoseOf80211 compares what is generated with the tables
// of the standard's annex E.
func TestWideChannelsAreThoseOf80211(t *testing.T) {
	got := make(map[string][]int) // numbers of the middles
	for _, l := range capture.ListChannels(hwsim(true, allOpen), capture.DefaultChannelOptions()) {
		c := l.Channel
		if l.Off != "" || c.WidthMHz() == 20 || c.Band() == capture.Band24GHz {
			continue
		}
		key := c.Band().String() + " " + map[capture.Width]string{1: "20", 2: "40", 3: "80", 4: "160", 5: "320"}[c.Width]
		zero := map[capture.Band]int{capture.Band5GHz: 5000, capture.Band6GHz: 5950}[c.Band()]
		if n := (c.CenterMHz - zero) / 5; !slices.Contains(got[key], n) {
			got[key] = append(got[key], n)
		}
	}
	for _, numbers := range got {
		slices.Sort(numbers)
	}
	want := map[string][]int{
		"5 GHz 40":  {38, 46, 54, 62, 102, 110, 118, 126, 134, 142, 151, 159, 167, 175},
		"5 GHz 80":  {42, 58, 106, 122, 138, 155, 171},
		"5 GHz 160": {50, 114, 163},
		"6 GHz 40": {
			3, 11, 19, 27, 35, 43, 51, 59, 67, 75, 83, 91, 99, 107, 115, 123, 131, 139, 147, 155,
			163, 171, 179, 187, 195, 203, 211, 219, 227,
		},
		"6 GHz 80":  {7, 23, 39, 55, 71, 87, 103, 119, 135, 151, 167, 183, 199, 215},
		"6 GHz 160": {15, 47, 79, 111, 143, 175, 207},
		"6 GHz 320": {31, 63, 95, 127, 159, 191},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// forms returns the names that begin with one of the given control channels.
func forms(list []capture.ListedChannel, mhz ...int) string {
	var names []string
	for _, l := range list {
		if slices.Contains(mhz, l.Channel.FreqMHz) {
			name := l.Name
			if l.Off != "" {
				name += " (" + l.Off + ")"
			}
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func TestFormsOfAChannelStandInKismetsOrder(t *testing.T) {
	all := capture.DefaultChannelOptions()
	for _, tt := range []struct {
		name    string
		options func(*capture.ChannelOptions)
		mhz     int
		want    string
	}{
		{"default", func(*capture.ChannelOptions) {}, 5765, "153, 153HT40-, 153VHT80, 153VHT160"},
		{"2.4 GHz", func(*capture.ChannelOptions) {}, 2437, "6, 6HT40-, 6HT40+"},
		{"6 GHz", func(*capture.ChannelOptions) {}, 6135, "37W6e, 6135HT40-, 6135VHT80-6145, 6135VHT160-6185, 6135EHT320-6105, 6135EHT320-6265"},
		{"no HT", func(o *capture.ChannelOptions) { o.HT = false }, 5180, "36, 36VHT80, 36VHT160"},
		{"no VHT", func(o *capture.ChannelOptions) { o.VHT = false }, 5180, "36, 36HT40+"},
		{"no VHT in 6 GHz", func(o *capture.ChannelOptions) { o.VHT = false }, 5955, "1W6e, 5955HT40+"},
		{"wardrive", func(o *capture.ChannelOptions) { *o = capture.ChannelOptions{} }, 5955, "1W6e"},
		{"default HT20", func(o *capture.ChannelOptions) { o.DefaultHT20 = true }, 2412, "1HT20, 1HT40+"},
		{"default HT20 goes first", func(o *capture.ChannelOptions) { o.DefaultHT20, o.ExpandHT20 = true, true }, 2412, "1HT20, 1HT40+"},
		{"HT20 is HT", func(o *capture.ChannelOptions) { o.HT, o.DefaultHT20 = false, true }, 2412, "1"},
		{"expand HT20", func(o *capture.ChannelOptions) { o.ExpandHT20 = true }, 2412, "1, 1HT20, 1HT40+"},
		{"expand HT20 in 6 GHz", func(o *capture.ChannelOptions) { o.ExpandHT20, o.VHT = true, false }, 5955, "1W6e, 5955HT40+"},
		{"default HT20 in 6 GHz", func(o *capture.ChannelOptions) { o.DefaultHT20, o.VHT = true, false }, 5955, "1W6e, 5955HT40+"},
		{"beyond 5 GHz", func(*capture.ChannelOptions) {}, 5910, "5910"},
	} {
		o := all
		tt.options(&o)
		if got := forms(capture.ListChannels(hwsim(true, allOpen), o), tt.mhz); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestListSaysWhyAChannelIsOff(t *testing.T) {
	list := capture.ListChannels(hwsim(true, world), capture.DefaultChannelOptions())
	for mhz, want := range map[int]string{
		2432: "5, 5HT40-, 5HT40+",
		2484: "14",
		5320: "64, 64HT40-, 64VHT80, 64VHT160",
		5745: "149, 149HT40+, 149VHT80, 149VHT160 (needs channel 169 too, disabled by the regulatory domain)",
		5825: "165, 165HT40+ (needs channel 169 too, disabled by the regulatory domain), " +
			"165VHT80 (needs channel 169 too, disabled by the regulatory domain), " +
			"165VHT160 (needs channel 169 too, disabled by the regulatory domain)",
		5845: "169 (disabled by the regulatory domain)",
		5955: "1W6e (disabled by the regulatory domain)",
	} {
		if got := forms(list, mhz); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	narrow := hwsim(true, []rule{{from: 0, to: 5000, widest: 20}, {from: 5000, to: 5500, widest: 40}, {from: 5735, to: 7125, widest: 80}})
	narrow[1].Frequencies = narrow[1].Frequencies[:8] // up to 64
	narrow[0].Frequencies[0].No20MHz = true
	list = capture.ListChannels(narrow, capture.DefaultChannelOptions())
	for mhz, want := range map[int]string{
		2412: "1 (no 20 MHz here), 1HT40+ (no 40 MHz with the channel above here)",
		2432: "5, 5HT40- (no 40 MHz with the channel below here), 5HT40+ (no 40 MHz with the channel above here)",
		5180: "36, 36HT40+, 36VHT80 (no 80 MHz here), 36VHT160 (no 160 MHz here)",
		5955: "1W6e, 5955HT40+, 5955VHT80-5985, 5955VHT160-6025 (no 160 MHz here), 5955EHT320-6105 (no 320 MHz here)",
	} {
		if got := forms(list, mhz); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
}

func TestListNotesWhatHoldsForTransmitters(t *testing.T) {
	notes := make(map[string]string)
	for _, l := range capture.ListChannels(hwsim(true, world), capture.DefaultChannelOptions()) {
		notes[l.Name] = l.Note
	}
	for name, want := range map[string]string{
		"1": "", "13": "no transmission", "36": "no transmission", "52": "radar, no transmission",
		"36VHT80": "no transmission", "36VHT160": "radar, no transmission",
	} {
		if notes[name] != want {
			t.Errorf("%s: note %q, want %q", name, notes[name], want)
		}
	}
	radar := capture.ListChannels([]capture.BandCapability{{
		Band: capture.Band5GHz, Frequencies: []capture.Frequency{{MHz: 5500, Radar: true}},
	}}, capture.ChannelOptions{})
	if len(radar) != 1 || radar[0].Note != "radar" {
		t.Errorf("%+v", radar)
	}
}

func TestListHasWhatTheRadioHas(t *testing.T) {
	old := []capture.BandCapability{{Band: capture.Band24GHz, Frequencies: steps(2412, 2462, 5)}} // 802.11g
	if got := strings.Join(usable(capture.ListChannels(old, capture.DefaultChannelOptions())), " "); got != "1 2 3 4 5 6 7 8 9 10 11" {
		t.Error(got)
	}
	five := capture.DefaultChannelOptions()
	five.Bands = []capture.Band{capture.Band5GHz}
	for _, l := range capture.ListChannels(hwsim(true, allOpen), five) {
		if l.Channel.Band() != capture.Band5GHz {
			t.Errorf("%s is listed", l.Name)
		}
	}
	odd := []capture.BandCapability{
		{Band: capture.Band5GHz, Frequencies: []capture.Frequency{{MHz: 5180}, {MHz: 5180}, {MHz: -1}, {MHz: 1 << 30}}},
		{Band: capture.Band60GHz, Frequencies: []capture.Frequency{{MHz: 58320}}},
		{Band: capture.Band5GHz, Frequencies: []capture.Frequency{{MHz: 5180}}},
	}
	if got := strings.Join(usable(capture.ListChannels(odd, capture.DefaultChannelOptions())), " "); got != "36" {
		t.Error(got)
	}
	if list := capture.ListChannels(nil, capture.DefaultChannelOptions()); len(list) != 0 {
		t.Errorf("a radio without bands has %v", list)
	}
}

func TestTunableSaysWhyNot(t *testing.T) {
	radio := hwsim(false, world)
	radio[1].Width10 = false
	for name, want := range map[string]string{
		"6":               "",
		"6HT20":           "",
		"6HT40+":          "",
		"52":              "", // radar is for transmitters
		"6W5":             "",
		"6W10":            "",
		"36W5":            "",
		"36W10":           "channel 36W10: the radio has no 10 MHz wide channels in 5 GHz",
		"40VHT160":        "",
		"5200VHT80-5230":  "", // the kernel does not ask for 802.11's grid
		"5955":            "channel 1W6e: disabled by the regulatory domain",
		"5955EHT320-6105": "channel 5955EHT320-6105: disabled by the regulatory domain",
		"2437VHT80-2447":  "channel 2437VHT80-2447: the radio has no 80 MHz wide channels in 2.4 GHz",
		"149VHT160":       "channel 149VHT160: needs channel 169 too, disabled by the regulatory domain",
		"64HT40-":         "",
		"5320HT40+":       "channel 5320HT40+: needs 5340 MHz too, which the radio does not have",
		"183":             "channel 183: the radio has no channel at 4915 MHz",
		"2414":            "channel 2414: the radio has no channel at 2414 MHz",
	} {
		c, err := capture.ParseChannel(name)
		if err != nil {
			t.Fatal(err)
		}
		err = capture.Tunable(radio, c)
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || err.Error() != want || fault.CodeOf(err) != fault.RadioChannel):
			t.Errorf("%s: error %v\nwant %s", name, err, want)
		}
	}
	radio[0].Frequencies[5].No10MHz = true
	if err := capture.Tunable(radio, capture.Channel{FreqMHz: 2437, Width: capture.Width10}); err == nil || err.Error() != "channel 6W10: no 10 MHz here" {
		t.Error(err)
	}
	none := capture.Channel{FreqMHz: 5180, Width: capture.Width80, CenterMHz: 5180}
	if err := capture.Tunable(radio, none); fault.CodeOf(err) != fault.RadioChannel || !strings.Contains(err.Error(), "there is no such channel") {
		t.Error(err)
	}
	if err := capture.Tunable(radio, capture.Channel{}); errors.Unwrap(err) == nil {
		t.Error("no channel can be tuned to")
	}
}

// TestListAndTunableAgree: what is listed as usable is tunable, the rest is
// not, for the same reason.
func TestListAndTunableAgree(t *testing.T) {
	for _, rules := range [][]rule{world, allOpen, nil, {{from: 5150, to: 6400, widest: 160}}} {
		radio := hwsim(true, rules)
		for _, l := range capture.ListChannels(radio, capture.ChannelOptions{HT: true, VHT: true, ExpandHT20: true}) {
			why := ""
			if err := capture.Tunable(radio, l.Channel); err != nil {
				why = errors.Unwrap(err).Error()
			}
			if why != l.Off {
				t.Errorf("%s: listed %q, tunable %q", l.Name, l.Off, why)
			}
			if c, err := capture.ParseChannel(l.Name); err != nil || c != l.Channel {
				t.Errorf("%s is %+v, parsed %+v, error %v", l.Name, l.Channel, c, err)
			}
		}
	}
}
