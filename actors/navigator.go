package actors

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/gps/fusion"
)

// navigation is what of the navigator outlives it: where the rig has been. One
// navigator at a time has it; others read what it publishes.
type navigation struct {
	clock   *clock.Estimator
	track   *gps.Builder
	fusion  atomic.Pointer[fusion.Status]
	tracker *gps.Tracker
}

func newNavigation(c configs.GPS, tracker *gps.Tracker) *navigation {
	k := &navigation{
		clock: clock.NewEstimator(time.Time{}), tracker: tracker,
		track: gps.NewBuilder(gps.TrackOptions{Predict: c.Predict, LimitM: c.LimitM}),
	}
	if c.Fixed != nil {
		k.track.SetFixed(c.Fixed)
	}
	return k
}

// publish makes known what is known. The rig calls it once before any actor
// runs: the first frame has to have its position too.
func (k *navigation) publish() {
	k.track.SetClock(k.clock.State())
	k.tracker.Publish(k.track.Track())
}

// navigator makes one track of what the receivers say, and publishes it: where
// the rig is, and what its clock is worth.
type navigator struct {
	rig        *shared
	log        *slog.Logger
	navigation *navigation
	filter     *fusion.Filter
	tick       *time.Timer
	pace       *clock.Pace
	last       map[string]int64 // the time of the last fix, as its receiver said it, UTC
	source     gps.ClockSource  // as it was said last, if it was
	said       bool
	began      int64 // boottime
	jumpAt     map[*receiverState]time.Time
}

// navigateNow is the navigator's own: the clock is looked at again.
type navigateNow struct{}

const navigateEvery = time.Second

func newNavigator(rig *shared) *navigator {
	return &navigator{
		began: rig.now(),
		rig:   rig, log: rig.log, navigation: rig.navigation, filter: fusion.New(fusionOptions(rig.cfg.GPS)),
		pace: clock.NewPace(rig.navigation.clock, rig.cfg.GPS.Predict), last: map[string]int64{}, jumpAt: map[*receiverState]time.Time{},
	}
}

func fusionOptions(c configs.GPS) fusion.Options {
	o := fusion.Options{Mode: fusion.Fusion, Motion: fusion.Car}
	if c.Mode == configs.GPSPriority {
		o.Mode = fusion.Priority
	}
	if c.Motion == configs.MotionFoot {
		o.Motion = fusion.Foot
	}
	for i := range c.Receivers {
		o.Order = append(o.Order, c.Receivers[i].Name)
	}
	return o
}

// Receive implements actor.Actor.
func (n *navigator) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		n.look(ctx)
	case navigateNow:
		n.look(ctx)
	case FixArrived:
		m.Receiver.waiting.Add(-1)
		n.fix(m.Receiver, m.Fix)
	case PulseArrived:
		m.Receiver.waiting.Add(-1)
		n.readClock()
		n.navigation.clock.Pulse(m.From, m.Pulse)
	case *actor.Stopping, *actor.Restarting:
		n.tick.Stop()
	}
}

// look is done every second, whether fixes come or not.
func (n *navigator) look(ctx actor.Context) {
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	n.tick = time.AfterFunc(navigateEvery, func() { send(self, navigateNow{}) })
	n.readClock()
	for _, r := range n.rig.receivers {
		if usual, _, known := n.navigation.clock.Latency(r.cfg.Name); known {
			r.latency.Store(&usual)
		}
	}
	n.publish()
	n.tell()
	n.status()
}

// publish makes known what is known, and when more can be expected.
func (n *navigator) publish() {
	n.navigation.track.SetPace(n.pace.Next(n.rig.now()))
	n.navigation.publish()
}

func (n *navigator) readClock() {
	// With an error it is not known whether the clock is synchronised, and taken
	// for one that is not.
	s, _ := n.rig.system()
	n.navigation.clock.SetSystem(s)
}

// fix takes in what a receiver says. One without a fix has a clock of its own,
// of which nothing can be learned.
func (n *navigator) fix(r *receiverState, f gps.Fix) {
	if !f.HasPosition() {
		n.filter.Add(f, n.rig.now()) // it is known to search
		return
	}
	if f.TimeNs != 0 && f.TimeNs == n.last[f.Receiver] {
		return // gpsd says a fix again when it knows more of it
	}
	n.readClock()
	var ok bool
	if f.TimeNs, ok = n.trusted(r, f); !ok {
		n.jumped(r, "its time is not that of now: it is an old position, or the clock of who posts it is wrong")
		return
	}
	at, ok := n.navigation.clock.Place(f, r.cfg.Latency)
	if !ok {
		n.jumped(r, "it came too late to say when it was true")
		return
	}
	n.last[f.Receiver] = f.TimeNs
	n.pace.Came(f.Receiver, at)
	result := n.filter.Add(f, at)
	if result.Rejected {
		n.jumped(r, result.Why)
	}
	n.navigation.track.Add(result.Points)
	n.publish()
	n.status()
}

// trusted returns a fix's time, 0 if it is not to be trusted: a log does not know
// what time it is now, and who posts positions may be years off, so that such
// times only say how old a position is, to a machine that knows the time. ok is
// false for one that is too old then.
func (n *navigator) trusted(r *receiverState, f gps.Fix) (timeNs int64, ok bool) {
	switch r.cfg.Type {
	case configs.ReceiverReplay:
		return 0, true
	case configs.ReceiverMeta, configs.ReceiverWeb:
		c := n.navigation.clock.State()
		if f.TimeNs == 0 || !c.Known() {
			return 0, true
		}
		age := time.Duration(f.ReceivedNs + c.OffsetNs - f.TimeNs)
		return f.TimeNs, age.Abs() <= r.cfg.Expire
	}
	return f.TimeNs, true
}

// jumped tells of a fix that cannot be, of each receiver once in a while.
func (n *navigator) jumped(r *receiverState, why string) {
	level := slog.LevelDebug
	if now := time.Now(); now.Sub(n.jumpAt[r]) >= noticeEvery {
		n.jumpAt[r] = now
		level = slog.LevelInfo
	}
	n.log.Log(context.Background(), level, "a fix is not believed", "receiver", r.cfg.Name, "why", why)
}

// clockPatience is how long a receiver has, after the start, to say the time.
const clockPatience = 10 * time.Second

// tell says when it changed whom the time is had from.
func (n *navigator) tell() {
	if !slices.ContainsFunc(n.rig.sources, func(s *sourceState) bool { return s.cfg.Type == capture.TypeLinuxWifi }) {
		return // files have times of their own
	}
	c := n.navigation.clock.State()
	patience := c.Source == gps.ClockUnknown && !n.said && time.Duration(n.rig.now()-n.began) < clockPatience
	if c.Source == n.source && n.said || patience {
		return
	}
	n.source, n.said = c.Source, true
	switch c.Source {
	case gps.ClockUnknown:
		n.log.Warn("the system clock is not synchronised, and no receiver has the time: servers stamp frames on arrival",
			"remedy", "start an NTP client, or connect a GPS receiver")
	case gps.ClockSystem:
		n.log.Info("the system clock is synchronised: frames go out with its times")
	default:
		n.log.Info("the system clock is not synchronised: the times of frames are corrected by GPS", "from", string(c.Source),
			"system_clock_off", time.Duration(c.SystemOffsetNs).Round(time.Millisecond).String())
	}
}

func (n *navigator) status() {
	s := n.filter.Status(n.rig.now())
	n.navigation.fusion.Store(&s)
}
