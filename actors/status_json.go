package actors

import (
	"cmp"
	"os"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/web"
)

// Report returns what the rig is doing as programs and `sensord status` are told
// it, without rates, which take two looks: see web.ServeStatus. It does not
// block, and may be called from any goroutine.
func (r *Rig) Report() web.Status {
	s, now := r.Status(), time.Now()
	report := web.Status{
		Schema: web.StatusSchema, Time: momentText(now), Rig: r.shared.cfg.Rig, Version: r.shared.version, PID: os.Getpid(),
		Started: momentText(s.Started), Uptime: number(now.Sub(s.Started).Seconds(), 3), Restarts: s.Restarts,
		GPS: reportGPS(&s.GPS), Web: s.GPS.Web, Sources: []web.Source{}, Servers: []web.Endpoint{},
		Memory: web.Memory{Limit: r.shared.cfg.Spool.MemoryBytes},
	}
	if s.HasPosition {
		if report.Hidden = gps.Hidden(r.shared.cfg.Privacy.Zones, s.Position); !report.Hidden {
			report.Position = reportPosition(s.Position)
		}
	}
	for i := range s.Sources {
		state := r.shared.sources[i]
		src := reportSource(&s.Sources[i], state.cfg.Hop.Mode)
		if b := state.log.Backlog(); b.Frames > 0 {
			src.Frames.Oldest = web.Seconds(b.Age)
		}
		src.Hiding = report.Hidden && state.gate != nil && !src.Finite && s.Sources[i].Capture == CaptureRunning
		report.Memory.Bytes += src.Frames.MemBytes
		report.Sources = append(report.Sources, src)
	}
	r.shared.reportDelivery(&report, &s)
	report.Bus = r.shared.reportBus(now)
	report.Judge()
	return report
}

func reportSource(s *SourceStatus, mode configs.HopMode) web.Source {
	src := web.Source{
		Name: s.Name, Type: s.Type, Capture: s.Capture.String(), Finite: s.Type == capture.TypePcapFile,
		Link: reportLink(&s.Link), Frames: reportFrames(&s.Frames),
	}
	if !s.UUID.IsZero() {
		src.UUID = s.UUID.String()
	}
	src.Problem = web.ProblemOf(s.Err)
	if s.Radio != nil {
		src.Problem = cmp.Or(src.Problem, web.ProblemOf(s.Radio.Err))
		src.Radio = reportRadio(s.Radio, mode)
	}
	return src
}

func reportLink(l *LinkStatus) web.Link {
	link := web.Link{
		State: l.State.String(), Server: l.Server, Protocol: l.Protocol, Links: l.Links, Problem: web.ProblemOf(l.Err),
	}
	if l.Links > 0 {
		link.Sent = &l.SentBytes
	}
	if !l.Since.IsZero() {
		link.Since = momentText(l.Since)
	}
	if l.RoundTrip > 0 {
		link.RoundTrip = web.Seconds(l.RoundTrip)
	}
	if l.HasCatchUp && l.State == LinkStreaming {
		link.CatchUp = web.Seconds(l.CatchUp)
	}
	if l.HoldsLate {
		link.Held = "kept frames wait until the time is known"
	}
	return link
}

func reportFrames(s *frames.Stats) web.Frames {
	f := web.Frames{
		Captured: s.Captured, Recovered: s.Recovered, Sent: s.Acked + s.InFlight, Acked: s.Acked, Resent: s.Resent,
		Waiting: s.Waiting, InFlight: s.InFlight, Kept: s.Kept, OnDisk: s.Spilled, DiskBytes: s.DiskBytes, MemBytes: int64(s.MemBytes),
		Dropped: s.Dropped, DroppedBy: map[string]uint64{}, Problem: web.ProblemOf(s.DiskErr),
	}
	for reason, n := range s.DroppedBy {
		if n > 0 {
			f.DroppedBy[frames.Reason(reason).String()] = n
		}
	}
	return f
}

