package kismettest

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

// EndpointPath is where the websocket of remote datasources is.
const EndpointPath = "/datasource/remote/remotesource.ws"

// TCPPort is the port that DialContext takes for the legacy TCP listener; on
// all others it finds HTTP.
const TCPPort = "3501"

// A Profile is the build of Kismet that a server behaves as.
type Profile uint8

// The zero value is today's default build.
const (
	T25   Profile = iota // 2025-09-R1: v3 only
	T23                  // 2023-07-R2: v2, opening in v0
	T25PB                // 2025-09-R1 with --enable-protobuf: v3 and v2
	Split                // T25, sending header and payload as two websocket messages, as builds of 2025-07-08 to 10 did
)

// Profiles returns all profiles.
func Profiles() []Profile { return []Profile{T25, T23, T25PB, Split} }

// String returns the profile's name: "t25", "t23", "t25pb" or "split".
func (p Profile) String() string {
	switch p {
	case T25:
		return "t25"
	case T23:
		return "t23"
	case T25PB:
		return "t25pb"
	case Split:
		return "split"
	}
	return fmt.Sprintf("Profile(%d)", uint8(p))
}

// accepts reports whether this build reads the generation at all.
func (p Profile) accepts(v kismet.Version) bool {
	switch p {
	case T23:
		return v == kismet.V0 || v == kismet.V2
	case T25PB:
		return v == kismet.V2 || v == kismet.V3
	}
	return v == kismet.V3
}

// fresh is the generation that a connection or source object of this build
// starts in.
func (p Profile) fresh() kismet.Version {
	if p == T23 {
		return kismet.V0
	}
	return kismet.V3
}

// release is the version text of the build.
func (p Profile) release() string {
	if p == T23 {
		return "2023-07-R2"
	}
	return "2025.09.0-b5d5a2d04"
}

// Roles of API keys. A role opens the routes made for it and nothing else,
// except that an admin may do everything.
const (
	RoleAdmin      = "admin"
	RoleDatasource = "datasource"
	RoleReadonly   = "readonly"
)

// Config says what server to be. The zero value is a default build with one
// login, user "kismet", password "kismet".
type Config struct {
	Profile Profile

	// Logins are users and their passwords; all are admins. Without Logins and
	// APIKeys there is one, kismet:kismet.
	Logins map[string]string
	// APIKeys are keys and their roles.
	APIKeys map[string]string
	// Prefix is httpd_uri_prefix, as "/kismet". Paths work with and without it.
	Prefix string
	// TLS makes the HTTP side HTTPS. A real Kismet has no TLS; this stands for
	// a proxy in front of it.
	TLS *tls.Config

	// Types are the source types that this build knows; nil is linuxwifi and
	// pcapfile. Only linuxwifi can hop.
	Types []string

	PingEvery       time.Duration // between the server's PINGs; 0 is 5 s
	PongTimeout     time.Duration // silence after which a source is dropped, tested when a PING is due; 0 is 15 s
	AnnounceTimeout time.Duration // from accept to NEWSOURCE; 0 is 5 s

	// HopRate is channel_hop_speed in hops per second: 0 is 5, negative is
	// channel_hop=false for the whole server.
	HopRate float64
	// InOrder is randomized_hopping=false.
	InOrder bool
	// WifiOptions are dot11_datasource_opt: added to every linuxwifi source
	// that does not set them.
	WifiOptions map[string]string

	// Keep is how many frames per source are kept for Frames, the first ones;
	// 0 is 1 000 000, negative none. All are counted.
	Keep int
	// CountOnly makes the server look at no more than the header of data
	// reports: they are counted, not checked and not kept. For benchmarks.
	CountOnly bool
	// OnFrame, when set, is called for each counted data report with a frame,
	// in order per source, from the connection's goroutine: while it runs
	// nothing more is read. The report and all it holds are valid during the
	// call only. Not called with CountOnly.
	OnFrame func(uuid string, session int, d *kismet.Data)

	// Logger gets a line per event of a session, none per frame; nil is none.
	Logger *slog.Logger
}

// withDefaults returns the config with nothing left to guess, sharing no maps
// with the caller.
func (c Config) withDefaults() Config {
	c.Logins, c.APIKeys, c.WifiOptions = maps.Clone(c.Logins), maps.Clone(c.APIKeys), maps.Clone(c.WifiOptions)
	if c.Logins == nil && c.APIKeys == nil {
		c.Logins = map[string]string{"kismet": "kismet"}
	}
	if c.Prefix = strings.Trim(c.Prefix, "/"); c.Prefix != "" {
		c.Prefix = "/" + c.Prefix
	}
	c.Types = slices.Clone(c.Types)
	if c.Types == nil {
		c.Types = []string{"linuxwifi", "pcapfile"}
	}
	setDefault(&c.PingEvery, 5*time.Second)
	setDefault(&c.PongTimeout, 15*time.Second)
	setDefault(&c.AnnounceTimeout, 5*time.Second)
	setDefault(&c.HopRate, 5)
	setDefault(&c.Keep, 1_000_000)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}
