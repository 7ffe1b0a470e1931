package actors

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
)

// uplinkActor is the actor that keeps a source connected: it dials, runs the session,
// and dials again after a wait, until the log is confirmed or it may not retry.
type uplinkActor struct {
	state   *sourceState
	rig     *shared
	log     *slog.Logger
	servers *uplink.Failover
	rivals  []uplink.Rivalry // by server
	faults  []error          // by server: how it failed since frames flowed, nil if it did not
	server  int              // of the link that runs or is made; its index in the configuration
	task    *task
	timer   *time.Timer
	live    *uplink.Link            // the link that runs, nil between links
	later   *kismet.ConfigureReport // for when frames flow; nil is none

	timed      atomic.Bool   // as the session was announced: the server keeps our times
	lent       atomic.Bool   // they are this machine's clock's, for want of better ones
	copied     atomic.Bool   // the server was told of its copy of the position, if it is to have one
	changed    time.Time     // of the last link that was ended to announce it anew
	assured    bool          // the server has just told that its copy is fresh, and need not be asked
	planned    bool          // this link was
	next       time.Duration // and the next one follows so soon
	sentBefore uint64        // bytes, on earlier links
	look       *task         // at the first server, while the link is to another
}

// What the link's goroutine and timer tell it.
type (
	dialNow struct{}
	dialled struct {
		task *task
		link *uplink.Link
		err  error
	}
	ended struct {
		task *task
		err  error
	}
	heard struct {
		link  *uplink.Link
		event uplink.Event
	}
)

func newUplink(state *sourceState, rig *shared) *uplinkActor {
	return &uplinkActor{
		state: state, rig: rig, log: rig.log.With("source", state.cfg.Name), sentBefore: state.link.Load().SentBytes,
		servers: uplink.NewFailover(len(rig.dialers)), rivals: make([]uplink.Rivalry, len(rig.dialers)),
		faults: make([]error, len(rig.dialers)),
	}
}

// Receive implements actor.Actor.
func (k *uplinkActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		k.dial(ctx)
	case dialNow:
		k.dial(ctx)
	case Hurry:
		if k.state.link.Load().State == LinkWaiting && k.timer.Stop() {
			k.dial(ctx)
		}
	case dialled:
		if m.task == k.task {
			k.dialled(ctx, m)
		}
	case heard:
		if m.link == k.live {
			k.heard(ctx, m)
		}
	case ended:
		if m.task == k.task {
			k.ended(ctx, m.err)
		}
	case ServerAnswer:
		if m.Link == k.live {
			k.later = nil // older than the answer
			k.tell(m.Link, m.Message)
		}
	case ServerTold:
		k.told(m.Message)
	case storeOpened:
		k.storeOpened()
	case NetworkChanged:
		k.networkChanged(ctx, m.Reason)
	case lookedAt:
		k.lookedAt(m)
	case *actor.Stopping, *actor.Restarting:
		if k.timer != nil {
			k.timer.Stop()
		}
		k.look.stop()
		k.task.stop()
	}
}

// told passes on what the source says by itself. Before frames flow there is
// only the server's question to answer; how the radio is tuned may change just
// behind that answer, and is told as soon as frames flow.
func (k *uplinkActor) told(m kismet.Message) {
	if k.live != nil && k.state.link.Load().State == LinkStreaming {
		k.tell(k.live, m)
		return
	}
	if r, ok := m.(kismet.ConfigureReport); ok {
		k.later = &r
	}
}

// tell sends a message. What a report has to say beside its channel, a v3 server
// only shows as a message of its own.
func (k *uplinkActor) tell(link *uplink.Link, m kismet.Message) {
	if r, ok := m.(kismet.ConfigureReport); ok && r.Text != "" && link.Version() == kismet.V3 {
		link.Answer(kismet.Text{Severity: kismet.Error, Text: r.Text})
		r.Text = ""
		m = r
	}
	link.Answer(m)
}

// update changes the published status.
func (k *uplinkActor) update(change func(*LinkStatus)) {
	s := *k.state.link.Load()
	change(&s)
	k.state.link.Store(&s)
}

func (k *uplinkActor) enter(state LinkState) {
	k.update(func(s *LinkStatus) { s.State, s.Since = state, time.Now() })
}

// dial starts the goroutine that makes a link and, if that succeeds, runs the
// session on it.
func (k *uplinkActor) dial(ctx actor.Context) {
	k.state.adopt()
	if k.givesWay(ctx) {
		return
	}
	k.server = k.servers.Current()
	dialer := k.rig.dialers[k.server]
	k.update(func(s *LinkStatus) { s.Server, s.ServerName = dialer.Server.URL(), dialer.Server.Name })
	k.enter(LinkDialling)
	assured := k.assured
	k.assured = false
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	k.task = startTask(func(work context.Context, t *task) {
		defer func() {
			if p := recover(); p != nil {
				send(self, ended{task: t, err: fault.Newf(fault.Internal, "uplink", "panic: %v", p)})
			}
		}()
		l, err := dialer.Dial(work)
		send(self, dialled{task: t, link: l, err: err})
		if err != nil {
			return
		}
		k.copied.Store(assured && k.copy().isFresh() || k.copy().renew(work))
		err = l.Run(work, k.session(func(e uplink.Event) { send(self, heard{link: l, event: e}) }))
		send(self, ended{task: t, err: err})
	})
}

