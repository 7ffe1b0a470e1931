package actors

import (
	"context"
	"sync"
	"time"

	"github.com/sensord/sensord/gps"
)

// copyState is what of a server's copy of a position outlives its actor.
type copyState struct {
	name   string
	client metaClient
	origin origin
	wanted chan struct{} // full when a source is about to be announced

	mu     sync.Mutex
	asked  chan struct{} // closed once it is known whether the copy is fresh
	fresh  bool          // the server has it, and took an update; or the user's word has to do
	status CopyStatus
}

// An origin is whose position a server's copy is, and how it is kept.
type origin struct {
	at     func(nowNs int64) (gps.Position, bool) // where it is now, CLOCK_BOOTTIME; false if that is not known
	from   bridged                                // who says so, on the bus; nil is this rig itself
	every  time.Duration                          // between two updates
	create bool                                   // what the server does not have
}

func newCopyState(name string, client metaClient, o origin) *copyState {
	c := &copyState{
		name: name, client: client, origin: o, wanted: make(chan struct{}, 1), asked: make(chan struct{}),
		status: CopyStatus{Name: name},
	}
	if o.from != nil {
		c.status.From = o.from.Object()
	}
	return c
}

func (c *copyState) set(change func(*CopyStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.status)
}

func (c *copyState) now() CopyStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// known says whether the copy is fresh, to who waits for that.
func (c *copyState) known(fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fresh = fresh
	select {
	case <-c.asked:
	default:
		close(c.asked)
	}
}

// isFresh reports whether a source may be announced with the copy's name. A nil
// copy is not ours to keep.
func (c *copyState) isFresh() bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fresh
}

// copyPatience is how long a source waits on a new link for its copy: a server
// gives it 5 s to announce itself.
const copyPatience = 3 * time.Second

// renew has the server asked for the copy now, and waits for that: it may have
// been started anew, and one that has none of the name makes one at the
// announcement, which it then takes for its own place. It reports whether the
// copy is fresh.
func (c *copyState) renew(ctx context.Context) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	select {
	case <-c.asked:
		c.asked = make(chan struct{})
	default:
	}
	c.fresh = false
	asked := c.asked
	c.mu.Unlock()
	select {
	case c.wanted <- struct{}{}:
	default:
	}
	select {
	case <-asked:
	case <-time.After(copyPatience):
	case <-ctx.Done():
	}
	return c.isFresh()
}
