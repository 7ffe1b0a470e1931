package gpsd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// DefaultAddress is where gpsd listens on most machines.
const DefaultAddress = "localhost:2947"

const port = "2947"

// Options say which gpsd is asked, and for what.
type Options struct {
	Address string // HOST, HOST:PORT or :PORT; "" is DefaultAddress
	// Device is the one device that counts, as "/dev/ttyACM0", by the name that
	// gpsd has for it. "" tells of all of them; Fix.Device says which is which.
	Device string
	Now    func() int64 // CLOCK_BOOTTIME, ns
	// Realtime is the system clock, ns since 1970, with which a gpsd on this
	// machine measures pulses; nil is this process's.
	Realtime func() int64
}

// A Client is one gpsd as a receiver.
type Client struct {
	o      Options
	detail atomic.Pointer[string]
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// New returns a client that is not connected yet.
func New(o Options) *Client {
	o.Address = withPort(o.Address)
	if o.Realtime == nil {
		o.Realtime = func() int64 { return time.Now().UnixNano() }
	}
	return &Client{o: o, dial: (&net.Dialer{}).DialContext}
}

// withPort completes an address. A bare IPv6 address needs no brackets.
func withPort(address string) string {
	if address == "" {
		return DefaultAddress
	}
	host, p, err := net.SplitHostPort(address)
	if err != nil {
		host, p = strings.Trim(address, "[]"), port
	}
	if host == "" {
		host = "localhost"
	}
	if p == "" {
		p = port
	}
	return net.JoinHostPort(host, p)
}

// Run connects, watches all devices and calls tell for every event, from this
// goroutine, until the connection ends, gpsd falls silent or has nothing to
// tell, or ctx is done. tell must not block for long: gpsd drops who does not
// read. Run returns ctx's error, or a *fault.Error that says why it ended:
// gps.refused, gps.lost, gps.silent, gps.garbled or gps.device. It can be
// called again.
func (c *Client) Run(ctx context.Context, tell func(gps.Event)) error {
	c.say("")
	defer c.say("")
	dialing, cancel := context.WithTimeout(ctx, deadAfter)
	conn, err := c.dial(dialing, "tcp", c.o.Address)
	cancel()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.New(fault.GPSRefused, c.Object(), refusal(err))
	}
	defer conn.Close()
	// A read that waits ends when ctx does.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	err = newSession(c, conn, tell).run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// refusal says why there is no connection.
func refusal(err error) error {
	if resolve, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("no address for %s: %s", resolve.Name, resolve.Err)
	}
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		return fmt.Errorf("no answer in %s", deadAfter)
	}
	return bare(err)
}

// bare takes from an error what its object says already, and the system call.
func bare(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	return err
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

// Object names the receiver in errors and in the status: "gpsd localhost:2947",
// with the device if one was picked.
func (c *Client) Object() string {
	if c.o.Device != "" {
		return "gpsd " + c.o.Address + " " + c.o.Device
	}
	return "gpsd " + c.o.Address
}

// Detail says which gpsd it is and what devices it has: "gpsd 3.22,
// /dev/ttyACM0 (u-blox)"; "" while there is no connection. Any goroutine may
// call it.
func (c *Client) Detail() string {
	if s := c.detail.Load(); s != nil {
		return *s
	}
	return ""
}

func (c *Client) say(detail string) { c.detail.Store(&detail) }

// offset returns how far the system clock is ahead of CLOCK_BOOTTIME now, ns,
// and how far off that may be: half of what it took to read them.
func (c *Client) offset() (offsetNs, errorNs int64) {
	before := c.o.Now()
	realtime := c.o.Realtime()
	after := c.o.Now()
	half := (after - before) / 2
	return realtime - before - half, half
}
