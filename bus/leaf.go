package bus

import (
	"crypto/tls"
	"log/slog"
	"time"
)

// HubDomain is the JetStream domain of a hub: where a leaf finds its fleet's
// buckets, whatever the hub is called.
const HubDomain = "hub"

// MaxPayload is the largest message that a server of ours takes, in bytes.
const MaxPayload = 128 << 10

// ServerOptions describe a server inside this process.
type ServerOptions struct {
	Name        string      // of the server, as other servers see it; a token
	Domain      string      // JetStream domain, unique in the fleet; "" switches JetStream off
	StoreDir    string      // where streams are kept; "" keeps them in memory
	StoreBytes  int64       // at most, on disk; default 64 MiB
	MemoryBytes int64       // at most, of streams kept in memory; default 16 MiB
	Listen      string      // host:port for local clients; "" is none, port 0 is any
	TLS         *tls.Config // of Listen; nil is plain
	Leaf        *LeafRemote // the hub to join; nil is none
	Log         *slog.Logger

	// Notify is called from any goroutine when Leaf or Store has changed. It may
	// not block, nor call the Server. May be nil.
	Notify func()
}

// LeafRemote is a hub, and how a leaf says who it is.
type LeafRemote struct {
	URLs      []string // nats://HOST[:PORT] or tls://HOST[:PORT], tried in turn; the port is 7422
	CredsFile string   // credentials, read again at every attempt; "" is none
	User      string   // login where the hub has no credentials, with Password
	Password  string
	TLS       *tls.Config // of tls:// URLs; nil trusts the system's authorities
	Fleet     string      // whose subjects must get through, to tell refused ones from others
	Rig       string
}

// LeafState is how it stands with the hub. The zero value is a server that
// joins none.
type LeafState struct {
	Wanted    bool      // there is a hub to join
	Connected bool      //
	URL       string    // of the hub, without secrets; the last one tried
	Since     time.Time // when Connected or Err became so
	Err       error     // *fault.Error with bus.refused, bus.auth, bus.tls or bus.denied; nil when all is well
}

// ServerStore is how it stands with what the server keeps.
type ServerStore struct {
	Kept  bool   // JetStream runs
	Disk  bool   // and keeps on disk: it survives a restart
	Dir   string // where
	Bytes int64  // used
	Limit int64  // at most
	Err   error  // *fault.Error with bus.store: full, or begun anew because it was corrupt; nil when all is well
}
