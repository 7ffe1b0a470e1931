package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/web"
)

// startWork starts what goes on beside the sources: the recording, what
// `sensord status` asks, and the watches of the network and the server.
func (r *rig) startWork(ctx actor.Context) {
	if r.recorder != nil {
		r.startWorker(ctx, "recorder", r.log, r.record)
	}
	if socket := r.cfg.Status.Socket; socket != "" && r.report != nil {
		r.startWorker(ctx, "status", r.log, func(ctx context.Context) error {
			return web.ServeStatus(ctx, socket, r.report)
		})
	}
	if len(r.dialers) == 0 || r.sources == nil {
		return
	}
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	r.startWorker(ctx, "network", r.log, func(ctx context.Context) error {
		return r.watchNetwork(ctx, func(reason string) { send(self, NetworkChanged{Reason: reason}) })
	})
	if len(r.cfg.Servers) > 0 && r.cfg.Servers[0].REST.URL != "" {
		r.startWorker(ctx, "drops", r.log, r.watchDrops)
	}
}

// paceChanged says how fast kept frames leave from now on.
func (s *shared) paceChanged(c uplink.PaceChange) {
	if c.Slower {
		s.log.Warn("the server drops frames for want of time: kept ones leave more slowly",
			"dropped_there", c.Dropped, "frames_per_s", c.Limits.FramesPerSecond, "code", fault.ServerDrops, "remedy", fault.ServerDrops.Remedy())
		return
	}
	s.log.Info("kept frames leave faster again", "frames_per_s", c.Limits.FramesPerSecond)
}

// keepStatus fills in what of the status is about keeping frames.
func (s *shared) keepStatus(st *Status) {
	if s.spool != nil {
		bytes, size, free := s.spool.Usage()
		st.Spool = &SpoolStatus{Dir: s.cfg.Spool.Dir, Bytes: bytes, Size: size, Free: free}
	}
	if err := s.spoolErr.Load(); err != nil {
		if st.Spool == nil {
			st.Spool = &SpoolStatus{Dir: s.cfg.Spool.Dir, Free: -1}
		}
		st.Spool.Err = *err
	}
	if s.recorder != nil {
		stats := s.recorder.Stats()
		st.Record = &stats
	}
	if s.pacer != nil {
		st.Replay = s.pacer.Limits()
	}
}
