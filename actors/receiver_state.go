package actors

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

// fixer is what a receiver does: Run tells what it says, until the connection
// or ctx ends, and returns why. Object and Detail are for people, and may be
// called from any goroutine.
type fixer interface {
	Run(ctx context.Context, tell func(gps.Event)) error
	Object() string
	Detail() string
}

var (
	_ fixer = (*feed.Receiver)(nil)
	_ fixer = (*gpsd.Client)(nil)
	_ fixer = (*meta.Receiver)(nil)
	_ fixer = (*replay.Player)(nil)
)

// receiverState is what of a receiver outlives its actor: made by the rig,
// written by what it says, read by anybody.
type receiverState struct {
	cfg     configs.Receiver
	fixer   fixer
	now     func() int64                  // CLOCK_BOOTTIME, ns
	waiting atomic.Int32                  // fixes on their way to the navigator
	latency atomic.Pointer[time.Duration] // measured; nil while it is not known

	mu      sync.Mutex
	err     error // why it is away; nil while it speaks
	speaks  bool  // something has come since it was last away
	fixes   uint64
	skipped uint64 // fixes that the navigator did not get, because too many came
	notice  string
	devices []*device // that fixes came from, the first first
}

// maxWaiting is how many fixes of one receiver may be on their way.
const maxWaiting = 32

// heard takes in what the receiver says. It reports whether the navigator
// should get it, and from whom; then, it is on its way.
func (r *receiverState) heard(e gps.Event) (from string, pass bool) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	var d *device
	switch m := e.(type) {
	case gps.Notice: // of somebody who went, perhaps: no sign of life
		r.notice = m.Text
		return "", false
	case gps.Sky:
		if d = r.device(m.Device, now); d != nil {
			d.sky = m.Satellites
		}
		return "", false
	case gps.Pulse:
		d = r.device(m.Device, now)
	case gps.Fix:
		if d = r.device(m.Device, now); d != nil {
			d.epochAt(m, now)
		}
		if m.HasPosition() {
			r.fixes++
		}
	}
	r.speaks, r.err = true, nil
	if d == nil || !d.allowed || r.waiting.Load() >= maxWaiting {
		r.skipped++
		return "", false
	}
	r.waiting.Add(1)
	return d.name, true
}

// away notes that the receiver's connection ended.
func (r *receiverState) away(err error) {
	r.mu.Lock()
	r.err, r.speaks = err, false
	r.mu.Unlock()
}

// staleAfter is how old a receiver's last fix may be before one says so, beyond
// the time in which the next is due.
const staleAfter = 3 * time.Second

func (r *receiverState) status() ReceiverStatus {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := ReceiverStatus{
		Name: r.cfg.Name, Type: r.cfg.Type, Object: r.fixer.Object(), Detail: r.fixer.Detail(),
		Err: r.err, Fix: gps.NewFix(), Fixes: r.fixes, Skipped: r.skipped, Notice: r.notice,
	}
	best, fixed := r.best(now)
	if best != nil {
		s.Fix, s.Satellites, s.Interval = best.fix, best.sky, best.interval.Mean()
	}
	if fixed != 0 {
		s.Age = time.Duration(now - fixed)
	}
	switch {
	case r.err != nil:
		s.State = ReceiverAway
	case !r.speaks:
		s.State = ReceiverConnecting
	case best != nil && r.holds(best, now):
		s.State = ReceiverFix
	case fixed != 0:
		s.State = ReceiverStale
		s.Err = r.stale(s.Object, s.Age)
	default:
		s.State = ReceiverSearching
		s.Err = fault.Newf(fault.GPSSearching, s.Object, "no fix yet")
	}
	return s
}

// stale is what is wrong with a receiver that has had a fix, and what to do.
func (r *receiverState) stale(object string, age time.Duration) error {
	e := &fault.Error{Code: fault.GPSStale, Object: object, Err: fmt.Errorf("no fix for %v", age.Round(time.Second))}
	if r.cfg.Type == configs.ReceiverBus {
		e.Advice = "frames have no position until it comes again; `sensord fleet` shows whether that rig has one, and a link"
	}
	return e
}

// holds reports whether a device's last fix has a position, and is not old.
func (r *receiverState) holds(d *device, now int64) bool {
	limit := max(staleAfter+d.interval.Mean(), r.cfg.Expire)
	return d.fixed != 0 && d.fixed == d.epoch && time.Duration(now-d.fixed) <= limit
}

// best returns the device to show: the first that has a position, else the one
// that spoke last; and when any of them had a position, 0 for never.
func (r *receiverState) best(now int64) (best *device, fixed int64) {
	for _, d := range r.devices {
		fixed = max(fixed, d.fixed)
		if best == nil || !r.holds(best, now) && (r.holds(d, now) || d.heard > best.heard) {
			best = d
		}
	}
	return best, fixed
}

// newFixer makes what a receiver's actor runs.
func newFixer(c configs.Receiver, s *shared) (fixer, error) {
	switch c.Type {
	case configs.ReceiverGPSD:
		return gpsd.New(gpsd.Options{Address: c.Address, Device: c.Device, Now: s.now}), nil
	case configs.ReceiverMeta, configs.ReceiverWeb:
		return meta.New(meta.Options{Name: c.Name, Expire: c.Expire, Now: s.now}), nil
	case configs.ReceiverBus:
		return newBusReceiver(c, s)
	case configs.ReceiverReplay:
		return replay.New(c.File, replay.Options{StartDate: c.StartDate, NoChecksum: c.NoChecksum}, s.now), nil
	}
	return feed.New(feed.Options{
		Kind: feed.Kind(c.Feed), Device: c.Device, Baud: c.Baud, Address: c.Address, NoChecksum: c.NoChecksum,
		Now: s.now, Log: s.log.With("receiver", c.Name),
	})
}
