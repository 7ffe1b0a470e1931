package capture

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Band returns the band that c's control channel lies in. It is 255, which is
// no band, for a frequency that no Wi-Fi has.
func (c Channel) Band() Band { return bandOf(c.FreqMHz) }

// Number returns the number of c's control channel in its band, or 0 if it has
// none. Numbers repeat: 1 is a channel of 2.4 GHz and one of 6 GHz.
func (c Channel) Number() int { return numberOf(c.FreqMHz) }

// WidthMHz returns how wide c is, in MHz.
func (c Channel) WidthMHz() int { return c.Width.mhz() }

// Channel returns the plain 20 MHz channel at f.
func (f Frequency) Channel() Channel { return Channel{FreqMHz: f.MHz} }

// String returns the band as people write it: "2.4 GHz".
func (b Band) String() string {
	switch b {
	case Band24GHz:
		return "2.4 GHz"
	case Band5GHz:
		return "5 GHz"
	case Band60GHz:
		return "60 GHz"
	case Band6GHz:
		return "6 GHz"
	case BandS1G:
		return "sub-1 GHz"
	default:
		return "no band"
	}
}

// String returns c's name as Kismet's capture tool, server and web page know
// it. ParseChannel reads every name back to c, unless c is something that no
// radio could be tuned to.
//
//	6 6HT20 6HT40+ 36VHT80 36VHT160 6W5 6W10   in 2.4, 4.9 and 5 GHz
//	1W6e 5955HT20 5955HT40+ 5955W10            in 6 GHz
//	5955VHT80-5985 5955VHT160-6025             in 6 GHz: control, middle
//	5955EHT320-6105                            likewise; Kismet's own tool tunes it 20 MHz wide
//
// 6 GHz goes by frequency because Kismet's tool takes the number in front of
// anything but W6e for one of 2.4 or 5 GHz. By frequency go also the channels
// whose number means another (5910 MHz is 182, which is 4910 MHz too), and the
// widths that are not regular in 802.11: 5200HT40+, 5200VHT80-5230. The zero
// Channel is "".
func (c Channel) String() string {
	if c.IsZero() {
		return ""
	}
	name := c.controlName()
	switch c.Width {
	case Width20NoHT:
		return name
	case Width20:
		return name + "HT20"
	case Width40:
		if c.CenterMHz < c.FreqMHz {
			return name + "HT40-"
		}
		return name + "HT40+"
	case Width5, Width10:
		return name + "W" + strconv.Itoa(c.WidthMHz())
	case Width320:
		name += "EHT320"
	default:
		name += "VHT" + strconv.Itoa(c.WidthMHz())
	}
	if c.Band() == Band5GHz && c.regular() {
		return name
	}
	return name + "-" + strconv.Itoa(c.CenterMHz)
}

// controlName returns how the name of c begins: a number if it can, else a
// frequency.
func (c Channel) controlName() string {
	frequency := strconv.Itoa(c.FreqMHz)
	wide := c.Width.mhz() > 20
	if c.Band() == Band6GHz {
		if n, err := parse6GHz(c.Number()); err == nil && n == c.FreqMHz && c.Width == Width20NoHT {
			return strconv.Itoa(c.Number()) + "W6e"
		}
		return frequency
	}
	if f, err := parseControl(c.Number()); err != nil || f != c.FreqMHz || wide && !c.regular() {
		return frequency
	}
	return strconv.Itoa(c.Number())
}

// ParseChannel reads a channel as Kismet's users write it: a number or a
// frequency in MHz, and then nothing or one of
//
//	HT20 HT40+ HT40- W5 W10   (VHT20 is HT20)
//	VHT80 VHT160 EHT320       the channel that 802.11 makes there
//	VHT80-42 VHT80-5210       the one around this number or frequency
//	W6e -W6e                  a channel of 6 GHz, by number or frequency
//
// in upper or lower case. Numbers up to 14 are of 2.4 GHz, up to 196 of 5 and
// 4.9 GHz. By number a 40 MHz channel has to be one of 802.11's, by frequency
// it may be any. Whether a radio can be tuned there is for Tunable to say.
//
// Kismet's tool overlooks what it does not know in a name and tunes to
// something else; here that is an error, which names the channel.
func ParseChannel(s string) (Channel, error) {
	c, err := parseChannel(strings.ToLower(strings.TrimSpace(s)))
	if err != nil {
		return Channel{}, fmt.Errorf("channel %q: %w", shorten(s), err)
	}
	return c, nil
}

func parseChannel(s string) (Channel, error) {
	digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
	if digits == 0 {
		return Channel{}, errors.New("does not begin with a channel number or a frequency in MHz")
	}
	n, err := strconv.Atoi(s[:digits])
	if err != nil {
		return Channel{}, errors.New("number is too large")
	}
	suffix := s[digits:]
	if suffix == "w6e" || suffix == "-w6e" {
		mhz, err := parse6GHz(n)
		return Channel{FreqMHz: mhz}, err
	}
	width, tail, err := parseWidth(suffix)
	if err != nil {
		return Channel{}, err
	}
	mhz, err := parseControl(n)
	if err != nil {
		return Channel{}, err
	}
	c := Channel{FreqMHz: mhz, Width: width}
	switch {
	case c.WidthMHz() <= 20:
		return c, nil
	case width == Width40:
		return parsePair(c, tail == "+", n == mhz)
	case tail != "":
		return parseCenter(c, tail[1:])
	default:
		return findCenter(c)
	}
}

