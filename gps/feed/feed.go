// Package feed brings the bytes of receivers that speak NMEA 0183 to the
// decoder of package nmea: from a serial line, over TCP in either direction,
// and over UDP.
//
// A Receiver lives from one connection to its end; whoever runs it connects
// again. Each source of bytes has a goroutine that reads and nothing else. The
// goroutine that called Run owns the decoders and the clock, and is the only
// one that tells.
package feed

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// Kind is the way in which bytes come.
type Kind string

// Kinds.
const (
	Serial Kind = "serial" // a serial line, or a device that looks like one
	TCP    Kind = "tcp"    // a connection to a server of sentences
	Listen Kind = "listen" // connections from receivers, telephones for instance
	UDP    Kind = "udp"    // datagrams, to this machine or to a multicast group
)

// DefaultPort is where NMEA 0183 is spoken over TCP and UDP, as registered.
const DefaultPort = "10110"

// Options say where the bytes come from.
type Options struct {
	Kind       Kind
	Device     string       // Serial: its path; one below /dev/serial/by-id survives a replug
	Baud       int          // Serial: bits per second; 0 finds it
	Address    string       // TCP: host[:port]; Listen and UDP: [host][:port], UDP also group[%interface][:port]
	NoChecksum bool         // sentences without a checksum count, too
	Now        func() int64 // CLOCK_BOOTTIME, ns
	Log        *slog.Logger // nil: no log
}

// A Receiver is one feed. Run it from one goroutine at a time; Object, Detail
// and Came may be called from any.
type Receiver struct {
	o      Options
	log    *slog.Logger
	limits limits
	detail atomic.Pointer[string]
	came   atomic.Pointer[arrival]
	rates  rates       // what is known of the line's rate, from one Run to the next
	rival  func() bool // whether gpsd runs here
}

// limits are the times after which a feed gives up waiting.
type limits struct {
	silence  time.Duration // without a byte
	garbled  time.Duration // of bytes without a valid sentence
	halfOpen time.Duration // without a byte from a peer of several
	forget   time.Duration // without a datagram from a sender
	dwell    time.Duration // at a rate that is tried; longer when all were tried in vain
	settle   time.Duration // after a change of rate, while bytes are still those of the old one
	dial     time.Duration
}

func usualLimits() limits {
	return limits{
		silence:  5 * time.Second,
		garbled:  10 * time.Second,
		halfOpen: 15 * time.Second,
		forget:   time.Minute,
		// A receiver that reports once a second says a whole sentence in it,
		// also at 4800 baud, where one takes 0.17 s.
		dwell:  1500 * time.Millisecond,
		settle: 50 * time.Millisecond,
		dial:   5 * time.Second,
	}
}

// New returns a Receiver that has not been opened yet. The error is a
// *fault.Error with the code config.invalid.
func New(o Options) (*Receiver, error) {
	r := &Receiver{o: o, log: o.Log, limits: usualLimits(), rival: rivalRuns}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	switch o.Kind {
	case Serial:
		if o.Device == "" {
			return nil, fault.Newf(fault.ConfigInvalid, "serial receiver", "it has no device")
		}
		if o.Baud < 0 || o.Baud > maxBaud {
			return nil, fault.Newf(fault.ConfigInvalid, r.Object(), "baud is %d, and has to be between 0 (find it) and %d", o.Baud, maxBaud)
		}
	case TCP, Listen, UDP:
		address, err := withPort(o.Address)
		if err == nil && o.Kind == TCP && hostOf(address) == "" {
			return nil, fault.Newf(fault.ConfigInvalid, "tcp receiver", "it has no address to connect to")
		}
		if err != nil {
			return nil, fault.New(fault.ConfigInvalid, r.Object(), err)
		}
		r.o.Address = address
	default:
		return nil, fault.Newf(fault.ConfigInvalid, "receiver", "%q is no kind of feed: serial, tcp, listen or udp", o.Kind)
	}
	if o.Now == nil {
		return nil, fault.Newf(fault.Internal, r.Object(), "it has no clock")
	}
	return r, nil
}

// Run opens the feed and tells what comes until it ends, and why. The error is
// a *fault.Error with a code gps.*, or that of ctx, and never nil. When ctx
// ends, Run returns at once.
//
// Events are told from the goroutine that called Run, one after the other. tell
// may take its time: meanwhile nothing is read, and the peer has to wait, or
// its datagrams are lost.
//
// A Listen feed ends only when it cannot listen: connections come and go as
// notices.
func (r *Receiver) Run(ctx context.Context, tell func(gps.Event)) error {
	defer r.say("")
	r.came.Store(nil)
	err := r.run(ctx, tell)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (r *Receiver) run(ctx context.Context, tell func(gps.Event)) error {
	switch r.o.Kind {
	case Serial:
		return r.runSerial(ctx, tell)
	case TCP:
		return r.runTCP(ctx, tell)
	case Listen:
		return r.runListen(ctx, tell)
	default:
		return r.runUDP(ctx, tell)
	}
}

// Object names the feed in errors and in the status: "serial /dev/ttyUSB0".
func (r *Receiver) Object() string {
	if r.o.Kind == Serial {
		return "serial " + r.o.Device
	}
	return string(r.o.Kind) + " " + r.o.Address
}

// Detail says how the feed is doing, "38400 baud" or "from 192.0.2.7:4444",
// and "" when it is not open.
func (r *Receiver) Detail() string {
	if s := r.detail.Load(); s != nil {
		return *s
	}
	return ""
}

// An arrival is what came before the first valid sentence, and whether that came.
type arrival struct {
	heard bool
	bytes int
	looks looks
}

// arrived notes that bytes came, and what is known of those without a sentence.
func (r *Receiver) arrived(heard bool, bytes int, l looks) {
	if a := r.came.Load(); a == nil || !a.heard {
		r.came.Store(&arrival{heard, bytes, l})
	}
}

// Came reports whether any byte came since Run began. The error is a
// *fault.Error with the code gps.garbled if there was no valid sentence among
// them: what they look like, long before Run gives up on them.
func (r *Receiver) Came() (bool, error) {
	a := r.came.Load()
	if a == nil || a.heard {
		return a != nil, nil
	}
	return true, r.garbled(a.looks, "%d bytes, and no valid sentence among them", a.bytes)
}

func (r *Receiver) say(detail string) { r.detail.Store(&detail) }

// fail returns an error of this feed.
func (r *Receiver) fail(code fault.Code, format string, args ...any) error {
	return fault.Newf(code, r.Object(), format, args...)
}
