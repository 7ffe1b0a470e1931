package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

// hopper steers a source's radio: it settles whose command counts, lets a
// hop.Hopper carry it out while there is a radio, and says what is really tuned.
type hopper struct {
	state *sourceState
	rig   *shared
	boss  *actor.PID // the rig, which splits
	log   *slog.Logger

	command command
	listed  []string // all that the radio can be tuned to, as the wire spells it
	list    []capture.Channel
	hopper  *hop.Hopper // nil while there is no radio
	task    *task
	waiting []Steer     // not yet done; the first is in the works
	trouble []error     // not yet told
	telling *time.Timer // when trouble is told
	measure *time.Timer // when the split looks again
	locks   int         // how often the hopper was told to lock, or to let go
	wrong   string      // with the list, as it was said last
}

// What the hopper's own goroutines and timers tell it.
type (
	hopEvent struct {
		from  *task
		event hop.Event
	}
	steerDone struct {
		from *task
		lock int // which of hopper.locks
		err  error
	}
	hopFailed struct {
		from   *task
		reason any
	}
	tellTrouble struct{}
	remeasure   struct{}
)

const (
	troubleEvery = time.Second // what goes wrong in between is told together
	measureEvery = time.Minute // how often a split looks at measured switch times
	lockTimeout  = 10 * time.Second
	maxSteers    = 64 // commands of a server that wait
)

func newHopper(state *sourceState, rig *shared, boss *actor.PID) *hopper {
	return &hopper{
		state: state, rig: rig, boss: boss, log: rig.log.With("source", state.cfg.Name),
		command: command{source: "source " + state.cfg.Name, mode: hopMode(state.cfg)},
	}
}

// Receive implements actor.Actor.
func (h *hopper) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started: // again, perhaps, and the radio is there
		h.ready(ctx)
	case RadioReady:
		h.ready(ctx)
		if m.Anew && h.hopper != nil {
			h.hopper.Retry()
		}
	case RadioAway:
		h.away(ctx)
	case Steer:
		h.steer(ctx, m)
	case steerDone:
		if m.from == h.task && m.lock == h.locks {
			h.steered(ctx, m.err)
		}
	case HopShare:
		h.shared(ctx, m.Share)
	case hopEvent:
		if m.from == h.task {
			h.event(ctx, m.event)
		}
	case tellTrouble:
		h.tell(ctx)
	case hopFailed:
		if m.from == h.task {
			panic(m.reason) // its supervisor starts this anew, in a while
		}
	case remeasure:
		h.join(ctx)
	case *actor.Stopping, *actor.Restarting:
		h.stop()
		for _, t := range []*time.Timer{h.telling, h.measure} {
			if t != nil {
				t.Stop()
			}
		}
	}
}

func (h *hopper) stop() {
	h.task.stop()
	h.state.hopper.Store(nil)
	h.hopper, h.task = nil, nil
}

// ready begins to hop on a radio that has been opened, or goes on by another
// list.
func (h *hopper) ready(ctx actor.Context) {
	live := h.state.engine.live()
	if live == nil {
		return // lost again; RadioAway is on its way
	}
	err := h.choose(live.Bands(), *h.state.options.Load())
	if wrong := fmt.Sprint(err); err != nil && wrong != h.wrong {
		h.wrong = wrong
		h.report(ctx, ServerAsked{}, err)
	}
	if h.hopper == nil {
		h.start(ctx)
	} else {
		h.hopper.SetPlan(h.command.effect())
	}
	h.join(ctx)
}

// choose settles which channels the radio has and hops over.
func (h *hopper) choose(bands []capture.BandCapability, options capture.Definition) error {
	opts, wrong := capture.ParseChannelOptions(options)
	if len(h.state.cfg.Hop.Channels) > 0 {
		opts.Only = h.state.cfg.Hop.Channels
	}
	all := capture.ListChannels(bands, opts)
	list, errs := capture.HopList(all, opts)
	if wrong != nil { // and what could be read of them counts
		errs = append(errs, wrong)
	}
	same := slices.Equal(list, h.list)
	h.listed, h.list = nil, list
	for _, l := range all {
		if l.Off == "" {
			h.listed = append(h.listed, l.Name)
		}
	}
	cfg, was := h.state.cfg.Hop, h.command.plan
	h.command.plan = hop.Plan{Channels: list, Rate: cfg.Rate, Shuffle: cfg.Shuffle, Adaptive: h.command.mode == configs.HopAdaptive}
	if h.command.mode == configs.HopOff {
		h.command.plan = hop.Plan{Channels: fixedChannel(options)}
	}
	if len(h.command.plan.Channels) == 0 && h.command.mode != configs.HopOff {
		errs = append(errs, errNoChannels)
	}
	if h.command.mode == configs.HopSplit && same { // a share of it stays until there is another
		h.command.plan.Channels, h.command.plan.Offset = was.Channels, was.Offset
	}
	return joined(h.command.source, errs)
}

var errNoChannels = errors.New("no channel is left to hop over, so it stays where it is")

// fixedChannel is the channel that a definition asks for, if it does: a radio
// that does not hop is tuned to it again whenever it had to be let go.
func fixedChannel(options capture.Definition) []capture.Channel {
	name, _ := options.Get("channel")
	if ch, err := capture.ParseChannel(name); err == nil {
		return []capture.Channel{ch}
	}
	return nil
}

func (h *hopper) start(ctx actor.Context) {
	work, cancel := context.WithCancel(context.Background())
	t := &task{cancel: cancel, done: make(chan struct{})}
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	hopper := hop.New(h.command.effect(), &h.state.engine, h.state.coverage, func(e hop.Event) {
		send(self, hopEvent{from: t, event: e})
	})
	h.hopper, h.task = hopper, t
	h.state.hopper.Store(hopper)
	lock := h.command.lock
	go func() {
		defer close(t.done)
		defer func() {
			if p := recover(); p != nil {
				send(self, hopFailed{from: t, reason: p})
			}
		}()
		if err := hopper.Run(work); err != nil {
			h.log.Error("hopping ended", "err", err, "code", fault.CodeOf(err))
		}
	}()
	if !lock.IsZero() { // from before the radio was lost
		h.lock(ctx, lock)
	}
}

// away stops hopping; who waits for an answer gets what is known. Trouble with
// tuning came of what the source has just told.
func (h *hopper) away(ctx actor.Context) {
	h.stop()
	h.trouble = nil
	for len(h.waiting) > 0 {
		h.steered(ctx, errNoRadio)
	}
	if h.command.mode == configs.HopSplit {
		ctx.Send(h.boss, HopLeave{Source: h.state})
	}
}

// report says what is in effect.
func (h *hopper) report(ctx actor.Context, to ServerAsked, err error) {
	m := Steered{For: to, Channels: h.listed, Err: err}
	if _, ok := to.Event.(uplink.OpenAsked); !ok {
		m.Channels = nil
	}
	if h.hopper == nil {
		ctx.Send(ctx.Parent(), m)
		return
	}
	st := h.hopper.Status()
	// It may not have begun yet: what it is about to do counts.
	if st.Locked.IsZero() && st.Plan.Period() > 0 && len(st.Active) > 0 {
		m.Hop = h.command.onWire(st)
	} else {
		m.Channel = h.command.spell(h.tuned(st))
	}
	ctx.Send(ctx.Parent(), m)
}

// tuned is where the radio is. A hopper that has nothing to do has not tuned it.
func (h *hopper) tuned(st hop.Status) capture.Channel {
	if live := h.state.engine.live(); live != nil && st.Tuned.IsZero() {
		return live.Tuned()
	}
	return st.Tuned
}
