// Package feed brings the bytes of receivers that speak NMEA 0183 to the
// decoder of package nmea: from a serial line, over TCP in either direction,
// and over UDP.
//
// A Receiver lives from one connection to its end; whoever runs it connects
// again. Run calls tell from its own goroutine only, one event after the other.
package feed

import (
	"context"
	"log/slog"

	"github.com/sensord/sensord/gps"
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

// Options say where the bytes come from.
type Options struct {
	Kind       Kind
	Device     string // Serial: path, best one of /dev/serial/by-id
	Baud       int    // Serial: bits per second; 0 finds it
	Address    string // TCP: host:port; Listen and UDP: [host]:port, default :10110
	NoChecksum bool   // sentences without a checksum count, too
	Now        func() int64
	Log        *slog.Logger
}

// A Receiver is one feed.
type Receiver struct{}

// New returns a Receiver that has not been opened yet.
func New(o Options) (*Receiver, error) { panic("skeleton") }

// Run opens the feed and tells what comes until it ends, and why. The error is
// a *fault.Error with a code gps.*, or that of ctx.
func (r *Receiver) Run(ctx context.Context, tell func(gps.Event)) error { panic("skeleton") }

// Object names the feed in errors: "serial /dev/ttyUSB0".
func (r *Receiver) Object() string { panic("skeleton") }

// Detail says how the feed is doing: "38400 baud", "from 192.0.2.7:4444".
func (r *Receiver) Detail() string { panic("skeleton") }

// A Port is a serial device that may be a receiver.
type Port struct {
	Path    string // "/dev/ttyACM0"
	ByID    string // its name that survives a replug, under /dev/serial/by-id; "" if it has none
	Driver  string // the kernel's: "cdc_acm"
	Product string // what the USB device calls itself: "u-blox 7 - GPS/GNSS Receiver"
	Likely  bool   // its maker or name says that it is a receiver
}

// Ports lists serial devices that may be a receiver, likely ones first.
func Ports() ([]Port, error) { panic("skeleton") }
