package nl80211

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// watchBuffer is how many bytes of events the kernel keeps for a Watcher that
// does not read; it may grant less. A phy that comes or goes is about 2 KiB.
const watchBuffer = 256 << 10

// listening is what a Watcher's errors are about.
const listening = "listen to nl80211"

// drainPause is how long no event may come for the queue to count as empty.
const drainPause = 10 * time.Millisecond

// A Watcher hears what happens to radios.
type Watcher struct {
	conn   *genetlink.Conn
	family genetlink.Family
	closed atomic.Bool
}

// NewWatcher starts to collect events; they wait in the kernel for Watch. To
// miss nothing, make the Watcher before looking at how things are.
func NewWatcher() (*Watcher, error) {
	return WatchWith(func() (*genetlink.Conn, error) { return genetlink.Dial(nil) })
}

// WatchWith is NewWatcher over a connection that dial makes. It is for tests,
// see package nl80211test.
func WatchWith(dial func() (*genetlink.Conn, error)) (*Watcher, error) {
	conn, err := dial()
	if err != nil {
		return nil, broken(listening, err)
	}
	w := &Watcher{conn: conn}
	if err := w.subscribe(); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return w, nil
}

// subscribe joins the groups.
func (w *Watcher) subscribe() error {
	_ = w.conn.SetDeadline(time.Now().Add(DefaultTimeout))
	l := &link{conn: w.conn}
	if err := l.connect(listening); err != nil {
		return err
	}
	w.family = l.family
	for _, name := range []string{unix.NL80211_MULTICAST_GROUP_CONFIG, unix.NL80211_MULTICAST_GROUP_REG, unix.NL80211_MULTICAST_GROUP_MLME} {
		if err := w.join(w.family, name); err != nil {
			return broken(listening, err)
		}
	}
	// When cfg80211 is unloaded, the kernel takes everyone out of its groups
	// and says so here only.
	if control, err := w.conn.GetFamily("nlctrl"); err == nil {
		_ = w.join(control, "notify")
	}
	// As much as the kernel grants: an overrun is no disaster.
	_ = w.conn.SetReadBuffer(watchBuffer)
	return nil
}

// join joins a family's group.
func (w *Watcher) join(f genetlink.Family, name string) error {
	for _, g := range f.Groups {
		if g.Name == name {
			return w.conn.JoinGroup(g.ID)
		}
	}
	return fmt.Errorf("%s has no events of the kind %q", f.Name, name)
}

// Watch hands every event to fn, in order, one at a time, and returns when ctx
// ends, with its cause, or when no more events can come: ENODEV says that
// cfg80211 was unloaded, net.ErrClosed that the Watcher was closed. It runs once
// at a time, and again after its context has ended.
//
// While fn runs, events wait in the kernel, for which there is a limit: it
// should not wait for the network or the kernel.
func (w *Watcher) Watch(ctx context.Context, fn func(Event)) error {
	_ = w.conn.SetReadDeadline(time.Time{})
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	})
	defer func() {
		if !stop() {
			<-interrupted // not in the middle of the next Watch
		}
	}()
	for ctx.Err() == nil {
		if err := w.next(ctx, fn); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// next waits for one message, or a few, and hands on what they say.
func (w *Watcher) next(ctx context.Context, fn func(Event)) error {
	messages, headers, err := w.conn.Receive()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, unix.ENOBUFS):
		return w.drain(ctx, fn)
	default:
		return w.ended(err)
	}
	for i, m := range messages {
		switch headers[i].Header.Type {
		case netlink.HeaderType(w.family.ID):
			if e, ok := decodeEvent(m); ok {
				fn(e)
			}
		case unix.GENL_ID_CTRL:
			if w.unloaded(m) {
				return &Error{Op: listening, Errno: unix.ENODEV, Message: "cfg80211 was unloaded"}
			}
		}
	}
	return nil
}

// drain empties the queue after an overrun, and says that events are lost. Until
// it is empty the kernel drops every further event, without another word: who
// looks at everything again before that, may miss what happens next.
func (w *Watcher) drain(ctx context.Context, fn func(Event)) error {
	for {
		_ = w.conn.SetReadDeadline(time.Now().Add(drainPause))
		_, _, err := w.conn.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return w.ended(err)
		}
	}
	_ = w.conn.SetReadDeadline(time.Time{})
	if ctx.Err() != nil { // whose end may have set a deadline before us
		return context.Cause(ctx)
	}
	fn(lost())
	return nil
}

// ended says why nothing more can be read.
func (w *Watcher) ended(err error) error {
	if w.closed.Load() {
		err = net.ErrClosed
	}
	return broken(listening, err)
}

// unloaded reports whether a message of the generic netlink controller says
// that our family is gone.
func (w *Watcher) unloaded(m genetlink.Message) bool {
	if m.Header.Command != unix.CTRL_CMD_DELFAMILY {
		return false
	}
	gone := false
	err := attributes(m.Data, func(ad *netlink.AttributeDecoder) error {
		if ad.Type() == unix.CTRL_ATTR_FAMILY_NAME {
			gone = ad.String() == unix.NL80211_GENL_NAME
		}
		return nil
	})
	return err == nil && gone
}

// Close ends the Watcher, and a Watch that is under way.
func (w *Watcher) Close() error {
	w.closed.Store(true)
	return w.conn.Close()
}
