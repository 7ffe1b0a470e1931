package configs

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// GPS says what knows where the sensor is.
type GPS struct {
	Mode      GPSMode       // how several receivers become one position; default GPSFusion
	Motion    Motion        // what the sensor moves with; default MotionCar
	Predict   time.Duration // for how long after the newest fix there still is a position, whatever Expire says; default DefaultPredict
	LimitM    float64       // positions with a larger 95 % radius, in metres, count as none; default DefaultLimitM
	Receivers []Receiver    // as written, which is best first for GPSPriority; none is an unknown position
	Fixed     *gps.Position // of the one fixed receiver among them; nil is none
	MetaGPS   MetaGPS       // for sources with metagps= in their definitions
}

// Alone reports whether the position is a fixed one and nothing else, and so
// holds at every time.
func (g *GPS) Alone() bool { return g.Fixed != nil && len(g.Receivers) < 2 }

// Defaults of GPS.
const (
	DefaultPredict = 3 * time.Second
	leastPredict   = 100 * time.Millisecond // without any, nobody would know where the sensor is now
	DefaultLimitM  = 100.0
)

// GPSMode says how several receivers become one position.
type GPSMode string

// GPS modes.
const (
	GPSFusion   GPSMode = "fusion"   // all of them together
	GPSPriority GPSMode = "priority" // the first in the list that has a fix
)

// Motion says what the sensor moves with, and so how fast and how suddenly.
type Motion string

// Motions.
const (
	MotionCar  Motion = "car" // and everything on wheels or water
	MotionFoot Motion = "foot"
)

// Receiver is where fixes come from. Fields that its type does not have are
// zero.
type Receiver struct {
	Name    string        // unique in the rig; as written, or made of type and address
	Type    ReceiverType  //
	Latency time.Duration // from a fix's time to its arrival; 0 is measured. Not of ReceiverFixed

	Address    string        // HOST:PORT; gpsd: whom to ask; nmea: whom to connect to, or what to listen on, where HOST may be empty
	Device     string        // nmea on a serial line: its file; gpsd: the one device of gpsd's to use, "" for all
	Feed       Feed          // of ReceiverNMEA
	Baud       int           // of FeedSerial; 0 is found out
	NoChecksum bool          // nmea, replay: take sentences without checksum, too
	File       string        // replay: the log
	StartDate  time.Time     // replay: the date, UTC, on which a log without dates begins; zero is unknown
	Realtime   bool          // replay: play it as if it happened now, instead of locating what was captured then
	Expire     time.Duration // meta, web, bus: how old a position may be when it comes, and how long the receiver counts as having one; default DefaultExpire
	From       Heard         // of ReceiverBus: whose position
	Fixed      gps.Position  // of ReceiverFixed
}

// Live reports whether the receiver says where the sensor is now.
func (r *Receiver) Live() bool {
	switch r.Type {
	case ReceiverFixed:
		return false
	case ReceiverReplay:
		return r.Realtime
	}
	return true
}

// DefaultExpire is for how long a position that somebody posted, or a bridge heard,
// is one of now.
const DefaultExpire = 10 * time.Second

// ReceiverType says how fixes are had.
type ReceiverType string

// Receiver types.
const (
	ReceiverGPSD   ReceiverType = "gpsd"
	ReceiverNMEA   ReceiverType = "nmea"
	ReceiverFixed  ReceiverType = "fixed"
	ReceiverMeta   ReceiverType = "meta"   // posted to /gps/meta/NAME/; NAME is the receiver's
	ReceiverWeb    ReceiverType = "web"    // posted to /gps/web/; there is at most one
	ReceiverReplay ReceiverType = "replay" // a log
	ReceiverBus    ReceiverType = "bus"    // another rig, or a meta GPS of one
)

// Feed says how NMEA sentences come.
type Feed string

// Feeds.
const (
	FeedSerial Feed = "serial"
	FeedTCP    Feed = "tcp"    // sensord connects
	FeedListen Feed = "listen" // others connect to sensord, by TCP
	FeedUDP    Feed = "udp"    // datagrams are sent to sensord
)

// MetaGPS says how the server's own copies of the position are kept fresh, for
// sources that have metagps= in their definitions.
type MetaGPS struct {
	Interval time.Duration // between two updates; default 1 s
	Create   bool          // create what the server does not have; default true
}

// Web is where sensord serves HTTP.
type Web struct {
	Listen    string // HOST:PORT, HOST may be empty; "" serves nothing
	CertFile  string // PEM, with KeyFile; both or none
	KeyFile   string // PEM
	Token     Secret // who asks has to know it; "" is in TokenFile
	TokenFile string // in the state directory: read at the start, made if it is not there; "" if Token is known
	Insecure  bool   // the user knows that there is no TLS and that others can listen
}

// DefaultWebListen is where the web side listens.
const DefaultWebListen = "127.0.0.1:2510"

// REST is how to ask a server's REST interface.
type REST struct {
	URL        string // http:// or https://, with the proxy's prefix and without a slash at the end; "" is none
	User       string // together with Password; wins over APIKey
	Password   Secret //
	APIKey     Secret //
	ServerName string // name to expect in the certificate; CAFile is the server's
}
