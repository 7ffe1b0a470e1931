package nl80211

import (
	"net"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// decodeInterface decodes one NEW_INTERFACE.
func decodeInterface(m genetlink.Message) (Interface, error) {
	i := Interface{PhyIndex: -1}
	var def chandef
	err := attributes(m.Data, func(ad *netlink.AttributeDecoder) error {
		switch ad.Type() {
		case unix.NL80211_ATTR_IFINDEX:
			return set(&i.Index, ad)
		case unix.NL80211_ATTR_WIPHY:
			return set(&i.PhyIndex, ad)
		case unix.NL80211_ATTR_IFNAME:
			i.Name = ad.String()
		case unix.NL80211_ATTR_IFTYPE:
			i.Type = InterfaceType(ad.Uint32())
		case unix.NL80211_ATTR_MAC:
			if mac := ad.Bytes(); len(mac) == 6 {
				i.MAC = net.HardwareAddr(mac)
			}
		default:
			return def.add(ad)
		}
		return nil
	})
	if err != nil {
		return Interface{}, err
	}
	if i.PhyIndex < 0 {
		return Interface{}, errNoPhy
	}
	i.Channel = def.channel()
	return i, nil
}
