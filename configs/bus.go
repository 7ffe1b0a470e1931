package configs

import "time"

// Bus says how rigs hear of each other: a NATS bus of the fleet.
type Bus struct {
	Mode       BusMode       // default BusOff
	URLs       []string      // of BusJoin and BusLeaf: nats://HOST[:PORT], tls://HOST[:PORT]; tried in order
	Fleet      string        // whose rigs hear each other; a token: letters, digits, - and _; default "fleet"
	Rig        string        // this rig's name on the bus: the rig's, as a token
	CredsFile  string        // NATS credentials, absolute; "" is none
	User       string        // login, together with Password, where the server has no credentials files
	Password   Secret        //
	CAFile     string        // PEM file of the authority to trust instead of the system's
	ServerName string        // name to expect in the certificate; default the URL's host
	CertFile   string        // PEM file of the certificate that we show, with KeyFile; "" is none
	KeyFile    string        //
	Listen     string        // of BusEmbedded and BusLeaf: host:port for local clients; "" is none
	StoreDir   string        // of BusEmbedded and BusLeaf: where what is published is kept; "" keeps it in memory
	StoreBytes int64         // default 64 MiB
	StoreAge   time.Duration // default 7 days
	Rate       float64       // positions per second, at most 10; default 1
	Every      time.Duration // between two reports of how the rig is; default 5 s
	Claims     ClaimMode     // default ClaimWarn
	Bridge     []Bridge      //
}

// BusMode says what bus there is.
type BusMode string

// Bus modes.
const (
	BusOff      BusMode = "off"
	BusEmbedded BusMode = "embedded" // a server inside this process
	BusLeaf     BusMode = "leaf"     // the same, joined to a hub, which is given what it missed
	BusJoin     BusMode = "nats"     // a client of another server
)

// ClaimMode says what happens when another rig has a source of the same UUID.
type ClaimMode string

// Claim modes. Neither ends a capture.
const (
	ClaimWarn   ClaimMode = "warn"   // it is said on both
	ClaimRefuse ClaimMode = "refuse" // and the one that came later keeps its frames until the other is gone
	ClaimOff    ClaimMode = "off"
)

// Heard is whose position on the bus is meant: a rig's own, a meta GPS of any
// rig, or a meta GPS of one rig.
type Heard struct {
	Rig     string // token; "" only with MetaGPS
	MetaGPS string // token; "" is the rig's own position
}

// A Bridge keeps a meta GPS of the first server fresh with positions from the
// bus, for sensors that cannot hear them.
type Bridge struct {
	Name   string // of the meta GPS on the server
	From   Heard
	Rate   float64       // updates per second; default 1
	Create bool          // create it on the server if it is missing
	Expire time.Duration // an older position is not handed on; default 10 s
}

// On reports whether there is a bus.
func (b *Bus) On() bool { return b.Mode != BusOff && b.Mode != "" }
