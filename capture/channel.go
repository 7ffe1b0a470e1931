package capture

// A Band is a part of the spectrum, numbered as nl80211 does (enum nl80211_band).
type Band uint8

// The bands. sensord captures in the first, second and fourth of them.
const (
	Band24GHz Band = 0
	Band5GHz  Band = 1
	Band60GHz Band = 2
	Band6GHz  Band = 3
	BandS1G   Band = 4
)

// Width is how wide a radio listens around its control channel.
type Width uint8

// The widths. Width20NoHT is a plain channel without 802.11n.
const (
	Width20NoHT Width = iota
	Width20
	Width40
	Width80
	Width160
	Width320
	Width5
	Width10
)

// A Channel is what a radio can be tuned to. It is comparable; the zero value
// is no channel.
type Channel struct {
	FreqMHz   int   // of the control channel, its middle
	Width     Width //
	CenterMHz int   // middle of the whole width; 0 for 20 MHz and less
}

// IsZero reports whether c is no channel.
func (c Channel) IsZero() bool { return c == Channel{} }

// BandCapability is what a radio can do in one band, as its driver says.
type BandCapability struct {
	Band        Band
	HT40        bool // in 6 GHz Width80 implies it
	Width80     bool // VHT, in 6 GHz HE
	Width160    bool
	Width320    bool // EHT
	Width5      bool
	Width10     bool
	Frequencies []Frequency
}

// Frequency is one 20 MHz channel of a radio, with what the regulatory domain
// and the driver say of it. Source: enum nl80211_frequency_attr.
type Frequency struct {
	MHz         int
	OffsetKHz   int // beyond MHz, in S1G
	Disabled    bool
	NoIR        bool // no transmission unasked: listening is allowed
	Radar       bool
	NoHT40Minus bool
	NoHT40Plus  bool
	No80MHz     bool
	No160MHz    bool
	No20MHz     bool
	No10MHz     bool
	NoHE        bool
	No320MHz    bool
	NoEHT       bool
}
