package actors

import (
	"errors"
	"log/slog"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
)

// source owns one datasource: it appends what its radio captures to the frame
// log, grants the radio credit, and answers the server's requests.
type source struct {
	state *sourceState
	rig   *shared
	log   *slog.Logger

	run           Run
	radio, uplink *actor.PID
	hopper        *actor.PID // of a radio
	filter        *actor.PID // the rig's
	details       Details
	lost          fault.Code // why the radio is away; said once
	lossTold      bool       // so its return is worth a word
	lossesSince   time.Time
	losses        int // since then
	noticedAt     map[linuxwifi.NoticeKind]time.Time
	trouble       string    // with the channel, as it was said last
	troubleAt     time.Time // when
	opened        bool
	begun         bool // the first frame of a file has come
	granted       int  // credits the radio has not used up
	radioEnded    bool
	draining      bool
	dropping      bool // the log is full and drops; said once
	gateTimer     *time.Timer
	err           error // why capture ended early
	told          bool  // SourceEnded is sent
}

func newSource(state *sourceState, rig *shared, filter *actor.PID) *source {
	return &source{
		state: state, rig: rig, log: rig.log.With("source", state.cfg.Name), filter: filter,
		noticedAt: map[linuxwifi.NoticeKind]time.Time{},
	}
}

// Receive implements actor.Actor.
func (s *source) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.run = Run(s.state.runs.Add(1))
		if s.rig.wants(s.state) {
			s.startKeeping(ctx)
		}
		s.radio = spawn(ctx, "radio", s.rig.props(func() actor.Actor { return newRadio(s.state, s.rig, s.run) }))
	case RadioOpened:
		if m.Run == s.run {
			s.radioOpened(ctx, m)
		}
	case RadioNoticed:
		s.noticed(ctx, m.Notice)
	case RadioLost:
		if m.Run == s.run {
			s.radioLost(ctx, m.Err)
		}
	case Batch:
		s.arrived(ctx, m)
	case gateDue:
		s.pass(ctx, s.state.gate.Ready())
	case RadioEnded:
		if m.Run == s.run {
			s.captureEnded(ctx, m.Err)
		}
	case Acked:
		s.grant(ctx)
	case LinkUp:
		s.linkUp()
		s.grant(ctx) // a restart of the uplink may have swallowed an Acked
	case LinkLost:
		switch {
		case m.Retry < 0:
			s.end(ctx, m.Err)
		case s.draining && s.radioEnded && s.rig.keeps(s.state):
			s.end(ctx, s.err) // what is left is on disk, and sent by the next start
		}
	case ServerAsked:
		if s.uplink != nil { // nil: asked on a link of an earlier start
			s.asked(ctx, m)
		}
	case Steered:
		s.steered(ctx, m)
	case Drained:
		s.drained()
		s.end(ctx, s.err)
	case NetworkChanged:
		if s.uplink != nil {
			ctx.Send(s.uplink, m)
		}
	case storeOpened:
		if s.uplink == nil {
			s.state.adopt()
		} else {
			ctx.Send(s.uplink, m)
		}
	case Drain:
		s.drain(ctx)
	}
}

func (s *source) radioOpened(ctx actor.Context, m RadioOpened) {
	s.details, s.opened = m.Details, true
	s.granted = 0 // a radio that starts again has none
	s.state.setCapture(CaptureRunning)
	s.log.Info("capture open", "type", s.state.cfg.Type, "uuid", s.state.uuid().String(), "link_type", uint32(m.Details.LinkType),
		"interface", m.Details.CaptureInterface)
	if m.Details.Live {
		s.liveOpened(ctx)
	}
	if s.uplink == nil && len(s.rig.dialers) > 0 {
		s.uplink = spawn(ctx, "uplink", s.rig.props(func() actor.Actor { return newUplink(s.state, s.rig) }))
	}
	s.grant(ctx)
}

// grant gives the radio credit. One that can wait gets no more than the log has
// room for; one that cannot always has some, since a full log drops its oldest
// frames and counts them, which a full kernel ring does not.
func (s *source) grant(ctx actor.Context) {
	if !s.opened || s.radioEnded {
		return
	}
	want := maxCredit
	if !s.details.Live {
		want = min(want, s.state.log.Room())
	}
	if more := want - s.granted; more > 0 {
		s.granted += more
		ctx.Send(s.radio, Credit{Batches: more})
	}
}

func (s *source) captureEnded(ctx actor.Context, err error) {
	s.radioEnded = true
	s.flush(ctx)
	if errors.Is(err, errStopped) {
		err = nil
		s.stopped()
	} else {
		s.err = err
	}
	st := s.state.log.Stats()
	if err != nil {
		s.state.setCapture(CaptureFailed)
		s.state.failed.Store(&err)
		why := []any{"err", err, "code", fault.CodeOf(err), "remedy", fault.RemedyOf(err), "frames", st.Captured}
		if s.opened {
			s.log.Error("capture ended early", why...)
		} else {
			s.log.Error("capture could not start", why...)
		}
	} else {
		s.state.setCapture(CaptureEnded)
		s.log.Info("capture ended", "frames", st.Captured)
	}
	switch {
	case !s.opened:
		s.end(ctx, s.err)
	case s.draining, s.rig.cfg.Once, s.rig.cfg.NoRetry && s.details.Live:
		s.finish(ctx)
	}
}

// stopped notes that capture ended before its time, which matters to --once.
func (s *source) stopped() {
	if s.rig.cfg.Once && s.err == nil {
		s.err = fault.New(fault.Incomplete, "source "+s.state.cfg.Name, errBeforeEnd)
	}
}

var errBeforeEnd = errors.New("stopped before its end")

// drained tells how it went, once the server has confirmed the last frame.
func (s *source) drained() {
	st := s.state.log.Stats()
	if lost := st.Dropped - st.Hidden; lost > 0 {
		s.log.Warn("what was not dropped is confirmed", "frames", st.Acked, "dropped", lost, "resent", st.Resent)
		return
	}
	s.log.Info("all frames confirmed", "frames", st.Acked, "resent", st.Resent)
}

// finish closes the log while draining. The link says Drained when the server
// has confirmed it; without a link, and with nothing left, that is now.
func (s *source) finish(ctx actor.Context) {
	s.state.log.Close()
	link := s.state.link.Load().State
	switch {
	case link == LinkStreaming: // it says when
	case s.state.log.Confirmed(), len(s.rig.dialers) == 0:
		s.end(ctx, s.err)
	case s.rig.keeps(s.state) && (link == LinkIdle || link == LinkWaiting):
		s.end(ctx, s.err)
	}
}

func (s *source) linkUp() {
	if s.dropping {
		s.dropping = false
		st := s.state.log.Stats()
		s.log.Warn("frames were dropped while no server took them", "dropped", st.Dropped-st.Hidden)
	}
}

// drain stops capturing; what is in the log is still sent.
func (s *source) drain(ctx actor.Context) {
	s.draining = true
	if s.uplink != nil {
		ctx.Send(s.uplink, Hurry{})
	}
	switch {
	case !s.opened: // it may never be, as a FIFO that nobody writes
		s.stopped()
		s.end(ctx, s.err)
	case !s.radioEnded:
		ctx.Send(s.radio, StopCapture{})
	default:
		s.finish(ctx)
	}
}

// end tells the rig, once.
func (s *source) end(ctx actor.Context, err error) {
	if s.told {
		return
	}
	s.told = true
	ctx.Send(ctx.Parent(), SourceEnded{Source: s.state, Err: err})
}
