package capture

import "slices"

// firstOf6GHz is channel 1 of 6 GHz, lastOf6GHz channel 233. Channel 2 stands
// alone below them.
const (
	firstOf6GHz  = 5955
	lastOf6GHz   = 7115
	channel2Of6G = 5935
	lastOf5GHz   = 5925
)

// A span is a run of 20 MHz channels side by side that 802.11 bonds to wider
// ones, beginning with its first. Both ends are control frequencies in MHz.
type span struct{ first, last int }

// spans returns the runs of a band. 2.4 GHz has none: there any two channels
// that are 20 MHz apart make a pair.
func spans(b Band) []span {
	switch b {
	case Band5GHz:
		return []span{{5180, 5320}, {5500, 5720}, {5745, 5885}}
	case Band6GHz:
		return []span{{firstOf6GHz, lastOf6GHz}}
	default:
		return nil
	}
}

// centers returns the middles, ascending, of the channels of this width that
// 802.11 makes out of the one at mhz and its neighbours: one in 5 and 6 GHz,
// up to two for 320 MHz (whose two sets overlap) and for 40 MHz in 2.4 GHz.
func centers(mhz int, w Width) []int {
	if w < Width40 || w > Width320 {
		return nil
	}
	b := bandOf(mhz)
	if b == Band24GHz {
		return pairs24GHz(mhz, w)
	}
	if w == Width320 && b != Band6GHz {
		return nil
	}
	step := w.mhz()
	if w == Width320 {
		step /= 2
	}
	var found []int
	for _, s := range spans(b) {
		if mhz < s.first || mhz > s.last || (mhz-s.first)%20 != 0 {
			continue
		}
		for low := s.first; low <= mhz; low += step {
			if high := low + w.mhz() - 20; mhz <= high && high <= s.last {
				found = append(found, (low+high)/2)
			}
		}
	}
	return found
}

func pairs24GHz(mhz int, w Width) []int {
	n := numberOf(mhz)
	if w != Width40 || n == 0 || n > 13 {
		return nil
	}
	var found []int
	if n-4 >= 1 {
		found = append(found, mhz-10)
	}
	if n+4 <= 13 {
		found = append(found, mhz+10)
	}
	return found
}

// regular reports whether c is wide as 802.11 says; a radio may well be tuned
// to other combinations.
func (c Channel) regular() bool {
	return slices.Contains(centers(c.FreqMHz, c.Width), c.CenterMHz)
}

// possible reports whether c can be: in a band that sensord captures in, its
// control channel one of the 20 MHz parts of its width, or, if it is not
// wider, without a middle of its own. It is what cfg80211_chandef_valid of the
// kernel asks, less the radio.
func (c Channel) possible() bool {
	switch b := bandOf(c.FreqMHz); {
	case !captured(b) || c.Width > Width10:
		return false
	case c.Width.mhz() <= 20:
		return c.CenterMHz == 0
	case c.Width == Width320 && b != Band6GHz:
		return false
	default:
		away := abs(c.CenterMHz - c.FreqMHz)
		return bandOf(c.CenterMHz) == b && away <= c.Width.mhz()/2-10 && away%20 == 10
	}
}

// parts returns the control frequencies of the 20 MHz channels under c.
func (c Channel) parts() []int {
	if c.Width.mhz() <= 20 {
		return []int{c.FreqMHz}
	}
	half := c.Width.mhz() / 2
	var mhz []int
	for m := c.CenterMHz - half + 10; m < c.CenterMHz+half; m += 20 {
		mhz = append(mhz, m)
	}
	return mhz
}

// captured reports whether sensord captures in this band.
func captured(b Band) bool { return b == Band24GHz || b == Band5GHz || b == Band6GHz }

// noBand is what bandOf returns for frequencies that no Wi-Fi has.
const noBand Band = 255

// bandOf returns the band of a frequency in MHz. The bands are wider here than
// any law makes them: drivers offer channels beyond.
func bandOf(mhz int) Band {
	switch {
	case mhz >= 700 && mhz < 1000:
		return BandS1G
	case mhz >= 2000 && mhz < 3000:
		return Band24GHz
	case mhz >= 4000 && mhz <= lastOf5GHz:
		return Band5GHz
	case mhz > lastOf5GHz && mhz < 7200:
		return Band6GHz
	case mhz >= 57000 && mhz < 72000:
		return Band60GHz
	default:
		return noBand
	}
}

// numberOf returns the number of the channel at a frequency in MHz within its
// band, 0 if it has none.
func numberOf(mhz int) int {
	first := 5000 // number 0 would be here
	switch b := bandOf(mhz); {
	case mhz == 2484:
		return 14
	case mhz == channel2Of6G:
		return 2
	case mhz >= 2412 && mhz <= 2472:
		first = 2407
	case mhz >= 4910 && mhz <= 4980:
		first = 4000
	case b == Band6GHz && mhz >= firstOf6GHz:
		first = 5950
	case b != Band5GHz || mhz <= first:
		return 0
	}
	if (mhz-first)%5 != 0 {
		return 0
	}
	return (mhz - first) / 5
}

func (w Width) mhz() int {
	switch w {
	case Width5:
		return 5
	case Width10:
		return 10
	case Width40:
		return 40
	case Width80:
		return 80
	case Width160:
		return 160
	case Width320:
		return 320
	default:
		return 20
	}
}
