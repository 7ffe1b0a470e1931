package radiotap

// Frame types, the values of Dot11.Type.
const (
	TypeManagement uint8 = 0
	TypeControl    uint8 = 1
	TypeData       uint8 = 2
	TypeExtension  uint8 = 3
)

// Roles is a set of address roles.
type Roles uint8

// The roles that an address can have in a frame.
const (
	RA    Roles = 1 << iota // receiver on the air
	TA                      // transmitter on the air
	SA                      // source
	DA                      // destination
	BSSID                   //
)

// Dot11 is the header of an 802.11 frame.
type Dot11 struct {
	Type, Subtype         uint8
	ToDS, FromDS          bool
	Retry                 bool
	Protected             bool
	Order                 bool
	Has                   Roles // which of the addresses below are there
	RA, TA, SA, DA, BSSID MAC
	HeaderLen             int // bytes the header should have; the frame may be shorter
}

// ParseDot11 reads the 802.11 header at the start of b.
func ParseDot11(b []byte) (Dot11, bool) { panic("soon") }
