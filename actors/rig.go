package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// inFlightBytes is what all links of a rig together may lend each other.
const inFlightBytes = 8 << 20

// rig supervises the sources and the navigator, and ends when all sources have
// ended or its time is up.
type rig struct {
	*shared
	finish  func(error)
	pids    []*actor.PID
	going   map[*sourceState]bool // not yet ended
	split   splitter
	err     error
	timeout *time.Timer
	stopped bool
}

// What reaches the rig from outside its actors.
type (
	drainAll struct{}
	timeUp   struct{ err error }
)

// Receive implements actor.Actor.
func (r *rig) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.start(ctx)
	case SourceEnded:
		r.sourceEnded(ctx, m)
	case drainAll:
		for _, pid := range r.pids {
			ctx.Send(pid, Drain{})
		}
		if len(r.pids) == 0 {
			r.end(ctx, nil)
		}
	case NetworkChanged:
		for _, pid := range r.pids {
			ctx.Send(pid, m)
		}
	case HopJoin:
		r.split.join(m)
		r.split.share(ctx.Send)
	case HopLeave:
		r.split.leave(m.Source)
		r.split.share(ctx.Send)
	case timeUp:
		if r.err != nil { // it came first
			m.err = r.err
		}
		r.end(ctx, m.err)
	case *actor.Stopping:
		if r.timeout != nil {
			r.timeout.Stop()
		}
	case *actor.Stopped:
		r.stop()
	}
}

func (r *rig) start(ctx actor.Context) {
	r.startPositions(ctx)
	r.startWork(ctx)
	r.startBus(ctx)
	filter := spawn(ctx, "filter", r.props(func() actor.Actor { return newFilter(r.shared) }))
	r.pids, r.going, r.split = nil, map[*sourceState]bool{}, splitter{}
	for i, s := range r.sources {
		r.going[s] = true
		props := r.props(func() actor.Actor { return newSource(s, r.shared, filter) })
		r.pids = append(r.pids, spawn(ctx, fmt.Sprintf("source-%d", i+1), props))
	}
	if r.cfg.Once && r.cfg.OnceTimeout > 0 {
		self, send := ctx.Self(), ctx.ActorSystem().Root.Send
		limit := r.cfg.OnceTimeout
		r.timeout = time.AfterFunc(limit, func() {
			send(self, timeUp{r.late(limit)})
		})
	}
}

// late says that --once took too long, and, if a link is the reason, which.
func (r *rig) late(limit time.Duration) error {
	err := errUnconfirmed
	for _, s := range r.sources {
		if link := s.link.Load(); link.Err != nil {
			err = fmt.Errorf("%w: %w", err, link.Err)
			break
		}
	}
	return fault.New(fault.Incomplete, fmt.Sprintf("--once-timeout %v", limit), err)
}

var errUnconfirmed = errors.New("not everything was confirmed in time")

func (r *rig) sourceEnded(ctx actor.Context, m SourceEnded) {
	delete(r.going, m.Source)
	if r.err == nil {
		r.err = m.Err
	}
	if len(r.going) == 0 {
		r.end(ctx, r.err) // whose error is told by who started the rig
		return
	}
	if m.Err != nil {
		r.log.Error("source given up, others go on", "source", m.Source.cfg.Name,
			"err", m.Err, "code", fault.CodeOf(m.Err), "remedy", fault.RemedyOf(m.Err))
	}
	if r.cfg.Once && !r.finite() { // radios have no end of their own
		for _, pid := range r.pids {
			ctx.Send(pid, Drain{})
		}
	}
}

// finite reports whether a source still goes that will end by itself.
func (r *rig) finite() bool {
	for s := range r.going {
		if s.cfg.Type != capture.TypeLinuxWifi {
			return true
		}
	}
	return false
}

// end stops all actors; their Stopped closes the rig.
func (r *rig) end(ctx actor.Context, err error) {
	if r.stopped {
		return
	}
	r.stopped, r.err = true, err
	ctx.Stop(ctx.Self())
}