func reportRadio(r *RadioStatus, mode configs.HopMode) *web.Radio {
	h := &r.Hop
	out := &web.Radio{
		Mode: string(mode), Hopping: h.Hopping, Locked: !h.Locked.IsZero(), Rate: number(h.Rate, 2), Cycle: number(h.Cycle.Seconds(), 3),
		Problem: web.ProblemOf(h.Err), Transmitters: r.Coverage.Transmitters,
		Received: r.Socket.Received, KernelDropped: r.Socket.KernelDropped, Filtered: r.Socket.Filtered + r.Socket.UserFiltered,
	}
	if !r.Tuned.IsZero() {
		out.Channel, out.FreqMHz = r.Tuned.String(), r.Tuned.FreqMHz
	}
	for _, c := range h.Active {
		out.Channels = append(out.Channels, c.String())
	}
	for _, c := range h.Refused {
		out.Refused = append(out.Refused, reportRefused(c))
	}
	return out
}

func reportRefused(c hop.RefusedChannel) web.Refused {
	refused := web.Refused{Channel: c.Channel.String()}
	if c.Err != nil {
		refused.Error = c.Err.Error()
	}
	return refused
}

func reportPosition(p gps.Position) *web.Position {
	out := &web.Position{
		Lat: number(p.Lat, 8), Lon: number(p.Lon, 8), AltMSL: web.Rounded(p.AltMSL, 2), SpeedKMH: web.Rounded(p.SpeedMPS*gps.KMHPerMPS, 2),
		Track: web.Rounded(p.Heading, 2), Accuracy: web.Rounded(p.AccuracyM, 2), By: p.Receiver,
	}
	if out.Track != nil && *out.Track >= 360 {
		*out.Track -= 360
	}
	return out
}

func reportGPS(g *GPSStatus) web.GPS {
	out := web.GPS{Receivers: []web.Receiver{}, Clock: web.Clock{Source: string(g.Clock.Source)}, Problem: web.ProblemOf(g.WebErr), Unplaced: web.ProblemOf(g.Unplaced)}
	if g.Web != "" {
		out.Problem = nil // it was of an attempt before
	}
	if c := g.Clock; c.HasSystemOffset {
		out.Clock.SystemOffset = web.Seconds(time.Duration(c.SystemOffsetNs))
		out.Clock.SystemError = web.Seconds(time.Duration(c.SystemErrorNs))
	}
	for i := range g.Receivers {
		out.Receivers = append(out.Receivers, reportReceiver(&g.Receivers[i], g))
	}
	for _, c := range g.Copies {
		out.Copies = append(out.Copies, web.Copy{Name: c.Name, Exists: c.Exists, Updates: c.Updates, Problem: web.ProblemOf(c.Err)})
	}
	return out
}

func reportReceiver(r *ReceiverStatus, g *GPSStatus) web.Receiver {
	out := web.Receiver{
		Name: r.Name, Type: string(r.Type), What: r.Object, State: r.State.String(), Mode: int(r.Fix.Mode),
		InView: len(r.Satellites), Fixes: r.Fixes, Problem: web.ProblemOf(r.Err),
	}
	if r.Fix.HasPosition() {
		out.Accuracy = web.Rounded(r.Fix.AccuracyM, 2)
	}
	if n := r.Fix.Satellites; r.Fix.Mode != gps.ModeUnknown && n >= 0 {
		out.Satellites = &n
	}
	if r.Fixes > 0 {
		out.Age = web.Seconds(r.Age)
	}
	if r.Interval > 0 {
		out.Rate = web.Rounded(1/r.Interval.Seconds(), 2)
	}
	if r.LatencyKnown {
		out.Latency = web.Seconds(r.Latency)
	}
	if f, heard := g.Fused(r.Name); heard {
		out.Rejected = f.Rejected
	}
	return out
}

// momentText is a time as programs read it.
func momentText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// number is 0 for what is no number.
func number(x float64, digits int) float64 {
	if r := web.Rounded(x, digits); r != nil {
		return *r
	}
	return 0
}
