package dot11

import "encoding/binary"

// Security is how a network protects itself.
type Security struct {
	Privacy       bool   // frames are encrypted; with nothing else that is WEP
	OWETransition bool   // it is open, and names an encrypted twin
	WPA, RSN      Suites // what WPA offers, and what WPA2 and WPA3 do
	WAPI          AKMs   // what China's WAPI offers: only WAPIPSK and WAPICert
}

// Suites is what one of a network's protections offers.
type Suites struct {
	AKM      AKMs    // ways to agree on a key
	Pairwise Ciphers // ciphers for what is sent to one station
	MFPC     bool    // management frames can be protected
	MFPR     bool    // and have to be
}

// Offered reports whether there is anything: the protection exists.
func (s *Suites) Offered() bool { return s.AKM != 0 || s.Pairwise != 0 }

// AKMs is a set of key agreements. Bit n is suite n of 00-0F-AC, IEEE
// 802.11-2020, table 9-151, and its amendments; the others are below.
type AKMs uint64

// The key agreements that are not in the standard's table.
const (
	DPP         AKMs        = 1 << (32 + iota) // Wi-Fi Easy Connect
	WAPIPSK                                    //
	WAPICert                                   //
	UnknownAKM                                 // of another vendor, or newer than this
	standardAKM = 1<<26 - 1                    // the suites that have a name
)

// Ciphers is a set of ciphers. Bit n is suite n of 00-0F-AC, IEEE 802.11-2020,
// table 9-149.
type Ciphers uint32

// The ciphers.
const (
	GroupOnly     Ciphers = 1 << 0 // the group's is used for all
	WEP40         Ciphers = 1 << 1
	TKIP          Ciphers = 1 << 2
	CCMP          Ciphers = 1 << 4
	WEP104        Ciphers = 1 << 5
	GCMP          Ciphers = 1 << 8
	GCMP256       Ciphers = 1 << 9
	CCMP256       Ciphers = 1 << 10
	UnknownCipher Ciphers = 1 << 31

	knownCiphers = GroupOnly | WEP40 | TKIP | CCMP | WEP104 | GCMP | GCMP256 | CCMP256
)

// Organisations of suites, their three bytes.
const (
	ouiRSN  = 0x000FAC
	ouiWPA  = 0x0050F2
	ouiWFA  = 0x506F9A
	ouiWAPI = 0x001472

	suiteEAP = 1
	suiteDPP = 2 // of ouiWFA
)

// read adds what an RSN or WPA element's body offers: IEEE 802.11-2020,
// 9.4.2.24, and WPA 3.1, which is the same up to the capabilities. What a sender
// leaves out at the end has defaults: 802.1X, and CCMP, or TKIP in WPA.
func (s *Suites) read(b []byte, oui uint32) {
	akm, pairwise := AKMs(1<<suiteEAP), CCMP
	if oui == ouiWPA {
		pairwise = TKIP
	}
	group := pairwise
	r := reader{b: b}
	if version, ok := r.u16(); !ok || version != 1 {
		// Of a later version nobody knows the form. It is there.
		s.AKM |= UnknownAKM
		s.Pairwise |= UnknownCipher
		return
	}
	if v, ok := r.u32(); ok {
		group = cipher(v, oui)
	}
	if list := r.list(); list != nil {
		pairwise = 0
		for ; len(list) >= 4; list = list[4:] {
			pairwise |= cipher(binary.BigEndian.Uint32(list), oui)
		}
	}
	if pairwise == GroupOnly {
		pairwise = group
	}
	if list := r.list(); list != nil {
		akm = 0
		for ; len(list) >= 4; list = list[4:] {
			akm |= keyAgreement(binary.BigEndian.Uint32(list), oui)
		}
	}
	if caps, ok := r.u16(); ok && oui == ouiRSN {
		s.MFPR = s.MFPR || caps&(1<<6) != 0
		s.MFPC = s.MFPC || caps&(1<<7) != 0
	}
	s.AKM |= akm
	s.Pairwise |= pairwise
}

func cipher(suite, oui uint32) Ciphers {
	if n := suite & 0xFF; suite>>8 == oui && n < 32 && knownCiphers>>n&1 != 0 {
		return 1 << n
	}
	return UnknownCipher
}

func keyAgreement(suite, oui uint32) AKMs {
	n := suite & 0xFF
	switch {
	case suite>>8 == oui && n < 32 && akmNames[n] != "":
		return 1 << n
	case suite == ouiWFA<<8|suiteDPP:
		return DPP
	}
	return UnknownAKM
}

// readWAPI returns the key agreements of a WAPI element: GB 15629.11-2003/XG1,
// as in Linux and hostapd: version, number, suites.
func readWAPI(b []byte) (akm AKMs) {
	r := reader{b: b}
	if _, ok := r.u16(); !ok {
		return UnknownAKM
	}
	for list := r.list(); len(list) >= 4; list = list[4:] {
		switch binary.BigEndian.Uint32(list) {
		case ouiWAPI<<8 | 1:
			akm |= WAPICert
		case ouiWAPI<<8 | 2:
			akm |= WAPIPSK
		}
	}
	if akm == 0 {
		return UnknownAKM
	}
	return akm
}

// A reader takes an element's fields as long as there are any.
type reader struct{ b []byte }

func (r *reader) u16() (v uint16, ok bool) {
	if len(r.b) < 2 {
		r.b = nil
		return 0, false
	}
	v, r.b = binary.LittleEndian.Uint16(r.b), r.b[2:]
	return v, true
}

func (r *reader) u32() (v uint32, ok bool) {
	if len(r.b) < 4 {
		r.b = nil
		return 0, false
	}
	v, r.b = binary.BigEndian.Uint32(r.b), r.b[4:]
	return v, true
}

// list returns the suites of a list with its number in front: as many as there
// are, when it claims more. It is nil where there is no list, or an empty one.
func (r *reader) list() []byte {
	n, ok := r.u16()
	if !ok || n == 0 {
		return nil
	}
	size := min(4*int(n), len(r.b)&^3)
	list := r.b[:size]
	r.b = r.b[size:]
	if size < 4*int(n) {
		r.b = nil // what follows is not where it should be
	}
	return list
}
