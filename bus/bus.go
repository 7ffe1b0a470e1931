// Package bus joins a rig to its fleet: it says on NATS who and where the rig
// is, how it is and what happened, hears the others, and keeps what was said
// while nobody was there to hear. docs/bus.md describes what is on the wire.
//
// NATS does the work: its server runs inside the process where the rig has one
// of its own, its JetStream keeps positions and events, its key-value buckets
// hold the rigs and their claims. This package says with which settings, and
// what a failure means.
//
// A Bus is used from any goroutine. Nothing on it waits for the network but
// Run, and it tells nothing while it holds a lock that a method needs: who is
// told may publish.
package bus

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// Mode says what bus there is.
type Mode int

// Modes.
const (
	Embedded Mode = iota // a server inside this process, with a store
	Leaf                 // the same, joined to a hub
	Join                 // a client of another server, without a store
)

// Options say who the rig is and what it joins.
type Options struct {
	Fleet   string // token
	Rig     string // token
	RigID   string // token; stays with the rig when it is renamed
	Version string // of the program

	Mode      Mode
	URLs      []string    // of Leaf and Join, tried in order
	CredsFile string      // "" is none
	User      string      // "" is none
	Password  string      //
	TLS       *tls.Config // nil is the system's authorities, where the server wants TLS

	Listen     string        // of Embedded and Leaf: host:port for local clients; "" is none
	StoreDir   string        // of Embedded and Leaf; "" keeps in memory
	StoreBytes int64         // of the stream; default 64 MiB
	StoreAge   time.Duration // of the stream; default 7 days
	Claims     bool          // look for other rigs with our sources
	ClaimMode  string        // "warn" or "refuse", for the others to know; default "warn"

	Now    func() int64                  // CLOCK_BOOTTIME in nanoseconds
	UTC    func() (ns int64, known bool) // the best clock there is
	Log    *slog.Logger                  // for us: what a person should hear goes to Notify; nil is none
	Notify func(Change)                  // from any goroutine, may not block; nil is none
}

// Change is something that began or ended: told once at each edge.
type Change struct {
	Code   fault.Code
	Object string // "uuid ...", "hub nats://...", "rig rover-1"
	Err    error  // a *fault.Error: what began; nil is over
}

// Bus is a rig's place on its fleet's bus. Make it with New.
type Bus struct {
	o           Options
	domain      string // of the rig's own JetStream
	incarnation uint64
	subjects    struct{ position, status, event string }

	running atomic.Bool
	out     *outbox
	pace    pace // of events
	trouble troubles
	hearing hearing
	claims  claimBook
	names   names
	entry   entry
	buckets buckets
	kin     lineage // of the rig's position: see Follow

	connection atomic.Pointer[connection]
	leaf       atomic.Pointer[LeafState]
	store      atomic.Pointer[ServerStore]

	published, kept, failed, heard, refused atomic.Uint64
}

// connection is how the client is connected.
type connection struct {
	connected bool
	server    string
	sinceNs   int64
}

// New returns a bus that nothing was done with yet; messages may be published
// and hearers added. It opens nothing. The error says what is wrong with o.
func New(o Options) (*Bus, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	b := &Bus{o: o, out: newOutbox()}
	b.incarnation = newIncarnation()
	b.kin.run = b.incarnation
	b.subjects.position = Subject(o.Fleet, o.Rig, KindPosition)
	b.subjects.status = Subject(o.Fleet, o.Rig, KindStatus)
	b.subjects.event = Subject(o.Fleet, o.Rig, KindEvent)
	if o.Mode != Join {
		b.domain = rigDomain(o.Rig)
	}
	b.trouble.notify = o.Notify
	b.connection.Store(&connection{})
	b.leaf.Store(&LeafState{Wanted: o.Mode == Leaf})
	b.store.Store(&ServerStore{})
	b.hearing.init()
	b.claims.init()
	b.entry.init()
	b.names.hear(b)
	return b, nil
}

func (o *Options) check() error {
	for _, one := range [...]struct{ what, s string }{{"fleet", o.Fleet}, {"rig", o.Rig}, {"rig id", o.RigID}} {
		if err := CheckToken(one.what, one.s); err != nil {
			return err
		}
	}
	if o.Now == nil || o.UTC == nil {
		return errors.New("a clock is missing")
	}
	if o.Mode != Embedded && len(o.URLs) == 0 {
		return errors.New("a URL is missing")
	}
	for _, s := range o.URLs {
		if u, err := url.Parse(s); err != nil || u.Host == "" {
			return errors.New("a URL is not one: it should be nats://HOST[:PORT] or tls://HOST[:PORT]")
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.StoreBytes <= 0 {
		o.StoreBytes = 64 << 20
	}
	if o.StoreAge <= 0 {
		o.StoreAge = 7 * 24 * time.Hour
	}
	if o.ClaimMode == "" {
		o.ClaimMode = "warn"
	}
	return nil
}

// newIncarnation returns a number of this run of the process, not 0.
func newIncarnation() uint64 {
	var n [8]byte
	_, _ = rand.Read(n[:]) // never fails
	return binary.LittleEndian.Uint64(n[:]) | 1
}
