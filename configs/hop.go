package configs

// Hop says how a radio changes channels, and whose word counts.
type Hop struct {
	Mode     HopMode  // default HopServer
	Rate     float64  // hops per second; 0 stays on one channel; default DefaultHopRate
	Channels []string // as Kismet spells them; nil is what the definition and the radio say
	Shuffle  bool     // visit the channels in an order that keeps neighbours apart; default true
}

// HopMode says who decides which channel a radio listens on.
type HopMode string

// Hop modes.
const (
	HopServer   HopMode = "server"   // the Kismet server commands; the drop-in's default
	HopLocal    HopMode = "local"    // the radio hops by itself
	HopSplit    HopMode = "split"    // the rig's split radios share one list
	HopAdaptive HopMode = "adaptive" // as local, with more time where new transmitters appear
	HopOff      HopMode = "off"      // stays on the channel of the definition's channel=
)

// DefaultHopRate is how many channels a second a radio visits, as with Kismet.
const DefaultHopRate = 5.0

// Bounds of Source.RingBytes, and what it is when nobody says.
const (
	MinRingBytes     = 128 << 10
	MaxRingBytes     = 1 << 30
	DefaultRingBytes = 2 << 20
)
