package nl80211

import (
	"fmt"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// EventKind says what happened.
type EventKind uint8

// The events. Tuning a monitor is none: only asking tells where it is.
const (
	_                 EventKind = iota
	Lost                        // an unknown number of events: look at everything again
	PhyAdded                    // or renamed
	PhyRemoved                  // its interfaces went before it
	InterfaceAdded              //
	InterfaceRemoved            //
	RegulatoryChanged           // other channels may be allowed now
	ChannelSwitched             // an access point or client moved its channel
)

// String returns the kind in words: "phy added".
func (k EventKind) String() string {
	words := [...]string{
		Lost: "events lost", PhyAdded: "phy added", PhyRemoved: "phy removed",
		InterfaceAdded: "interface added", InterfaceRemoved: "interface removed",
		RegulatoryChanged: "regulatory domain changed", ChannelSwitched: "channel switched",
	}
	if int(k) < len(words) && words[k] != "" {
		return words[k]
	}
	return fmt.Sprintf("event %d", uint8(k))
}

// An Event is something that happened to the machine's radios.
type Event struct {
	Kind     EventKind
	PhyIndex int    // -1 if it is about no one phy
	IfIndex  int    // 0 if it is about no interface
	Name     string // of the interface or the phy, "" if the kernel does not say
}

// lost is the event that stands for others.
func lost() Event { return Event{Kind: Lost, PhyIndex: -1} }

// decodeEvent decodes an announcement. One that makes no sense is [Lost]; ok is
// false for one that is of no interest.
func decodeEvent(m genetlink.Message) (e Event, ok bool) {
	e = Event{PhyIndex: -1}
	name := uint16(unix.NL80211_ATTR_IFNAME)
	switch m.Header.Command {
	case unix.NL80211_CMD_NEW_WIPHY:
		e.Kind, name = PhyAdded, unix.NL80211_ATTR_WIPHY_NAME
	case unix.NL80211_CMD_DEL_WIPHY:
		e.Kind, name = PhyRemoved, unix.NL80211_ATTR_WIPHY_NAME
	case unix.NL80211_CMD_NEW_INTERFACE:
		e.Kind = InterfaceAdded
	case unix.NL80211_CMD_DEL_INTERFACE:
		e.Kind = InterfaceRemoved
	case unix.NL80211_CMD_REG_CHANGE, unix.NL80211_CMD_WIPHY_REG_CHANGE:
		e.Kind = RegulatoryChanged
	case unix.NL80211_CMD_CH_SWITCH_NOTIFY:
		e.Kind = ChannelSwitched
	default:
		return Event{}, false
	}
	err := attributes(m.Data, func(ad *netlink.AttributeDecoder) error {
		switch ad.Type() {
		case unix.NL80211_ATTR_WIPHY:
			return set(&e.PhyIndex, ad)
		case unix.NL80211_ATTR_IFINDEX:
			return set(&e.IfIndex, ad)
		case name:
			e.Name = ad.String()
		}
		return nil
	})
	if err != nil {
		return lost(), true
	}
	return e, true
}
