package nl80211

import (
	"cmp"
	"slices"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Attributes inside of NL80211_ATTR_INTERFACE_COMBINATIONS
// (enum nl80211_if_combination_attrs and nl80211_iface_limit_attrs).
const (
	combinationLimits   = unix.NL80211_IFACE_COMB_LIMITS
	combinationMax      = unix.NL80211_IFACE_COMB_MAXNUM
	combinationChannels = unix.NL80211_IFACE_COMB_NUM_CHANNELS
	limitMax            = unix.NL80211_IFACE_LIMIT_MAX
	limitTypes          = unix.NL80211_IFACE_LIMIT_TYPES
)

// A phyBuilder gathers what the messages of a dump say of one phy. The kernel
// splits it wherever it likes: a band's capabilities come in one message, its
// channels in others, one each.
type phyBuilder struct {
	phy    Phy
	bands  []*bandBuilder // in order of appearance
	narrow [2]bool        // takes 5 MHz, 10 MHz
}

// decodePhys merges the answer to a dump, and is errMixed if a phy came or went
// in its middle.
func decodePhys(messages []genetlink.Message) ([]Phy, error) {
	var builders []*phyBuilder
	generation := -1
	for _, m := range messages {
		index, g, err := phyOf(m.Data)
		if err != nil {
			return nil, err
		}
		if generation >= 0 && g >= 0 && g != generation {
			return nil, errMixed
		}
		generation = max(generation, g)
		i := slices.IndexFunc(builders, func(b *phyBuilder) bool { return b.phy.Index == index })
		if i < 0 {
			i = len(builders)
			builders = append(builders, &phyBuilder{phy: Phy{Index: index}})
		}
		if err := attributes(m.Data, builders[i].add); err != nil {
			return nil, err
		}
	}
	phys := make([]Phy, 0, len(builders))
	for _, b := range builders {
		phys = append(phys, b.build())
	}
	slices.SortFunc(phys, func(a, b Phy) int { return cmp.Compare(a.Index, b.Index) })
	return phys, nil
}

// phyOf returns which phy a message is about, and the number of the list of
// phys that it is from, -1 for none.
func phyOf(data []byte) (index, generation int, err error) {
	index, generation = -1, -1
	err = attributes(data, func(ad *netlink.AttributeDecoder) error {
		switch ad.Type() {
		case unix.NL80211_ATTR_WIPHY:
			return set(&index, ad)
		case unix.NL80211_ATTR_GENERATION:
			generation = int(ad.Uint32() & 0x7fffffff)
		}
		return nil
	})
	if err == nil && index < 0 {
		err = errNoPhy
	}
	return index, generation, err
}

// add takes one attribute of a message.
func (b *phyBuilder) add(ad *netlink.AttributeDecoder) (err error) {
	switch ad.Type() {
	case unix.NL80211_ATTR_WIPHY_NAME:
		b.phy.Name = ad.String()
	case unix.NL80211_ATTR_WIPHY_BANDS:
		return nested(ad, b.addBand)
	case unix.NL80211_ATTR_SUPPORTED_IFTYPES:
		b.phy.Types, err = types(ad)
	case unix.NL80211_ATTR_SOFTWARE_IFTYPES:
		b.phy.SoftwareTypes, err = types(ad)
	case unix.NL80211_ATTR_SUPPORTED_COMMANDS:
		return nested(ad, func(ad *netlink.AttributeDecoder) error {
			b.phy.Commands = append(b.phy.Commands, ad.Uint32())
			return nil
		})
	case unix.NL80211_ATTR_INTERFACE_COMBINATIONS:
		return nested(ad, func(ad *netlink.AttributeDecoder) error {
			c, err := combination(ad)
			b.phy.Combinations = append(b.phy.Combinations, c)
			return err
		})
	case unix.NL80211_ATTR_FEATURE_FLAGS:
		b.phy.ActiveMonitor = ad.Uint32()&unix.NL80211_FEATURE_ACTIVE_MONITOR != 0
	case unix.NL80211_ATTR_SUPPORT_5_MHZ:
		b.narrow[0] = true
	case unix.NL80211_ATTR_SUPPORT_10_MHZ:
		b.narrow[1] = true
	}
	return err
}

// build returns the phy, complete.
func (b *phyBuilder) build() Phy {
	for _, band := range b.bands {
		b.phy.Bands = append(b.phy.Bands, band.build(b.narrow))
	}
	slices.Sort(b.phy.Commands)
	return b.phy
}

// types decodes a set of interface types: flags, numbered by type.
func types(ad *netlink.AttributeDecoder) ([]InterfaceType, error) {
	var list []InterfaceType
	err := nested(ad, func(ad *netlink.AttributeDecoder) error {
		list = append(list, InterfaceType(ad.Type()))
		return nil
	})
	return list, err
}

// combination decodes one set of interfaces that may be up together.
func combination(ad *netlink.AttributeDecoder) (Combination, error) {
	var c Combination
	err := nested(ad, func(ad *netlink.AttributeDecoder) error {
		switch ad.Type() {
		case combinationMax:
			return set(&c.MaxInterfaces, ad)
		case combinationChannels:
			return set(&c.Channels, ad)
		case combinationLimits:
			return nested(ad, func(ad *netlink.AttributeDecoder) error {
				l, err := limit(ad)
				c.Limits = append(c.Limits, l)
				return err
			})
		}
		return nil
	})
	return c, err
}

// limit decodes how many interfaces of some types a combination allows.
func limit(ad *netlink.AttributeDecoder) (Limit, error) {
	var l Limit
	err := nested(ad, func(ad *netlink.AttributeDecoder) (err error) {
		switch ad.Type() {
		case limitMax:
			return set(&l.Max, ad)
		case limitTypes:
			l.Types, err = types(ad)
		}
		return err
	})
	return l, err
}
