package actors

import (
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/web"
)

// reportDelivery adds where frames go: servers, disk, files.
func (s *shared) reportDelivery(report *web.Status, status *Status) {
	if p := status.Spool; p != nil {
		report.Spool = &web.Spool{Dir: p.Dir, Bytes: p.Bytes, Limit: p.Size, After: s.cfg.Spool.After.Seconds(), Problem: web.ProblemOf(p.Err)}
		if p.Free >= 0 {
			report.Spool.Free = &p.Free
		}
	}
	if r := status.Record; r != nil {
		report.Record = &web.Record{
			Dir: s.cfg.Record.Dir, File: r.File, Files: r.Files, Frames: r.Frames, Bytes: r.Bytes, Waiting: r.Waiting,
			Dropped: r.Dropped, Deleted: r.Deleted, Problem: web.ProblemOf(r.Err),
		}
	}
	if s.pacer != nil {
		report.Replay = reportReplay(s.cfg.Replay, status.Replay)
	}
	for i := range report.Sources {
		report.Sources[i].Spooled = s.keeps(s.sources[i])
		report.Sources[i].Link.Replaced = web.ProblemOf(status.Sources[i].Link.replaced(time.Now()))
	}
	s.reportServers(report)
}

// reportReplay says how fast kept frames leave. Less than the limit is in effect
// because of what the server drops.
func reportReplay(c configs.Replay, now uplink.ReplayLimits) *web.Replay {
	r := &web.Replay{Limit: c.FramesPerSecond, LimitBytes: c.BytesPerSecond}
	slowed := now.FramesPerSecond < c.FramesPerSecond || now.BytesPerSecond < c.BytesPerSecond
	if c.FramesPerSecond > 0 {
		r.Now = web.Rounded(now.FramesPerSecond, 1)
	}
	if slowed {
		r.Problem = web.ProblemOf(fault.Newf(fault.ServerDrops, "server", "it drops what it has no time for, so kept frames leave more slowly"))
	}
	return r
}

// reportServers adds the servers, and says of sources that they have none.
func (s *shared) reportServers(report *web.Status) {
	for _, d := range s.dialers {
		e := web.Endpoint{Name: d.Server.Name, Address: d.Server.URL()}
		for _, src := range report.Sources {
			if src.Link.Server == e.Address && src.Link.State == LinkStreaming.String() {
				e.Links++
			}
		}
		report.Servers = append(report.Servers, e)
	}
	if len(s.dialers) == 0 {
		for i := range report.Sources {
			report.Sources[i].Link = web.Link{State: "none"}
		}
	}
}
