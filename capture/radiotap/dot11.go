package radiotap

// Frame types, the values of Dot11.Type.
const (
	TypeManagement uint8 = 0
	TypeControl    uint8 = 1
	TypeData       uint8 = 2
	TypeExtension  uint8 = 3
)

// Roles is a set of the roles that an address can have in a frame.
type Roles uint8

// The roles.
const (
	RA    Roles = 1 << iota // receiver on the air
	TA                      // transmitter on the air
	SA                      // source
	DA                      // destination
	BSSID                   // the cell
)

// Dot11 is the header of an 802.11 frame. It is comparable.
type Dot11 struct {
	Type, Subtype uint8 // as in the frame control field: 0 to 3, 0 to 15
	ToDS, FromDS  bool  // false in control frames, which have other meanings for the bits
	Retry         bool
	Protected     bool // the body is encrypted
	Order         bool // in management and QoS data frames: an HT control field is there

	// The addresses by role. Only those in Has are set: a frame may have no
	// such address, or may end before it. In a control frame TA has its group
	// bit cleared: transmitters set it there to announce their bandwidth.
	Has                   Roles
	RA, TA, SA, DA, BSSID MAC

	// HeaderLen is where the body begins: with the fourth address, QoS and HT
	// control where the frame control field says they are there. The frame may
	// be shorter. Of a control frame it is the part with the addresses.
	HeaderLen int
}

// Bits of the second byte of the frame control field.
const (
	fcToDS      = 0x01
	fcFromDS    = 0x02
	fcRetry     = 0x08
	fcProtected = 0x40
	fcOrder     = 0x80
)

// Subtypes of control frames whose form is not simply RA and TA.
const (
	ctrlExtension = 6
	ctrlWrapper   = 7
	ctrlCTS       = 12
	ctrlACK       = 13
)

// A layout says at which offset the address of each role stands; 0 for none.
type layout struct{ ra, ta, sa, da, bssid uint8 }

var (
	layoutManagement = layout{ra: 4, ta: 10, sa: 10, da: 4, bssid: 16}
	layoutData       = [4]layout{ // by ToDS and FromDS
		0:                 {ra: 4, ta: 10, sa: 10, da: 4, bssid: 16},
		fcToDS:            {ra: 4, ta: 10, sa: 10, da: 16, bssid: 4},
		fcFromDS:          {ra: 4, ta: 10, sa: 16, da: 4, bssid: 10},
		fcToDS | fcFromDS: {ra: 4, ta: 10, sa: 24, da: 16},
	}
	layoutBeacon = layout{ta: 4, sa: 4} // of the extension type
)

// ParseDot11 reads the 802.11 header at the start of b. It reports false if
// there is no frame control field or none of version 0. A frame that ends
// inside its header is read as far as it goes: Dot11.Has says what was there.
func ParseDot11(b []byte) (Dot11, bool) {
	if len(b) < 2 || b[0]&3 != 0 {
		return Dot11{}, false
	}
	d := Dot11{
		Type: b[0] >> 2 & 3, Subtype: b[0] >> 4,
		Retry:     b[1]&fcRetry != 0,
		Protected: b[1]&fcProtected != 0,
		Order:     b[1]&fcOrder != 0,
	}
	switch d.Type {
	case TypeManagement:
		d.HeaderLen = 24
		if d.Order {
			d.HeaderLen += 4
		}
		d.read(b, &layoutManagement)
	case TypeData:
		d.data(b)
	case TypeControl:
		d.control(b)
	case TypeExtension:
		d.HeaderLen = 4
		if d.Subtype <= 1 { // the beacons of 60 GHz and below 1 GHz
			d.HeaderLen = 10
			d.read(b, &layoutBeacon)
		}
	}
	return d, true
}

func (d *Dot11) data(b []byte) {
	ds := b[1] & (fcToDS | fcFromDS)
	d.ToDS, d.FromDS = ds&fcToDS != 0, ds&fcFromDS != 0
	d.HeaderLen = 24
	if d.ToDS && d.FromDS {
		d.HeaderLen += 6
	}
	if d.Subtype&8 != 0 { // QoS
		d.HeaderLen += 2
		if d.Order {
			d.HeaderLen += 4
		}
	}
	d.read(b, &layoutData[ds])
}

func (d *Dot11) control(b []byte) {
	l := layout{ra: 4, ta: 10}
	d.HeaderLen = 16
	switch d.Subtype {
	case 0, 1: // reserved
		l = layout{}
		d.HeaderLen = 4
	case ctrlCTS, ctrlACK:
		l.ta = 0
		d.HeaderLen = 10
	case ctrlExtension:
		// 60 GHz frames, whose own subtype stands where ToDS and so on are
		// elsewhere. All have RA and TA but DMG DTS, with two other addresses.
		if b[1]&15 == 6 {
			l.ta = 0
		}
	case ctrlWrapper:
		// RA, then the frame control field of the frame that is carried, an HT
		// control field, and what the carried frame has behind its RA.
		l.ta = 0
		if len(b) >= 12 && wrapsTA(b[10]) {
			l.ta = 16
			d.HeaderLen = 22
		}
	}
	d.read(b, &l)
	d.TA[0] &^= 1
}

// wrapsTA reports whether the frame that a wrapper carries has a TA, by the
// first byte of its frame control field.
func wrapsTA(fc byte) bool {
	switch fc >> 4 {
	case 0, 1, ctrlExtension, ctrlWrapper, ctrlCTS, ctrlACK:
		return false
	}
	return fc&0x0f == TypeControl<<2
}

// read takes the addresses that are there.
func (d *Dot11) read(b []byte, l *layout) {
	d.Has = take(&d.RA, b, l.ra, RA) | take(&d.TA, b, l.ta, TA) |
		take(&d.SA, b, l.sa, SA) | take(&d.DA, b, l.da, DA) | take(&d.BSSID, b, l.bssid, BSSID)
}

// take copies the address at an offset, if it is there, and returns its role.
func take(m *MAC, b []byte, at uint8, role Roles) Roles {
	if at == 0 || len(b) < int(at)+6 {
		return 0
	}
	*m = MAC(b[at:])
	return role
}
