package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
)

// gateDue says that the gate has decided on frames that it held.
type gateDue struct{}

// arrived takes what the radio captured: through the gate, if there are zones
// in which nothing is taken, into the recording and the log.
func (s *source) arrived(ctx actor.Context, m Batch) {
	if !s.begun && !m.Frames.Live && m.Frames.Len() > 0 {
		s.begun = true
		s.rig.outside(m.Frames.Frame(0).TimeNs, s.log)
	}
	if m.Run == s.run && s.granted > 0 {
		s.granted--
	}
	if gate := s.state.gate; gate != nil {
		gate.Push(m.Frames)
		s.pass(ctx, gate.Ready())
	} else {
		s.keep(m.Frames)
	}
	s.grant(ctx)
}

// pass keeps what the gate lets through, and looks again when it may have more.
func (s *source) pass(ctx actor.Context, batches []*capture.Batch) {
	for _, b := range batches {
		s.keep(b)
	}
	s.state.countHidden()
	if wait := s.state.gate.Wait(); wait >= 0 {
		s.gateTimer = after(ctx, s.gateTimer, wait, gateDue{})
	}
}

// flush ends the gate's holding back, as nothing comes behind.
func (s *source) flush(ctx actor.Context) {
	if s.state.gate != nil {
		s.pass(ctx, s.state.gate.Flush())
	}
}

// keep takes what may be told of.
func (s *source) keep(b *capture.Batch) {
	if r := s.rig.recorder; r != nil {
		r.Add(export.RecordSource{UUID: s.state.uuid(), Name: s.state.cfg.Name}, b)
	}
	if s.state.log.Append(b) > 0 && !s.dropping {
		s.dropping = true
		s.log.Warn("frame log full: frames are dropped", "code", fault.LogFull, "remedy", fault.LogFull.Remedy())
	}
	if len(s.rig.cfg.Servers) == 0 {
		s.state.takeAll() // the recording has them
	}
}

// startKeeping starts what writes the log to disk, and what opens the store that
// could not be opened yet.
func (s *source) startKeeping(ctx actor.Context) {
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	s.rig.startWorker(ctx, "spill", s.log, s.state.spill)
	s.rig.startWorker(ctx, "spool", s.log, func(work context.Context) error {
		return s.rig.openLate(work, s.state, func() { send(self, storeOpened{}) })
	})
}
