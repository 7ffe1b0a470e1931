package dot11

import "encoding/binary"

// Identifiers of elements: IEEE 802.11-2020, table 9-92.
const (
	idSSID      = 0
	idDS        = 3
	idRSN       = 48
	idHT        = 61 // HT Operation
	idWAPI      = 68
	idMultiple  = 71 // Multiple BSSID
	idCapable   = 83 // Nontransmitted BSSID Capability
	idIndex     = 85 // Multiple BSSID-Index
	idRoaming   = 111
	idVendor    = 221
	idExtension = 255

	extHE = 36 // HE Operation
)

// elements is one walk over the elements of a frame. Of those that must not
// occur twice the first one counts: what a damaged end looks like says nothing.
type elements struct {
	n     Network // a value: a pointer here would put it on the heap
	frame []byte

	ssid              bool // was there
	ds, ht, six       int  // primary channels by DS, HT and 6 GHz operation
	oweTransition     bool
	rsn, wpa, wapi    bool
	rsnOver, rsnOver2 bool

	// Of a profile within a Multiple BSSID element.
	capable []byte // capability information
	index   int    // of its BSSID; 0 is none
}

// read takes all elements. It reports false if the frame is none of a network.
func (e *elements) read() bool {
	b := e.frame
	for len(b) >= 2 {
		id, size := b[0], int(b[1])
		if len(b) < 2+size {
			break
		}
		if !e.take(id, b[2:2+size]) {
			return false
		}
		b = b[2+size:]
	}
	e.n.Cut = len(b) > trailerLen || len(b) > 0 && len(b) < trailerLen
	return true
}

func (e *elements) take(id byte, body []byte) bool {
	s := &e.n.Security
	switch id {
	case idSSID:
		return e.takeSSID(body)
	case idDS:
		if e.ds == 0 && len(body) > 0 {
			e.ds = int(body[0])
		}
	case idHT:
		if e.ht == 0 && len(body) > 0 {
			e.ht = int(body[0])
		}
	case idRSN:
		once(&e.rsn, &s.RSN, body, ouiRSN)
	case idWAPI:
		if !e.wapi {
			e.wapi = true
			s.WAPI = readWAPI(body)
		}
	case idRoaming:
		if e.n.rcois == nil {
			e.n.rcois = body
		}
	case idMultiple:
		e.n.multiple = true
	case idCapable:
		if e.capable == nil && len(body) >= 2 {
			e.capable = body
		}
	case idIndex:
		if e.index == 0 && len(body) > 0 {
			e.index = int(body[0])
		}
	case idVendor:
		e.vendor(body)
	case idExtension:
		if e.six == 0 && len(body) > 0 && body[0] == extHE {
			e.six = primary6GHz(body[1:])
		}
	}
	return true
}

func (e *elements) takeSSID(body []byte) bool {
	if e.ssid {
		return true
	}
	e.ssid = true
	if len(body) > maxSSID {
		return false
	}
	for _, c := range body {
		if c != 0 { // a hidden name is none, or as many zeros as it is long
			e.n.SSID = body
			break
		}
	}
	return true
}

// Types of vendor elements by their first four bytes. Sources: WPA 3.1 and WPS
// 2.0, Wi-Fi Alliance; OWE 1.1, 2.3.1; WPA3 3.4, 9 (RSN overriding).
const (
	vendorWPA           = 0x0050F201
	vendorWPS           = 0x0050F204
	vendorOWETransition = 0x506F9A1C
	vendorRSNOverride   = 0x506F9A29
	vendorRSNOverride2  = 0x506F9A2A
)

func (e *elements) vendor(body []byte) {
	if len(body) < 4 {
		return
	}
	s := &e.n.Security
	switch binary.BigEndian.Uint32(body) {
	case vendorWPA:
		once(&e.wpa, &s.WPA, body[4:], ouiWPA)
	case vendorWPS:
		e.n.WPS = true
	case vendorOWETransition:
		e.oweTransition = true
	case vendorRSNOverride:
		once(&e.rsnOver, &s.RSN, body[4:], ouiRSN)
	case vendorRSNOverride2:
		once(&e.rsnOver2, &s.RSN, body[4:], ouiRSN)
	}
}

// once adds what an element offers, the first time that it is there.
func once(seen *bool, s *Suites, body []byte, oui uint32) {
	if *seen {
		return
	}
	*seen = true
	s.read(body, oui)
}

// channel returns the primary channel, and its middle in MHz; 0 if unknown.
func (e *elements) channel() (number, mhz int) {
	switch {
	case e.six != 0:
		number = e.six
	case e.ds != 0:
		number = e.ds
	default:
		number = e.ht
	}
	if mhz = frequency(number, e.six != 0); mhz == 0 {
		return 0, 0
	}
	return number, mhz
}

// isOpenHalf reports whether this is the open one of two networks, of which the
// other is encrypted by OWE.
func (e *elements) isOpenHalf(s *Security) bool {
	return e.oweTransition && !s.Privacy && !s.RSN.Offered()
}

// primary6GHz returns the primary channel of an HE Operation element, without
// its extension identifier, 0 if it has none: IEEE 802.11ax-2021, 9.4.2.249.
func primary6GHz(b []byte) int {
	const (
		fixed   = 6 // parameters, BSS colour, basic rates
		vht     = 1 << 14
		cohosts = 1 << 15
		sixGHz  = 1 << 17
	)
	if len(b) < fixed {
		return 0
	}
	params := int(b[0]) | int(b[1])<<8 | int(b[2])<<16
	at := fixed
	if params&vht != 0 {
		at += 3
	}
	if params&cohosts != 0 {
		at++
	}
	if params&sixGHz == 0 || len(b) < at+5 {
		return 0
	}
	return int(b[at])
}
