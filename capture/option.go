package capture

import "slices"

// knownOptions are the options that somebody reads: Kismet's server for any
// source, its Wi-Fi tool, its pcap tool.
var knownOptions = [...]string{
	"name", "uuid", "type", "retry", "timestamp", "metagps", "device",
	"channel", "channels", "add_channels", "block_channels", "channel_hop", "channel_hoprate",
	"info_antenna_type", "info_antenna_gain", "info_antenna_orientation", "info_antenna_beamwidth",
	"info_amp_type", "info_amp_gain",

	"vif", "ignoreprimary", "verbose", "statistics", "fcsfail", "plcpfail",
	"ht_channels", "vht_channels", "default_ht20", "expand_ht20", "band24ghz", "band5ghz", "band6ghz",
	"filter_mgmt", "truncate_data", "filter_locals", "filter_interface", "filter_address",

	"realtime", "pps",
}

// Unknown is an option that nobody reads.
type Unknown struct {
	Name string
	Near string // the option that was probably meant, or ""
}

// UnknownOptions returns the options that neither Kismet's server nor a
// capture tool reads, each name once, in the order written. Kismet takes any
// name and ignores it, which hides mistypings.
func (d Definition) UnknownOptions() []Unknown {
	var us []Unknown
	for _, o := range d.Options {
		seen := slices.ContainsFunc(us, func(u Unknown) bool { return u.Name == o.Name })
		if seen || slices.Contains(knownOptions[:], o.Name) {
			continue
		}
		us = append(us, Unknown{Name: o.Name, Near: nearOption(o.Name)})
	}
	return us
}

// nearOption returns the known option that name is a mistyping of: at most one
// slip in three letters, and no more than three.
func nearOption(name string) string {
	near, best := "", min(len(name)/3, 3)+1
	for _, known := range knownOptions {
		// More letters apart than slips allowed; this also bounds the work for
		// names of hostile length.
		if abs(len(known)-len(name)) >= best {
			continue
		}
		if d := slips(name, known); d < best {
			near, best = known, d
		}
	}
	return near
}

func abs(n int) int { return max(n, -n) }

// slips counts the mistypings between two names: a letter added, lost, changed,
// or two neighbours exchanged (edit distance by optimal string alignment).
func slips(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
