package gpsd

import (
	"context"

	"github.com/sensord/sensord/gps"
)

// DefaultAddress is where gpsd listens on most machines.
const DefaultAddress = "localhost:2947"

// Options say which gpsd is asked, and for what.
type Options struct {
	Address string       // HOST, HOST:PORT or :PORT; "" is DefaultAddress
	Device  string       // which device behind it, as "/dev/ttyACM0"; "" is all of them
	Now     func() int64 // CLOCK_BOOTTIME, ns
	// Realtime is the system clock, ns since 1970, that gpsd measures pulses
	// with; nil is this machine's.
	Realtime func() int64
}

// A Client is one gpsd as a receiver.
type Client struct{ o Options }

// New returns a client that is not connected yet.
func New(o Options) *Client { return &Client{o: o} }

// Run connects and tells what gpsd says until the connection ends or ctx is
// done.
func (c *Client) Run(ctx context.Context, tell func(gps.Event)) error { panic("not yet") }

// Object names the receiver in errors and in the status: "gpsd localhost:2947".
func (c *Client) Object() string { return "gpsd " + c.o.Address }

// Detail says what gpsd is and has. Any goroutine may call it.
func (c *Client) Detail() string { return "" }
