package nl80211

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// Bits of what a radio can do, as IEEE 802.11 lays out its elements; the names
// are those of linux/ieee80211.h. They are little endian on every machine but
// for the two that nl80211 sends as numbers of the machine: HT_CAPA and VHT_CAPA.
const (
	htWidth40    = 1 << 1  // IEEE80211_HT_CAP_SUP_WIDTH_20_40
	htIntolerant = 1 << 14 // IEEE80211_HT_CAP_40MHZ_INTOLERANT

	vhtWidthShift = 2        // IEEE80211_VHT_CAP_SUPP_CHAN_WIDTH_MASK: 1 is 160 MHz, 2 is 80+80 too
	vhtExtNSSMask = 3 << 30  // IEEE80211_VHT_CAP_EXT_NSS_BW_MASK
	vhtExtNSS     = 1 << 13  // IEEE80211_VHT_EXT_NSS_BW_CAPABLE, in the last two bytes of the rates
	vhtRatesSize  = 8        // struct ieee80211_vht_mcs_info
	hePhyWidth80  = 1 << 2   // IEEE80211_HE_PHY_CAP0_CHANNEL_WIDTH_SET_40MHZ_80MHZ_IN_5G
	hePhyWidth160 = 1 << 3   // IEEE80211_HE_PHY_CAP0_CHANNEL_WIDTH_SET_160MHZ_IN_5G
	ehtPhy320     = 1 << 1   // IEEE80211_EHT_PHY_CAP0_320MHZ_IN_6GHZ
	maxMHz        = 1000_000 // beyond any channel
)

// A bandBuilder gathers what the messages of a dump say of one band.
type bandBuilder struct {
	band        capture.Band
	ht          uint16
	vht         uint32
	hasVHT      bool
	vhtExtNSS   bool
	he, eht     byte // the first byte of the PHY capabilities, of all interface types together
	frequencies []indexed
}

// indexed is a frequency and its place in the driver's list.
type indexed struct {
	index     uint16
	frequency capture.Frequency
}

// addBand takes what a message says of a band; the attribute's type is the
// band, and 0 is one.
func (b *phyBuilder) addBand(ad *netlink.AttributeDecoder) error {
	id := ad.Type()
	if id > math.MaxUint8 {
		return fmt.Errorf("there is no band %d", id)
	}
	i := slices.IndexFunc(b.bands, func(b *bandBuilder) bool { return b.band == capture.Band(id) })
	if i < 0 {
		i = len(b.bands)
		b.bands = append(b.bands, &bandBuilder{band: capture.Band(id)})
	}
	return nested(ad, b.bands[i].add)
}

// add takes one attribute of a band (enum nl80211_band_attr).
func (b *bandBuilder) add(ad *netlink.AttributeDecoder) error {
	switch ad.Type() {
	case unix.NL80211_BAND_ATTR_FREQS:
		return nested(ad, b.addFrequency)
	case unix.NL80211_BAND_ATTR_HT_CAPA:
		b.ht = ad.Uint16()
	case unix.NL80211_BAND_ATTR_VHT_CAPA:
		// Sent only by radios that have VHT, also if no bit of it is set.
		b.vht, b.hasVHT = ad.Uint32(), true
	case unix.NL80211_BAND_ATTR_VHT_MCS_SET:
		if rates := ad.Bytes(); len(rates) >= vhtRatesSize {
			b.vhtExtNSS = binary.LittleEndian.Uint16(rates[vhtRatesSize-2:])&vhtExtNSS != 0
		}
	case unix.NL80211_BAND_ATTR_IFTYPE_DATA:
		return nested(ad, func(ad *netlink.AttributeDecoder) error { return nested(ad, b.addTypeData) })
	}
	return nil
}

// addTypeData takes one attribute of what a radio can do as some types of
// interface (enum nl80211_band_iftype_attr). No driver names monitors, so
// whatever it can do as any type is what it can listen to.
func (b *bandBuilder) addTypeData(ad *netlink.AttributeDecoder) error {
	switch ad.Type() {
	case unix.NL80211_BAND_IFTYPE_ATTR_HE_CAP_PHY:
		b.he |= first(ad.Bytes())
	case unix.NL80211_BAND_IFTYPE_ATTR_EHT_CAP_PHY:
		b.eht |= first(ad.Bytes())
	}
	return nil
}

