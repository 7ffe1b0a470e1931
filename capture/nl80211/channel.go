package nl80211

import (
	"fmt"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// halfOf40 is how far the middle of 40 MHz is from its control channel.
const halfOf40 = 10

// An attribute is one number of a request.
type attribute struct {
	id    uint16
	value uint32
}

// channelAttributes says how nl80211 names a channel. What is 40 MHz wide or
// less has a type as well, in which case the kernel ignores the width: both, as
// iw sends them, for drivers that look themselves. A wider one must not have a
// type, or it would not be wide.
func channelAttributes(c capture.Channel) ([]attribute, error) {
	if c.FreqMHz <= 0 || c.FreqMHz > maxMHz || c.CenterMHz < 0 || c.CenterMHz > maxMHz {
		return nil, fmt.Errorf("there is no channel at %d MHz", c.FreqMHz)
	}
	list := []attribute{{unix.NL80211_ATTR_WIPHY_FREQ, uint32(c.FreqMHz)}}
	add := func(id uint16, value int) { list = append(list, attribute{id, uint32(value)}) }
	switch c.Width {
	case capture.Width20NoHT:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_20_NOHT)
		add(unix.NL80211_ATTR_WIPHY_CHANNEL_TYPE, unix.NL80211_CHAN_NO_HT)
		return list, nil
	case capture.Width20:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_20)
		add(unix.NL80211_ATTR_WIPHY_CHANNEL_TYPE, unix.NL80211_CHAN_HT20)
		return list, nil
	case capture.Width5:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_5)
		return list, nil
	case capture.Width10:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_10)
		return list, nil
	case capture.Width40:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_40)
		switch c.CenterMHz - c.FreqMHz {
		case halfOf40:
			add(unix.NL80211_ATTR_WIPHY_CHANNEL_TYPE, unix.NL80211_CHAN_HT40PLUS)
		case -halfOf40:
			add(unix.NL80211_ATTR_WIPHY_CHANNEL_TYPE, unix.NL80211_CHAN_HT40MINUS)
		default:
			return nil, fmt.Errorf("40 MHz around %d MHz do not begin or end at the channel of %d MHz", c.CenterMHz, c.FreqMHz)
		}
	case capture.Width80:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_80)
	case capture.Width160:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_160)
	case capture.Width320:
		add(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_320)
	default:
		return nil, fmt.Errorf("there is no channel width %d", c.Width)
	}
	add(unix.NL80211_ATTR_CENTER_FREQ1, c.CenterMHz)
	return list, nil
}

// A chandef is a channel as the kernel reports it. Kernels before 3.9 send the
// type only, newer ones both, or the width only.
type chandef struct {
	freq, center     int
	width, kind      uint32
	hasWidth, hasHT  bool
	offset           int // kHz beyond freq: S1G, which capture.Channel cannot say
	frequencyPresent bool
}

// add takes an attribute of a message, if it is one of a channel's.
func (d *chandef) add(ad *netlink.AttributeDecoder) error {
	switch ad.Type() {
	case unix.NL80211_ATTR_WIPHY_FREQ:
		d.frequencyPresent = true
		return set(&d.freq, ad)
	case unix.NL80211_ATTR_WIPHY_FREQ_OFFSET:
		return set(&d.offset, ad)
	case unix.NL80211_ATTR_CENTER_FREQ1:
		return set(&d.center, ad)
	case unix.NL80211_ATTR_CHANNEL_WIDTH:
		d.width, d.hasWidth = ad.Uint32(), true
	case unix.NL80211_ATTR_WIPHY_CHANNEL_TYPE:
		d.kind, d.hasHT = ad.Uint32(), true
	}
	return nil
}

// channel returns what the attributes say; zero if it is no channel of ours.
func (d *chandef) channel() capture.Channel {
	if !d.frequencyPresent || d.freq == 0 || d.freq > maxMHz || d.offset != 0 {
		return capture.Channel{}
	}
	c := capture.Channel{FreqMHz: d.freq}
	if !d.hasWidth {
		return d.byType(c)
	}
	switch d.width {
	case unix.NL80211_CHAN_WIDTH_20_NOHT:
		c.Width = capture.Width20NoHT
		return c
	case unix.NL80211_CHAN_WIDTH_20:
		c.Width = capture.Width20
		return c
	case unix.NL80211_CHAN_WIDTH_5:
		c.Width = capture.Width5
		return c
	case unix.NL80211_CHAN_WIDTH_10:
		c.Width = capture.Width10
		return c
	case unix.NL80211_CHAN_WIDTH_40:
		c.Width = capture.Width40
	case unix.NL80211_CHAN_WIDTH_80, unix.NL80211_CHAN_WIDTH_80P80:
		c.Width = capture.Width80
	case unix.NL80211_CHAN_WIDTH_160:
		c.Width = capture.Width160
	case unix.NL80211_CHAN_WIDTH_320:
		c.Width = capture.Width320
	default:
		return capture.Channel{}
	}
	if d.center == 0 || d.center > maxMHz {
		return capture.Channel{}
	}
	c.CenterMHz = d.center
	return c
}

// byType completes c from the type of channel, of which there are four.
func (d *chandef) byType(c capture.Channel) capture.Channel {
	if !d.hasHT {
		return c
	}
	switch d.kind {
	case unix.NL80211_CHAN_NO_HT:
	case unix.NL80211_CHAN_HT20:
		c.Width = capture.Width20
	case unix.NL80211_CHAN_HT40MINUS:
		c.Width, c.CenterMHz = capture.Width40, c.FreqMHz-halfOf40
	case unix.NL80211_CHAN_HT40PLUS:
		c.Width, c.CenterMHz = capture.Width40, c.FreqMHz+halfOf40
	default:
		return capture.Channel{}
	}
	return c
}
