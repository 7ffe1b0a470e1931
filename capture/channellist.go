package capture

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sensord/sensord/internal/fault"
)

// ListedChannel is one line of a radio's channel list.
type ListedChannel struct {
	Channel Channel
	Name    string // Channel.String(), which Kismet's server is told
	Off     string // why the radio cannot be tuned to it, in words; "" if it can
	Note    string // what holds there for others, not for a listener: "radar", "no transmission"
}

// ListChannels returns what a radio can be tuned to, as Kismet lists it: in
// the kernel's order of bands and frequencies, each frequency followed by its
// wider forms (HT20, HT40-, HT40+, VHT80, VHT160, EHT320).
//
// What the kernel's flags forbid is in the list too, with the reason; of a
// frequency that is disabled altogether only the 20 MHz channel. Not in the
// list are widths that the radio does not have in that band, what o leaves
// out, channels of 5 and 10 MHz (Kismet lists none; they can be tuned to all
// the same), and the bands that sensord does not capture in. Every channel and
// every name occurs once.
func ListChannels(bands []BandCapability, o ChannelOptions) []ListedChannel {
	var list []ListedChannel
	seen := make(map[Channel]bool)
	for i := range bands {
		b := &bands[i]
		if o.Bands != nil && !slices.Contains(o.Bands, b.Band) {
			continue
		}
		for _, f := range b.Frequencies {
			for _, c := range b.forms(f, o) {
				if c.possible() && !seen[c] {
					seen[c] = true
					list = append(list, ListedChannel{Channel: c, Name: c.String(), Off: b.refusal(c), Note: b.note(c)})
				}
			}
		}
	}
	return list
}

// forms returns the channels to list with f as control channel.
func (b *BandCapability) forms(f Frequency, o ChannelOptions) []Channel {
	if f.OffsetKHz != 0 { // no name says that
		return nil
	}
	plain, ht20 := f.Channel(), Channel{FreqMHz: f.MHz, Width: Width20}
	cs := []Channel{plain}
	if o.HT && plain.Band() != Band6GHz { // where 20 MHz have one form only
		switch {
		case o.DefaultHT20:
			cs = []Channel{ht20}
		case o.ExpandHT20:
			cs = append(cs, ht20)
		}
	}
	if f.Disabled {
		return cs
	}
	for w := Width40; w <= Width320; w++ {
		asked := o.VHT
		if w == Width40 {
			asked = o.HT
		}
		if !asked || !b.has(w) {
			continue
		}
		for _, center := range centers(f.MHz, w) {
			cs = append(cs, Channel{FreqMHz: f.MHz, Width: w, CenterMHz: center})
		}
	}
	return cs
}

// has reports whether the radio knows the width in this band.
func (b *BandCapability) has(w Width) bool {
	switch w {
	case Width40:
		// 802.11ax has one capability for 40 and 80 MHz, 6 GHz nothing older.
		return b.HT40 || b.Band == Band6GHz && b.Width80
	case Width80:
		return b.Width80
	case Width160:
		return b.Width160
	case Width320:
		return b.Width320
	case Width5:
		return b.Width5
	case Width10:
		return b.Width10
	default:
		return true
	}
}

func (b *BandCapability) frequency(mhz int) (Frequency, bool) {
	i := slices.IndexFunc(b.Frequencies, func(f Frequency) bool { return f.MHz == mhz && f.OffsetKHz == 0 })
	if i < 0 {
		return Frequency{}, false
	}
	return b.Frequencies[i], true
}

const disabled = "disabled by the regulatory domain"

// refusal returns why the kernel would not tune to c, whose control channel is
// in b, or "". It asks what cfg80211_chandef_usable of the kernel asks: that
// nobody may transmit there, or only after listening for radar, is no reason.
func (b *BandCapability) refusal(c Channel) string {
	control, _ := b.frequency(c.FreqMHz)
	switch {
	case control.Disabled:
		return disabled
	case !b.has(c.Width):
		return fmt.Sprintf("the radio has no %d MHz wide channels in %s", c.WidthMHz(), b.Band)
	case c.Width == Width40 && c.CenterMHz < c.FreqMHz && control.NoHT40Minus,
		c.Width == Width40 && c.CenterMHz > c.FreqMHz && control.NoHT40Plus:
		return b.partMissing(c, "no 40 MHz with the channel "+side(c)+" here")
	}
	for _, mhz := range c.parts() {
		if part, _ := b.frequency(mhz); part.forbids(c.Width) {
			return b.partMissing(c, fmt.Sprintf("no %d MHz here", c.WidthMHz()))
		}
	}
	return b.partMissing(c, "")
}

// partMissing returns which channel under c cannot be used and why, or
// otherwise if all can: the kernel derives its flags from that, and the cause
// says more than they do.
func (b *BandCapability) partMissing(c Channel, otherwise string) string {
	for _, mhz := range c.parts() {
		switch part, ok := b.frequency(mhz); {
		case !ok:
			return fmt.Sprintf("needs %d MHz too, which the radio does not have", mhz)
		case part.Disabled:
			return fmt.Sprintf("needs channel %s too, %s", part.Channel(), disabled)
		}
	}
	return otherwise
}

func side(c Channel) string {
	if c.CenterMHz < c.FreqMHz {
		return "below"
	}
	return "above"
}

// forbids reports whether f may not be part of a channel of that width.
func (f Frequency) forbids(w Width) bool {
	switch w {
	case Width20NoHT, Width20:
		return f.No20MHz
	case Width10:
		return f.No10MHz
	case Width80:
		return f.No80MHz
	case Width160:
		return f.No160MHz
	case Width320:
		return f.No320MHz
	default:
		return false
	}
}

// note returns what holds for those who transmit under c.
func (b *BandCapability) note(c Channel) string {
	var radar, noIR bool
	for _, mhz := range c.parts() {
		part, _ := b.frequency(mhz)
		radar, noIR = radar || part.Radar, noIR || part.NoIR
	}
	switch {
	case radar && noIR:
		return "radar, no transmission"
	case radar:
		return "radar"
	case noIR:
		return "no transmission"
	default:
		return ""
	}
}

// Tunable returns nil if the kernel, by the flags in bands, would tune the
// radio to c, and else why not: a *fault.Error with the code
// fault.RadioChannel. It knows all widths, whatever a source's options list.
func Tunable(bands []BandCapability, c Channel) error {
	object := "channel " + c.String()
	if !c.possible() {
		return fault.New(fault.RadioChannel, object, errors.New("there is no such channel"))
	}
	why := fmt.Sprintf("the radio has no channel at %d MHz", c.FreqMHz)
	for i := range bands {
		if _, ok := bands[i].frequency(c.FreqMHz); !ok {
			continue
		}
		if why = bands[i].refusal(c); why == "" {
			return nil
		}
	}
	return fault.New(fault.RadioChannel, object, errors.New(why))
}
