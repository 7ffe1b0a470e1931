package dot11

import (
	"encoding/binary"

	"github.com/sensord/sensord/capture/radiotap"
)

// Network is what one beacon or probe response says of the network it is of.
// Its slices are views of the frame.
type Network struct {
	BSSID         radiotap.MAC
	SSID          []byte // as it was sent: 1 to 32 bytes of anything, nil if the network hides it
	Channel       int    // number of its primary channel; 0 if it does not say
	FreqMHz       int    // middle of its primary channel; 0 if it does not say
	ProbeResponse bool   // and not a beacon
	ESS, IBSS     bool   // an access point's network, or one without
	WPS           bool   //
	Security      Security

	// Cut says that the frame ends within an element, or that its end was not
	// captured: a network without visible protection may have one.
	Cut bool

	rcois    []byte // body of the Roaming Consortium element
	multiple bool   // there is a Multiple BSSID element
	elements []byte // all of them, if so
}

// Subtypes of management frames.
const (
	subtypeProbeResponse = 5
	subtypeBeacon        = 8
)

// Bits of the capability information field: IEEE 802.11-2020, 9.4.1.4.
const (
	capESS     = 1 << 0
	capIBSS    = 1 << 1
	capPrivacy = 1 << 4
)

const (
	fixedLen   = 12 // timestamp, beacon interval, capability information
	maxSSID    = 32
	trailerLen = 4 // a checksum that was not announced
)

// Parse reads a beacon or a probe response that begins with its 802.11 header
// and ends before its checksum. It reports false for any other frame, and for
// one that no network can have sent: without the fixed fields, of a group
// address, with an SSID of more than 32 bytes.
func Parse(frame []byte) (n Network, ok bool) {
	head, ok := radiotap.ParseDot11(frame)
	if !ok || head.Type != radiotap.TypeManagement || head.Protected {
		return n, false
	}
	if head.Subtype != subtypeBeacon && head.Subtype != subtypeProbeResponse {
		return n, false
	}
	if head.Has&radiotap.BSSID == 0 || len(frame) < head.HeaderLen+fixedLen {
		return n, false
	}
	if head.BSSID[0]&1 != 0 || head.BSSID == (radiotap.MAC{}) {
		return n, false
	}
	body := frame[head.HeaderLen:]
	info := binary.LittleEndian.Uint16(body[10:])
	e := elements{frame: body[fixedLen:]}
	if !e.read() {
		return n, false
	}
	n = e.n
	n.BSSID = head.BSSID
	n.ProbeResponse = head.Subtype == subtypeProbeResponse
	n.ESS, n.IBSS = info&capESS != 0, info&capIBSS != 0
	n.Security.Privacy = info&capPrivacy != 0
	n.Security.OWETransition = e.isOpenHalf(&n.Security)
	n.Channel, n.FreqMHz = e.channel()
	if n.multiple {
		n.elements = e.frame
	}
	return n, true
}

// AppendRCOIs appends the roaming consortium identifiers that the network
// names, as WiGLE writes them: hexadecimal, with spaces between. IEEE
// 802.11-2020, 9.4.2.94; an element whose lengths cannot be says nothing.
func (n *Network) AppendRCOIs(dst []byte) []byte {
	if len(n.rcois) < 2 {
		return dst
	}
	first, second := int(n.rcois[1]&15), int(n.rcois[1]>>4)
	rest := n.rcois[2:]
	if first+second > len(rest) {
		return dst
	}
	start := len(dst)
	for _, oi := range [...][]byte{rest[:first], rest[first : first+second], rest[first+second:]} {
		if len(oi) == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		const digits = "0123456789ABCDEF"
		for _, c := range oi {
			dst = append(dst, digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// frequency returns the middle of a channel by its number, in MHz; 0 if there
// is no such channel. Numbers of 6 GHz mean other channels elsewhere.
func frequency(number int, sixGHz bool) int {
	switch {
	case number < 1 || number > 233:
		return 0
	case sixGHz && number == 2:
		return 5935
	case sixGHz:
		return 5950 + 5*number
	case number <= 13:
		return 2407 + 5*number
	case number == 14:
		return 2484
	case number >= 182 && number <= 196:
		return 4000 + 5*number
	case number >= 32 && number <= 177:
		return 5000 + 5*number
	}
	return 0
}
