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
// Run. It never calls back while it holds a lock.
package bus

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"github.com/sensord/sensord/bus/pb"
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
	StoreBytes int64         // of the stream
	StoreAge   time.Duration // of the stream
	Claims     bool          // look for other rigs with our sources
	ClaimMode  string        // "warn" or "refuse", for the others to know

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

// Filter says which messages are meant.
type Filter struct {
	Kind Kind
	Rig  string // token, or "*"
	Name string // of KindMetaGPS: token, or "*"
}

// Message is what another rig, or this one, has published.
type Message struct {
	Address          // from the subject, so it is what the server lets its sender say
	Data      []byte // its receiver may keep it; at most the kind's limit
	ArrivedNs int64  // CLOCK_BOOTTIME
	Self      bool   // it says to be of this rig
}

// Bus is a rig's place on its fleet's bus. Make it with New.
type Bus struct{ o Options }

// New returns a bus that nothing was done with yet; messages may be published
// and hearers added. It opens nothing.
func New(o Options) (*Bus, error) { return &Bus{o: o}, nil }

// Run joins the bus and stays on it until ctx ends; whatever can fail is tried
// again for ever. It returns ctx's error, or why the rig's own server could not
// start (bus.listen, bus.lite); then it may be called again, and everything
// else goes on working.
func (b *Bus) Run(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// PublishPosition publishes where the rig is. It is lost, and counted, while
// there is no bus. The message is the bus's own from here on, as those of the
// other Publish methods are; its head is filled in.
func (b *Bus) PublishPosition(m *pb.Position) {}

// PublishMetaGPS publishes where the meta GPS m.Name is.
func (b *Bus) PublishMetaGPS(m *pb.MetaGPS) {}

// PublishStatus publishes how the rig is, and keeps it as the rig's entry for
// those who come later.
func (b *Bus) PublishStatus(m *pb.Status) {}

// PublishEvent publishes what happened. Up to 1024 wait for the bus, the
// oldest give way.
func (b *Bus) PublishEvent(m *pb.Event) {}

// Hear calls heard for each message that f means, from one goroutine at a time,
// now and whenever there is a bus. heard may not block for long: what comes
// while 1024 wait is lost, and counted. No call begins after stop.
func (b *Bus) Hear(f Filter, heard func(Message)) (stop func()) { return func() {} }

// Refuse counts a message that makes no sense to who heard it, and tells it:
// at most once a minute for each sender.
func (b *Bus) Refuse(m Message, why error) {}

// ClaimRequest is a source of this rig.
type ClaimRequest struct {
	UUID   string // of the source, as Kismet writes it
	Source string // its name
}

// Claim says which sources the rig has, in place of what it said before.
func (b *Bus) Claim(sources []ClaimRequest) {}

// Rival returns the other rig that has a source with this UUID, if there is
// one. Of several, the first.
func (b *Bus) Rival(uuid string) (ClaimState, bool) { return ClaimState{}, false }

// State returns how the bus is.
func (b *Bus) State() State { return State{} }