func (k *uplinkActor) dialled(ctx actor.Context, m dialled) {
	switch {
	case m.err != nil && k.planned:
		k.planned = false
		k.again(ctx, k.next)
		return
	case m.err != nil:
		k.failed(ctx, true, m.err)
		return
	}
	k.live, k.later = m.link, nil
	k.update(func(s *LinkStatus) { s.Protocol = m.link.Version().String() })
	k.enter(LinkAnnounced)
}

func (k *uplinkActor) heard(ctx actor.Context, m heard) {
	switch m.event.(type) {
	case uplink.Streaming:
		k.servers.Healthy(time.Now())
		k.rivals[k.server].Streaming(time.Now())
		clear(k.faults)
		k.enter(LinkStreaming)
		k.update(func(s *LinkStatus) { s.Links++; s.Err = nil })
		st := k.state.link.Load()
		k.log.Info("frames flow", "server", st.Server, "protocol", st.Protocol, "waiting", k.state.log.Stats().Waiting)
		if k.later != nil {
			k.tell(k.live, *k.later)
			k.later = nil
		}
		ctx.Send(ctx.Parent(), LinkUp{})
	case uplink.Acked:
		k.update(func(s *LinkStatus) {
			s.RoundTrip, s.HoldsLate = m.link.RoundTrip(), m.link.HoldsLate()
			s.CatchUp, s.HasCatchUp = m.link.CatchUp()
			s.SentBytes = k.sentBefore + m.link.Written()
		})
		ctx.Send(ctx.Parent(), Acked{})
		k.lookAtRival()
		k.lookAtClock(time.Now())
		k.lookAtCopy()
		k.lookAtFirst(ctx)
	case uplink.OpenAsked, uplink.ConfigureAsked:
		ctx.Send(ctx.Parent(), ServerAsked{Link: m.link, Event: m.event})
	}
}

func (k *uplinkActor) ended(ctx actor.Context, err error) {
	if k.live != nil {
		k.sentBefore += k.live.Written()
		k.live = nil
	}
	k.update(func(s *LinkStatus) { s.RoundTrip, s.CatchUp, s.HasCatchUp, s.HoldsLate = 0, 0, false, false })
	if err == nil {
		k.enter(LinkFinished)
		ctx.Send(ctx.Parent(), Drained{})
		return
	}
	if k.planned {
		k.planned = false
		k.again(ctx, k.next)
		return
	}
	k.failed(ctx, false, err)
}

// failed waits and dials again, or gives up where that is what the user wants.
func (k *uplinkActor) failed(ctx actor.Context, dialling bool, err error) {
	streamed := k.state.link.Load().Links > 0
	err = k.rivals[k.server].Explain(err, time.Now())
	if k.state.log.Confirmed() && (streamed || !k.rig.cfg.Once) {
		k.enter(LinkFinished)
		ctx.Send(ctx.Parent(), Drained{})
		return
	}
	last := k.faults[k.server]
	k.faults[k.server] = err
	if k.rig.cfg.NoRetry || (k.rig.cfg.Once && !streamed && k.hopeless()) {
		k.enter(LinkGaveUp)
		k.update(func(s *LinkStatus) { s.Err = err })
		ctx.Send(ctx.Parent(), LinkLost{Err: err, Retry: -1})
		return
	}
	before := k.server
	wait := k.servers.Failed(err, time.Now())
	repeated := last != nil && fault.CodeOf(last) == fault.CodeOf(err)
	k.update(func(s *LinkStatus) { s.fail(err, time.Now()) })
	k.report(dialling, err, wait, repeated)
	if after := k.servers.Current(); after != before && !repeated {
		k.log.Info("another server is tried", "server", k.rig.dialers[after].Server.URL())
	}
	ctx.Send(ctx.Parent(), LinkLost{Err: err, Retry: wait})
	k.again(ctx, wait)
}

// again dials after a wait.
func (k *uplinkActor) again(ctx actor.Context, wait time.Duration) {
	k.enter(LinkWaiting)
	k.state.adopt()
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	k.timer = time.AfterFunc(wait, func() { send(self, dialNow{}) })
}

// report logs a failure when it begins; repeats of the same are for debugging.
func (k *uplinkActor) report(dialling bool, err error, wait time.Duration, repeated bool) {
	level := slog.LevelWarn
	if repeated {
		level = slog.LevelDebug
	}
	why := []any{
		"err", err, "code", fault.CodeOf(err), "remedy", fault.RemedyOf(err),
		"retry_in", wait.Round(time.Millisecond).String(), "waiting", k.state.log.Stats().Waiting,
	}
	if dialling {
		k.log.Log(context.Background(), level, "cannot connect", why...)
	} else {
		k.log.Log(context.Background(), level, "link lost", why...)
	}
}
