package nl80211

import (
	"context"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// DefaultTimeout is how long a request may take whose context has no deadline.
const DefaultTimeout = 5 * time.Second

// A Client asks the kernel. Safe for concurrent use; requests take turns.
type Client struct{}

// Dial connects to the kernel's nl80211.
func Dial() (*Client, error) { panic("skeleton") }

// Close ends the connection; a request under way ends with net.ErrClosed.
func (c *Client) Close() error { panic("skeleton") }

// Phys returns every phy, by index.
func (c *Client) Phys(ctx context.Context) ([]Phy, error) { panic("skeleton") }

// Phy returns one phy; ENODEV if there is none.
func (c *Client) Phy(ctx context.Context, index int) (Phy, error) { panic("skeleton") }

// Interfaces returns every Wi-Fi interface.
func (c *Client) Interfaces(ctx context.Context) ([]Interface, error) { panic("skeleton") }

// Interface returns one interface; ENODEV if there is none.
func (c *Client) Interface(ctx context.Context, ifindex int) (Interface, error) { panic("skeleton") }

// AddMonitor creates a monitor interface on a phy.
func (c *Client) AddMonitor(ctx context.Context, phy int, name string, f MonitorFlags) (Interface, error) {
	panic("skeleton")
}

// DelInterface removes an interface.
func (c *Client) DelInterface(ctx context.Context, ifindex int) error { panic("skeleton") }

// SetType makes an interface another type; it must be down.
func (c *Client) SetType(ctx context.Context, ifindex int, t InterfaceType, f MonitorFlags) error {
	panic("skeleton")
}

// SetChannel tunes.
func (c *Client) SetChannel(ctx context.Context, ifindex int, ch capture.Channel) error {
	panic("skeleton")
}

// Regulatory returns the rules that a phy obeys.
func (c *Client) Regulatory(ctx context.Context, phy int) (Regulatory, error) { panic("skeleton") }

// RequestRegulatory asks for another regulatory domain, for all radios.
func (c *Client) RequestRegulatory(ctx context.Context, alpha2 string) error { panic("skeleton") }

// SetPhyName renames a phy.
func (c *Client) SetPhyName(ctx context.Context, phy int, name string) error { panic("skeleton") }

// EventKind says what happened.
type EventKind uint8

// The events.
const (
	_                 EventKind = iota
	Lost                        // some events are lost: look at everything again
	PhyAdded                    // added, or renamed
	PhyRemoved                  //
	InterfaceAdded              //
	InterfaceRemoved            //
	RegulatoryChanged           // PhyIndex is -1 for all of them
	ChannelSwitched             // an access point's or client's channel, not a monitor's
)

// An Event is something that happened to the machine's radios.
type Event struct {
	Kind     EventKind
	PhyIndex int    // -1 if it is about no one phy
	IfIndex  int    // 0 if it is about no interface
	Name     string // of the phy or the interface, if the kernel says
}

// A Watcher hears events, on a socket of its own.
type Watcher struct{}

// NewWatcher starts to collect events; they wait in the kernel until Watch.
func NewWatcher() (*Watcher, error) { panic("skeleton") }

// Watch hands every event to fn, one after the other, until ctx ends.
func (w *Watcher) Watch(ctx context.Context, fn func(Event)) error { panic("skeleton") }

// Close ends it, also a running Watch.
func (w *Watcher) Close() error { panic("skeleton") }

// Error is a refusal by the kernel. errors.Is compares with Errno.
type Error struct {
	Op      string     // what was asked: "set channel of interface 7"
	Errno   unix.Errno //
	Message string     // the kernel's words, or ""
}

// Error returns "op: cause".
func (e *Error) Error() string { return e.Op + ": " + e.Cause() }

// Cause returns the kernel's words if it said any, else the errno's text.
func (e *Error) Cause() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Errno.Error()
}

// Unwrap returns Errno.
func (e *Error) Unwrap() error { return e.Errno }