// parseWidth reads what follows a number. The tail is the sign of a 40 MHz
// channel, or the middle of a wider one with its dash.
func parseWidth(suffix string) (w Width, tail string, err error) {
	switch suffix {
	case "":
		return Width20NoHT, "", nil
	case "ht20", "vht20":
		return Width20, "", nil
	case "w5":
		return Width5, "", nil
	case "w10":
		return Width10, "", nil
	case "ht40+", "ht40-":
		return Width40, suffix[len("ht40"):], nil
	case "ht40", "vht40", "vht40+", "vht40-":
		return 0, "", errors.New("40 MHz are written HT40+ or HT40-, for the channel above or below as the other half")
	}
	name, _, _ := strings.Cut(suffix, "-")
	tail = suffix[len(name):]
	switch name {
	case "vht80":
		return Width80, tail, nil
	case "vht160":
		return Width160, tail, nil
	case "eht320":
		return Width320, tail, nil
	}
	return 0, "", fmt.Errorf("%q is no width: there are HT20, HT40+, HT40-, VHT80, VHT160, EHT320, W5 and W10, and W6e for 6 GHz",
		strings.ToUpper(shorten(suffix)))
}

// parseControl returns the frequency in MHz that a number in front of any
// width means: of 2.4, 5 or 4.9 GHz, or a frequency itself.
func parseControl(n int) (int, error) {
	switch {
	case n == 14:
		return 2484, nil
	case n >= 1 && n <= 13:
		return 2407 + 5*n, nil
	case n >= 15 && n <= 181:
		return 5000 + 5*n, nil
	case n >= 182 && n <= 196:
		return 4000 + 5*n, nil
	case n >= 197 && n <= 233:
		return 0, errors.New("numbers from 197 on are of 6 GHz, written as in 197W6e, other widths by frequency as in 6935HT40+")
	case captured(bandOf(n)):
		return n, nil
	default:
		return 0, errors.New("no channel has this number, and no band this frequency in MHz")
	}
}

// parse6GHz returns the frequency in MHz of a 6 GHz channel given by number or
// by frequency.
func parse6GHz(n int) (int, error) {
	mhz := n
	switch {
	case n == 2:
		mhz = channel2Of6G
	case n <= 233:
		mhz = 5950 + 5*n
	}
	if mhz == channel2Of6G || mhz >= firstOf6GHz && mhz <= lastOf6GHz && (mhz-firstOf6GHz)%20 == 0 {
		return mhz, nil
	}
	return 0, errors.New("no such channel in 6 GHz: they are 2, and 1 to 233 in steps of four")
}

// parsePair completes a 40 MHz channel.
func parsePair(c Channel, up, byFrequency bool) (Channel, error) {
	c.CenterMHz = c.FreqMHz - 10
	if up {
		c.CenterMHz = c.FreqMHz + 10
	}
	if !c.possible() || !byFrequency && !c.regular() {
		if other := centers(c.FreqMHz, Width40); len(other) == 1 {
			return Channel{}, fmt.Errorf("the other half is on the other side, as in %s", Channel{c.FreqMHz, Width40, other[0]})
		}
		return Channel{}, errors.New("no 40 MHz channel is there")
	}
	return c, nil
}

// parseCenter completes a channel whose middle is given: by number, in the
// band of its control channel, or by frequency.
func parseCenter(c Channel, text string) (Channel, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return Channel{}, fmt.Errorf("middle %q is no channel number and no frequency in MHz", shorten(text))
	}
	c.CenterMHz = int(n)
	if n <= 233 {
		zero := map[Band]int{Band24GHz: 2407, Band5GHz: 5000, Band6GHz: 5950}
		c.CenterMHz = zero[c.Band()] + 5*int(n)
	}
	if !c.possible() {
		return Channel{}, fmt.Errorf("%d MHz around %d MHz do not make a channel with %d MHz in it", c.WidthMHz(), c.CenterMHz, c.FreqMHz)
	}
	return c, nil
}

// findCenter completes a channel whose middle is for 802.11 to say.
func findCenter(c Channel) (Channel, error) {
	switch found := centers(c.FreqMHz, c.Width); len(found) {
	case 0:
		return Channel{}, fmt.Errorf("no %d MHz channel is there", c.WidthMHz())
	case 1:
		c.CenterMHz = found[0]
		return c, nil
	default:
		first, second := c, c
		first.CenterMHz, second.CenterMHz = found[0], found[1]
		return Channel{}, fmt.Errorf("two channels are meant: write %s or %s", first, second)
	}
}