// first returns the first byte, 0 if there is none.
func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// addFrequency takes one frequency; the attribute's type is its place in the
// list, and 0 is one.
func (b *bandBuilder) addFrequency(ad *netlink.AttributeDecoder) error {
	f, err := frequency(ad)
	if err != nil {
		return err
	}
	place, found := slices.BinarySearchFunc(b.frequencies, ad.Type(), func(f indexed, want uint16) int {
		return int(f.index) - int(want)
	})
	if found {
		b.frequencies[place].frequency = f
		return nil
	}
	b.frequencies = slices.Insert(b.frequencies, place, indexed{ad.Type(), f})
	return nil
}

// frequency decodes one frequency (enum nl80211_frequency_attr). Its attributes
// always come together.
func frequency(ad *netlink.AttributeDecoder) (capture.Frequency, error) {
	var f capture.Frequency
	var canMonitor bool
	flags := map[uint16]*bool{
		unix.NL80211_FREQUENCY_ATTR_DISABLED:      &f.Disabled,
		unix.NL80211_FREQUENCY_ATTR_NO_IR:         &f.NoIR,
		unix.NL80211_FREQUENCY_ATTR_RADAR:         &f.Radar,
		unix.NL80211_FREQUENCY_ATTR_NO_HT40_MINUS: &f.NoHT40Minus,
		unix.NL80211_FREQUENCY_ATTR_NO_HT40_PLUS:  &f.NoHT40Plus,
		unix.NL80211_FREQUENCY_ATTR_NO_80MHZ:      &f.No80MHz,
		unix.NL80211_FREQUENCY_ATTR_NO_160MHZ:     &f.No160MHz,
		unix.NL80211_FREQUENCY_ATTR_NO_20MHZ:      &f.No20MHz,
		unix.NL80211_FREQUENCY_ATTR_NO_10MHZ:      &f.No10MHz,
		unix.NL80211_FREQUENCY_ATTR_NO_HE:         &f.NoHE,
		unix.NL80211_FREQUENCY_ATTR_NO_320MHZ:     &f.No320MHz,
		unix.NL80211_FREQUENCY_ATTR_NO_EHT:        &f.NoEHT,
		unix.NL80211_FREQUENCY_ATTR_CAN_MONITOR:   &canMonitor,
	}
	err := nested(ad, func(ad *netlink.AttributeDecoder) error {
		switch ad.Type() {
		case unix.NL80211_FREQUENCY_ATTR_FREQ:
			return set(&f.MHz, ad)
		case unix.NL80211_FREQUENCY_ATTR_OFFSET:
			return set(&f.OffsetKHz, ad)
		}
		if flag := flags[ad.Type()]; flag != nil {
			*flag = true
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	if f.MHz == 0 || f.MHz > maxMHz {
		return f, errNoFreq
	}
	if f.Disabled && canMonitor {
		// Closed to everything but monitors (since 6.9), which is what we are.
		f.Disabled, f.NoIR = false, true
	}
	return f, nil
}

// build returns the band as the kernel judges it when it is asked to tune a
// monitor (cfg80211_chandef_usable): below 6 GHz by HT and VHT alone, whatever
// HE could do. In 6 GHz, where the kernel leaves it to the driver, by HE and EHT.
func (b *bandBuilder) build(narrow [2]bool) capture.BandCapability {
	c := capture.BandCapability{Band: b.band, Frequencies: make([]capture.Frequency, len(b.frequencies))}
	for i, f := range b.frequencies {
		c.Frequencies[i] = f.frequency
	}
	switch b.band {
	case capture.Band6GHz:
		c.HT40 = b.he&(hePhyWidth80|hePhyWidth160) != 0
		c.Width80 = c.HT40
		c.Width160 = b.he&hePhyWidth160 != 0
		c.Width320 = b.eht&ehtPhy320 != 0
	case capture.Band24GHz, capture.Band5GHz:
		c.HT40 = b.ht&htWidth40 != 0 && b.ht&htIntolerant == 0
		width := b.vht >> vhtWidthShift & 3
		c.Width80 = b.hasVHT
		c.Width160 = b.hasVHT && (width == 1 || width == 2 || b.vhtExtNSS && b.vht&vhtExtNSSMask != 0)
		c.Width5, c.Width10 = narrow[0], narrow[1]
	}
	return c
}