// stop runs after all children have stopped.
func (r *rig) stop() {
	var closing sync.WaitGroup
	for _, s := range r.sources { // together: a driver that hangs costs its time once
		closing.Go(s.engine.close)
	}
	closing.Wait()
	for _, s := range r.sources {
		st := s.log.Stats()
		onTheWay := s.read.Load() - st.Captured // in a mailbox that nobody reads any more
		lost, kept := r.settle(s)
		lost += onTheWay
		s.ended()
		if r.cfg.Once { // what is only kept did not arrive
			lost += kept
		}
		if st.Dropped-st.Hidden+lost > 0 && (r.err == nil || r.cfg.Once && fault.Exit(r.err) == fault.ExitFailed) {
			r.err = incomplete(s.cfg.Name, st.Captured+st.Recovered+onTheWay, lost, st.Dropped-st.Hidden, r.err)
		}
	}
	for _, c := range r.copies {
		c.client.Close()
	}
	r.recording.last(func() {})
	if err := r.unrecorded(); err != nil && (r.err == nil || r.cfg.Once && fault.Exit(r.err) == fault.ExitFailed) {
		r.err = err
	}
	if r.spool != nil {
		if err := r.spool.Close(); err != nil {
			r.log.Warn("the spool was not closed in order", "err", err, "code", fault.CodeOf(err), "remedy", fault.RemedyOf(err))
		}
	}
	r.finish(r.err)
}

// incomplete says what of a source did not arrive; why may be nil.
func incomplete(name string, captured, unconfirmed, dropped uint64, why error) error {
	cause := fmt.Errorf("%d of %d frames not confirmed by the server, %d dropped", unconfirmed, captured, dropped)
	if why != nil {
		cause = fmt.Errorf("%w: %w", cause, why)
	}
	return fault.New(fault.Incomplete, "source "+name, cause)
}

// A Rig is a running sensor: Start makes it, Stop ends it. Its methods may be
// called from any goroutine.
type Rig struct {
	shared  *shared
	system  *actor.ActorSystem
	pid     *actor.PID
	started time.Time
	done    chan struct{}
	err     error
}

// Options is what a rig is made of.
type Options struct {
	Config  configs.Config
	Log     *slog.Logger
	Version string           // of the program, as the server shows it
	Dialers []*uplink.Dialer // to the configuration's servers; nil makes them

	// Positions runs the receivers only: the configuration's sources and servers
	// are left alone, and the rig runs until it is stopped.
	Positions bool

	open    opener                                         // for tests: what captures
	watch   watcher                                        // for tests: this machine's addresses
	spool   func(spool.Options) (*spool.Rig, error)        // for tests: opens it
	network func(context.Context, func(string)) error      // for tests: this machine's network
	now     func() int64                                   // for tests: CLOCK_BOOTTIME
	system  func() (clock.System, error)                   // for tests: the kernel's clock
	receive func(configs.Receiver, *shared) (fixer, error) // for tests: receivers
}

// Start starts a rig. It returns at once: what cannot be reached yet is waited
// for. The error is about the configuration.
func Start(opts Options) (*Rig, error) {
	s, err := newShared(opts)
	if err != nil {
		return nil, err
	}
	r := &Rig{shared: s, system: newSystem(opts.Log), started: time.Now(), done: make(chan struct{})}
	s.report = r.Report
	root := s.props(func() actor.Actor { return &rig{shared: s, finish: r.finish} })
	r.pid = spawn(r.system.Root, "rig", root.Configure(actor.WithGuardian(s.restart)))
	return r, nil
}

func (r *Rig) finish(err error) {
	r.err = err
	close(r.done)
}

// Done is closed when the rig has ended, by itself or by Stop.
func (r *Rig) Done() <-chan struct{} { return r.done }

// Err says why the rig ended, nil if everything was captured, sent and
// confirmed. It is valid once Done is closed.
func (r *Rig) Err() error { return r.err }

// Stop ends the rig in order: capture stops, what was captured is sent and
// confirmed, links close. When ctx is done first, the rest is given up and
// counted as lost. It returns Err.
func (r *Rig) Stop(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	default:
	}
	r.system.Root.Send(r.pid, drainAll{})
	select {
	case <-r.done:
	case <-ctx.Done():
		r.system.Root.Send(r.pid, timeUp{})
		<-r.done
	}
	return r.err
}

// Status returns what the rig is doing.
func (r *Rig) Status() Status {
	s := Status{Started: r.started, Restarts: r.shared.restart.failures.Load()}
	for _, src := range r.shared.sources {
		s.Sources = append(s.Sources, src.status())
	}
	track, now := r.shared.tracker.Track(), r.shared.now()
	s.Position, s.HasPosition = track.At(now)
	s.GPS = r.shared.gpsStatus()
	if !s.HasPosition {
		s.GPS.Unplaced = s.GPS.unplaced(track, now, r.shared.cfg.GPS)
	}
	r.shared.keepStatus(&s)
	return s
}
