package capture_test

import "github.com/sensord/sensord/capture"

// rule is a rule of a regulatory domain, as in the database: edges in MHz, the
// widest channel, and what holds for transmitters.
type rule struct {
	from, to, widest int
	noIR, radar      bool
}

// world is the kernel's built-in domain. Rules that the kernel lets channels
// reach across (AUTO_BW) are one here, as wide as they are together.
var world = []rule{
	{from: 2402, to: 2472, widest: 40},
	{from: 2457, to: 2482, widest: 40, noIR: true},
	{from: 2474, to: 2494, widest: 20, noIR: true},
	{from: 5170, to: 5250, widest: 160, noIR: true},
	{from: 5250, to: 5330, widest: 160, noIR: true, radar: true},
	{from: 5490, to: 5730, widest: 160, noIR: true, radar: true},
	{from: 5735, to: 5835, widest: 80, noIR: true},
}

// allOpen allows everything.
var allOpen = []rule{{from: 0, to: 8000, widest: 320}}

// regulate sets the flags of every channel as the kernel does: by the first
// rule that the channel lies in, and those of HT40 by the neighbours too.
func regulate(bands []capture.BandCapability, rules []rule) []capture.BandCapability {
	for b := range bands {
		fs := bands[b].Frequencies
		for i := range fs {
			fs[i].Disabled = true
			for _, r := range rules {
				if fs[i].MHz-10 >= r.from && fs[i].MHz+10 <= r.to {
					fs[i].Disabled = false
					fs[i].NoIR, fs[i].Radar = r.noIR, r.radar
					fs[i].NoHT40Minus, fs[i].NoHT40Plus = r.widest < 40, r.widest < 40
					fs[i].No80MHz, fs[i].No160MHz, fs[i].No320MHz = r.widest < 80, r.widest < 160, r.widest < 320
					break
				}
			}
		}
		enabled := make(map[int]bool)
		for _, f := range fs {
			enabled[f.MHz] = !f.Disabled
		}
		for i := range fs {
			fs[i].NoHT40Minus = fs[i].NoHT40Minus || !enabled[fs[i].MHz-20]
			fs[i].NoHT40Plus = fs[i].NoHT40Plus || !enabled[fs[i].MHz+20]
		}
	}
	return bands
}

// steps returns the frequencies from first to last.
func steps(first, last, step int) []capture.Frequency {
	var fs []capture.Frequency
	for mhz := first; mhz <= last; mhz += step {
		fs = append(fs, capture.Frequency{MHz: mhz})
	}
	return fs
}

func join(parts ...[]capture.Frequency) []capture.Frequency {
	var all []capture.Frequency
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// hwsim returns the bands of a radio of the kernel's mac80211_hwsim. With eht
// it can do what Wi-Fi 7 can.
func hwsim(eht bool, rules []rule) []capture.BandCapability {
	return regulate([]capture.BandCapability{
		{
			Band: capture.Band24GHz, HT40: true, Width5: true, Width10: true,
			Frequencies: join(steps(2412, 2472, 5), steps(2484, 2484, 1)),
		},
		{
			Band: capture.Band5GHz, HT40: true, Width80: true, Width160: true, Width5: true, Width10: true,
			Frequencies: join(steps(5180, 5320, 20), steps(5500, 5720, 20), steps(5745, 5825, 20),
				steps(5845, 5845, 1), steps(5855, 5925, 5)),
		},
		{
			Band: capture.Band6GHz, Width80: true, Width160: true, Width320: eht, Width5: true, Width10: true,
			Frequencies: steps(5955, 7115, 20),
		},
		{
			Band:        capture.BandS1G,
			Frequencies: []capture.Frequency{{MHz: 902, OffsetKHz: 500}, {MHz: 903}, {MHz: 903, OffsetKHz: 500}},
		},
	}, rules)
}

// usable returns the names that Kismet's server would be told.
func usable(list []capture.ListedChannel) []string {
	var names []string
	for _, l := range list {
		if l.Off == "" {
			names = append(names, l.Name)
		}
	}
	return names
}
