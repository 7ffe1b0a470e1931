package actors

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// newShared makes what the actors of a rig share.
func newShared(opts Options) (*shared, error) {
	s := &shared{
		cfg: opts.Config, log: opts.Log, version: opts.Version, began: time.Now(),
		lender: uplink.NewLender(inFlightBytes), recording: newTurn(), tracker: &gps.Tracker{}, restart: &restart{log: opts.Log},
		dialers: opts.Dialers, open: opts.open, watch: opts.watch, now: opts.now, system: opts.system,
	}
	if s.openSpool = opts.spool; s.openSpool == nil {
		s.openSpool = spool.Open
	}
	if s.watchNetwork = opts.network; s.watchNetwork == nil {
		s.watchNetwork = uplink.WatchNetwork
	}
	if s.now == nil {
		s.now = clock.Boottime
	}
	if s.system == nil {
		s.system = clock.ReadSystem
	}
	if err := s.prepareBus(opts.Positions); err != nil { // first: what is said from here on is told there
		return nil, err
	}
	if opts.Positions {
		s.cfg.Sources = nil
	} else if err := s.prepareSources(); err != nil {
		return nil, err
	}
	receive := opts.receive
	if receive == nil {
		receive = newFixer
	}
	return s, cmp.Or(s.prepareReceivers(receive), s.prepareWeb(), s.prepareBridges(), s.prepareCopies())
}

// prepareSources makes what captures, where frames are kept, and the ways to the
// servers.
func (s *shared) prepareSources() error {
	if len(s.cfg.Sources) == 0 || len(s.cfg.Servers) == 0 && s.cfg.Record.Dir == "" {
		return fault.Newf(fault.ConfigInvalid, "configuration", "want a source, and a server or a recording, have %d sources and %d servers",
			len(s.cfg.Sources), len(s.cfg.Servers))
	}
	if s.dialers == nil {
		var err error
		if s.dialers, err = NewDialers(s.cfg, s.version); err != nil {
			return err
		}
	}
	if s.open == nil {
		s.open = openEngine(s.cfg.StateDir, s.log)
	}
	if s.watch == nil {
		s.watch = watchLinks(firstHops(s.dialers))
	}
	s.pacer = uplink.NewPacer(uplink.ReplayLimits{FramesPerSecond: s.cfg.Replay.FramesPerSecond, BytesPerSecond: s.cfg.Replay.BytesPerSecond})
	s.prepareRecorder()
	memory := int(min(s.cfg.Spool.MemoryBytes/int64(len(s.cfg.Sources)), math.MaxInt32))
	for i, src := range s.cfg.Sources {
		state := newSourceState(src, memory, s)
		state.index = i
		s.sources = append(s.sources, state)
	}
	return atStart(s.prepareSpool())
}

// firstHops returns where links go out to: the servers, or their proxies.
func firstHops(dialers []*uplink.Dialer) (hosts []string) {
	for _, d := range dialers {
		hosts = append(hosts, d.Server.FirstHop())
	}
	return hosts
}

// atStart gives an error of a disk another remedy: who runs already captures on
// and tries again, who starts does not.
func atStart(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.DiskFailed && f.Code != fault.DiskFull {
		return err
	}
	e := *f
	e.Advice = "check the directory's owner and mode, and its disk; --spool DIR (spool: {dir: DIR}) names another, and off keeps frames in memory only"
	return &e
}

// prepareReceivers makes the receivers, and publishes what is known already.
func (s *shared) prepareReceivers(receive func(configs.Receiver, *shared) (fixer, error)) error {
	s.navigation = newNavigation(s.cfg.GPS, s.tracker)
	for _, c := range s.cfg.GPS.Receivers {
		switch {
		case c.Live():
			f, err := receive(c, s)
			if err != nil {
				return err
			}
			s.receivers = append(s.receivers, &receiverState{cfg: c, fixer: f, now: s.now})
		case c.Type == configs.ReceiverReplay:
			if err := s.replayLog(c); err != nil {
				return err
			}
		}
	}
	now, _ := s.system() // see navigator.readClock
	s.navigation.clock.SetSystem(now)
	s.navigation.publish()
	return nil
}

// startPositions starts the actors that say where the rig is.
func (r *rig) startPositions(ctx actor.Context) {
	navigator := spawn(ctx, "navigator", r.props(func() actor.Actor { return newNavigator(r.shared) }))
	for i, state := range r.receivers {
		props := r.props(func() actor.Actor { return newReceiver(state, r.shared, navigator) })
		spawn(ctx, fmt.Sprintf("receiver-%d", i+1), props)
	}
	for i, state := range r.copies {
		spawn(ctx, fmt.Sprintf("metagps-%d", i+1), r.props(func() actor.Actor { return newMetaCopy(state, r.shared) }))
	}
	if r.cfg.Web.Listen != "" {
		spawn(ctx, "web", r.props(func() actor.Actor { return &webSide{rig: r.shared} }))
	}
}
