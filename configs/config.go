// Package configs turns YAML, environment and command line into one validated
// Config. It reports every mistake at once, each with its place, what is wrong
// and what would be right. It starts nothing and connects to nothing.
package configs

import (
	"log/slog"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// Config is everything that a rig needs to know. A Config that Load or
// FromFlags returned without error is complete and consistent: defaults are
// filled in, and UUIDs differ from each other where they are set.
type Config struct {
	Rig         string        // name of this machine's sensor; default the host name
	Servers     []Server      // in the order in which they are tried; none only with Record
	Sources     []Source      // at least one
	GPS         GPS           //
	Web         Web           //
	Spool       Spool         //
	Replay      Replay        //
	Record      Record        //
	Privacy     Privacy       //
	Status      Status        //
	Bus         Bus           //
	StateDir    string        // absolute; where a rig notes what it has to undo after a crash; "" is nowhere
	Log         Log           //
	Once        bool          // end when every finite source is sent and acknowledged
	OnceTimeout time.Duration // gives up after this; 0 is never
	NoRetry     bool          // end at the first failure of a link (--disable-retry)
}

// Server is a Kismet server and how to reach and log in to it.
type Server struct {
	Name       string    // for logs and status; default host:port
	Transport  Transport //
	Host       string    // name or address, an IPv6 address without brackets
	Port       int       //
	Path       string    // websocket endpoint; default DefaultEndpoint
	Protocol   Protocol  // default ProtocolAuto
	User       string    // login, together with Password; wins over APIKey
	Password   Secret    //
	APIKey     Secret    //
	TLS        bool      // websocket only
	CAFile     string    // PEM file of the authority to trust instead of the system's
	ServerName string    // name to expect in the certificate; default Host
	CertFile   string    // PEM file of the certificate that we show, with KeyFile; "" is none
	KeyFile    string    //
	Proxy      Proxy     //
	REST       REST      // for what the websocket cannot do; by default of the same server and login
}

// DefaultEndpoint is where Kismet serves remote capture over websockets.
const DefaultEndpoint = "/datasource/remote/remotesource.ws"

// Transport says how frames travel to a server.
type Transport string

// Transports, with Kismet's default ports 2501 and 3501.
const (
	TransportWebsocket Transport = "websocket"
	TransportTCP       Transport = "tcp" // Kismet's legacy remote capture: no login, no TLS
)

// Protocol chooses the wire generation.
type Protocol string

// Protocols.
const (
	ProtocolAuto Protocol = "auto"
	ProtocolV3   Protocol = "v3"
	ProtocolV2   Protocol = "v2"
)

// Source is one datasource.
type Source struct {
	Name       string             // for people; the definition's name=, else the interface
	Type       string             // Kismet's source type: capture.TypePcapFile or capture.TypeLinuxWifi
	Definition capture.Definition // what the user asked for; goes to the server with uuid= added
	UUID       capture.UUID       // zero for a radio that is not there yet: its MAC address makes it

	// Of radios only.
	Hop                 Hop      //
	RingBytes           int      // the kernel's buffer for frames that nobody has read yet
	Filter              []string // rules as bpf.ParseRule reads them, in the order written
	IgnoreServerOptions bool     // do not adopt options that the server pushes
}

// Proxy is what a server is reached through, by HTTP CONNECT.
type Proxy struct {
	Mode     ProxyMode //
	URL      string    // of mode ProxyURL: http://HOST:PORT or https://HOST:PORT, without a login
	User     string    // with Password, of mode ProxyURL
	Password Secret    //
}

// ProxyMode says where it is written which proxy to use.
type ProxyMode string

// Proxy modes.
const (
	ProxyEnvironment ProxyMode = ""     // HTTP_PROXY, HTTPS_PROXY and NO_PROXY, as curl reads them
	ProxyNone        ProxyMode = "none" // none, whatever the environment says
	ProxyURL         ProxyMode = "url"
)

// Spool is where frames wait that no server has confirmed.
type Spool struct {
	MemoryBytes int64         // for all sources together; default 16 MiB
	Dir         string        // absolute; "" keeps frames in memory only
	SizeBytes   int64         // of all sources together on disk; default 2 GiB
	MaxAge      time.Duration // older frames are dropped; 0 is never
	After       time.Duration // frames go to disk when unconfirmed for so long; 0 is at once; default 2 s
	Sync        SpoolSync     // default SyncEvery
	SyncEvery   time.Duration // default 1 s
	Drop        SpoolDrop     // default DropOldest
}

// SpoolSync says when what was written is made safe against power loss.
type SpoolSync string

// Sync modes.
const (
	SyncEvery  SpoolSync = "every" // each SyncEvery
	SyncAlways SpoolSync = "always"
	SyncNever  SpoolSync = "never" // when the kernel likes
)

// SpoolDrop says which frames go when there is no more room.
type SpoolDrop string

// Drop rules.
const (
	DropOldest SpoolDrop = "oldest"
	DropNewest SpoolDrop = "newest"
)

// Replay bounds how fast kept frames are sent to a server that is back, so that
// it has the time to process them. 0 is no bound.
type Replay struct {
	FramesPerSecond float64 // default 5000
	BytesPerSecond  int64   // default 4 MiB
}

// Record says where to write every captured frame as pcapng, with or without a
// server.
type Record struct {
	Dir        string        // absolute; "" writes none
	SizeBytes  int64         // of one file; default 100 MiB
	Every      time.Duration // a new file so often; default 1 h; 0 is never
	TotalBytes int64         // of all files of this rig: the oldest are deleted; 0 is no bound
	SyncEvery  time.Duration // default 1 s
}

// Privacy says where frames are not taken: those heard inside a zone never
// leave and are never written.
type Privacy struct {
	Zones []gps.Zone
}

// Status says how `sensord status` reaches this rig.
type Status struct {
	Socket string // absolute path of the unix socket; "" is none
}

// Log says how sensord speaks of itself.
type Log struct {
	Level  slog.Level // default info
	Format LogFormat  // default auto
}

// LogFormat chooses the log's form.
type LogFormat string

// Log formats.
const (
	LogAuto LogFormat = "auto" // text on a terminal, JSON otherwise
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Secret is a password or key. Printing or logging it shows "***".
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the secret itself, for the one place that sends it.
func (s Secret) Reveal() string { return string(s) }
