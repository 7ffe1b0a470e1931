package actors

import (
	"context"
	"net"
	"slices"
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
	now     func() int64 // CLOCK_BOOTTIME, ns
	waiting atomic.Int32 // fixes on their way to the navigator
	latency atomic.Int64 // measured, ns plus 1; 0 while it is not known

	mu       sync.Mutex
	err      error // why it is away; nil while it speaks
	speaks   bool  // something has come since it was last away
	fix      gps.Fix
	epoch    int64 // boottime of the last epoch; 0 before the first
	fixed    int64 // boottime of the last one with a position; 0 before the first
	interval time.Duration
	fixes    uint64
	skipped  uint64 // fixes that the navigator did not get, because too many came
	sky      []gps.Satellite
	notice   string
	devices  []string // that fixes came from, the first first
}

// maxWaiting is how many fixes of one receiver may be on their way: a receiver
// that floods loses its own.
const maxWaiting = 32

// heard takes in what the receiver says. It reports whether the navigator
// should get it.
func (r *receiverState) heard(e gps.Event) bool {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if n, ok := e.(gps.Notice); ok { // of somebody who went, perhaps: no sign of life
		r.notice = n.Text
		return false
	}
	r.speaks, r.err = true, nil
	switch m := e.(type) {
	case gps.Fix:
		r.epochAt(now)
		r.fix = m
		if m.HasPosition() {
			r.fixed = now
			r.fixes++
		}
		if r.waiting.Add(1) > maxWaiting {
			r.waiting.Add(-1)
			r.skipped++
			return false
		}
		return true
	case gps.Pulse:
		return true
	case gps.Sky:
		r.sky = m.Satellites
	}
	return false
}

// epochAt follows how often fixes come.
func (r *receiverState) epochAt(now int64) {
	if since := time.Duration(now - r.epoch); r.epoch != 0 && since < time.Minute {
		if r.interval == 0 {
			r.interval = since
		}
		r.interval += (since - r.interval) / 4
	}
	r.epoch = now
}

// away notes that the receiver's connection ended.
func (r *receiverState) away(err error) {
	r.mu.Lock()
	r.err, r.speaks = err, false
	r.mu.Unlock()
}

// maxDevices is how many devices behind one receiver are told apart.
const maxDevices = 8

// called is the name under which fusion knows a device behind the receiver:
// several devices of one gpsd, or several that send to one port, have errors of
// their own each. The first has the receiver's name.
func (r *receiverState) called(device string) string {
	if host, _, err := net.SplitHostPort(device); err == nil {
		device = host // a device that connects again has another port
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.devices, device)
	if i < 0 && len(r.devices) < maxDevices {
		i = len(r.devices)
		r.devices = append(r.devices, device)
	}
	if i <= 0 {
		return r.cfg.Name
	}
	return r.cfg.Name + " " + device
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
		Err: r.err, Fix: r.fix, Fixes: r.fixes, Skipped: r.skipped, Satellites: r.sky, Notice: r.notice,
		Interval: r.interval,
	}
	if r.fixed != 0 {
		s.Age = time.Duration(now - r.fixed)
	}
	limit := max(staleAfter+r.interval, r.cfg.Expire)
	switch {
	case r.err != nil:
		s.State = ReceiverAway
	case !r.speaks:
		s.State = ReceiverConnecting
	case r.fixed != 0 && s.Age <= limit && (r.fix.HasPosition() || time.Duration(now-r.epoch) > limit):
		s.State = ReceiverFix
	case r.fixed != 0:
		s.State = ReceiverStale
		s.Err = fault.Newf(fault.GPSStale, s.Object, "no fix for %v", s.Age.Round(time.Second))
	default:
		s.State = ReceiverSearching
		s.Err = fault.Newf(fault.GPSSearching, s.Object, "no fix yet")
	}
	return s
}

// newFixer makes what a receiver's actor runs.
func newFixer(c configs.Receiver, s *shared) (fixer, error) {
	switch c.Type {
	case configs.ReceiverGPSD:
		return gpsd.New(gpsd.Options{Address: c.Address, Device: c.Device, Now: s.now}), nil
	case configs.ReceiverMeta, configs.ReceiverWeb:
		return meta.New(meta.Options{Name: c.Name, Expire: c.Expire, Now: s.now}), nil
	case configs.ReceiverReplay:
		return replay.New(c.File, replay.Options{StartDate: c.StartDate, NoChecksum: c.NoChecksum}, s.now), nil
	}
	return feed.New(feed.Options{
		Kind: feed.Kind(c.Feed), Device: c.Device, Baud: c.Baud, Address: c.Address, NoChecksum: c.NoChecksum,
		Now: s.now, Log: s.log.With("receiver", c.Name),
	})
}
