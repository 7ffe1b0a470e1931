package dot11

import "encoding/binary"

// Nontransmitted calls yield for each network that has no beacon of its own and
// is announced in this one's, as access points with several networks do, in 6
// GHz always: IEEE 802.11-2020, 9.4.2.45 and 11.1.3.8. It ends when yield
// returns false. The networks are on the same channel, and protected the same
// way where they do not say otherwise.
func (n *Network) Nontransmitted(yield func(Network) bool) {
	for b := n.elements; len(b) >= 2 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		if body := b[2 : 2+int(b[1])]; b[0] == idMultiple && len(body) > 0 {
			if !n.profiles(body[0], body[1:], yield) {
				return
			}
		}
	}
}

// profiles yields the networks of one Multiple BSSID element whose BSSIDs
// differ in the last bits.
func (n *Network) profiles(bits byte, b []byte, yield func(Network) bool) bool {
	if bits < 1 || bits > 8 {
		return true
	}
	const profile = 0
	for ; len(b) >= 2 && len(b) >= 2+int(b[1]); b = b[2+int(b[1]):] {
		if b[0] != profile {
			continue
		}
		if m, ok := n.profile(bits, b[2:2+int(b[1])]); ok && !yield(m) {
			return false
		}
	}
	return true
}

// profile reads one of the networks. It reports false for the rest of one that
// began in another element, and for what is none.
func (n *Network) profile(bits byte, b []byte) (Network, bool) {
	e := elements{frame: b}
	if !e.read() || e.capable == nil || e.index == 0 || e.index >= 1<<bits {
		return Network{}, false
	}
	m := e.n
	info := binary.LittleEndian.Uint16(e.capable)
	s := &m.Security
	s.Privacy = info&capPrivacy != 0
	if s.Privacy && !e.rsn && !e.wpa && !e.wapi {
		s.RSN, s.WPA, s.WAPI = n.Security.RSN, n.Security.WPA, n.Security.WAPI
	}
	s.OWETransition = e.isOpenHalf(s)
	m.BSSID = n.BSSID
	low := byte(1<<bits - 1)
	m.BSSID[5] = n.BSSID[5]&^low | (n.BSSID[5]+byte(e.index))&low
	m.ESS, m.IBSS = info&capESS != 0, info&capIBSS != 0
	m.Channel, m.FreqMHz = n.Channel, n.FreqMHz
	m.ProbeResponse, m.Cut = n.ProbeResponse, n.Cut
	m.multiple = false // a profile holds no more of them
	return m, m.BSSID != n.BSSID
}
