package uplink

import (
	"context"
	"slices"
	"strings"
	"time"
)

// WatchNetwork tells, until ctx is done, of each change after which links are
// worth a new attempt: an address or a default route came or went, the carrier
// of an interface that has an address, and the end of a sleep of the machine.
// What belongs together is told once, a moment after it settled, with a reason
// for people: "default route over wwan0 is new". tell is called from
// WatchNetwork's goroutine. The error is about what the kernel refuses; nil is
// returned when ctx is done.
//
// On other systems than Linux it tells nothing.
func WatchNetwork(ctx context.Context, tell func(reason string)) error {
	return watchNetwork(ctx, tell)
}

// How changes are gathered.
const (
	networkQuiet = 300 * time.Millisecond // without another message, before it is looked what changed
	networkMost  = 2 * time.Second        // that it is put off
	tellEvery    = 10 * time.Second       // on the average: an interface that flaps must not end every dial
	tellAtOnce   = 5                      // that may come closer together
	sleepEvery   = time.Second            // how often it is looked for a sleep that has ended
	sleepLeast   = time.Second            // that counts as one
)

// A networkWatch waits for changes of the network.
type networkWatch struct {
	rings <-chan struct{}         // something may have changed
	read  func() (network, error) // what it is now
	slept func() time.Duration    // since the machine started, in all
}

func (w *networkWatch) run(ctx context.Context, tell func(string)) error {
	was, err := w.read()
	if err != nil {
		return err
	}
	slept := w.slept()
	tick := time.NewTicker(sleepEvery)
	defer tick.Stop()
	settle := time.NewTimer(networkMost)
	settle.Stop()
	defer settle.Stop()
	var since time.Time // of the first ring that was not looked into
	spent := time.Now() // until when what was told is spread evenly
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.rings:
			now := time.Now()
			if since.IsZero() {
				since = now
			}
			quiet := min(networkQuiet, max(0, networkMost-now.Sub(since)))
			settle.Reset(max(quiet, spent.Sub(now)-(tellAtOnce-1)*tellEvery))
		case <-settle.C:
			since = time.Time{}
			is, err := w.read()
			if err != nil {
				return err
			}
			if changes := is.changes(was); len(changes) > 0 {
				tell(strings.Join(changes, ", "))
				spent = later(spent, time.Now()).Add(tellEvery)
			}
			was = is
		case <-tick.C:
			total := w.slept()
			if d := total - slept; d >= sleepLeast {
				tell("the machine slept for " + d.Round(time.Second).String())
			}
			slept = total
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// A network is what of a machine's network decides whether a server can be
// reached.
type network struct {
	addrs    map[ifaceAddr]bool
	defaults map[defaultRoute]bool
	carrier  map[string]bool // of interfaces with addresses
}

type ifaceAddr struct{ iface, addr string }

type defaultRoute struct {
	iface, gateway string
	ipv6           bool
	metric         uint32
}

// changes says what is different from before, in the order of its weight.
func (n network) changes(before network) []string {
	var s []string
	for r := range n.defaults {
		if !before.defaults[r] {
			s = append(s, "default route over "+r.iface+" is new")
		}
	}
	for r := range before.defaults {
		if !n.defaults[r] {
			s = append(s, "default route over "+r.iface+" is gone")
		}
	}
	for a := range n.addrs {
		if !before.addrs[a] {
			s = append(s, a.iface+" has the address "+a.addr)
		}
	}
	for a := range before.addrs {
		if !n.addrs[a] {
			s = append(s, a.iface+" has lost the address "+a.addr)
		}
	}
	for iface, up := range n.carrier {
		if was, known := before.carrier[iface]; known && was != up {
			s = append(s, iface+map[bool]string{true: " is connected", false: " has no carrier"}[up])
		}
	}
	slices.Sort(s)
	return slices.Compact(s)
}
