package actors

import (
	"cmp"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// busStatus is what the fleet is told of how the rig is.
func (s *shared) busStatus(w web.Status) *pb.Status {
	m := &pb.Status{
		Name: w.Rig, State: string(w.State), Sentence: w.Sentence, Recording: w.Recording, UptimeS: w.Uptime,
		EveryS: s.cfg.Bus.Every.Seconds(), Place: busPlace(w.Position), PositionHidden: w.Hidden, Restarts: w.Restarts,
		Memory: &pb.Room{Bytes: count(w.Memory.Bytes), LimitBytes: count(w.Memory.Limit)},
		Clock:  &pb.Clock{Source: w.GPS.Clock.Source, SystemOffsetS: w.GPS.Clock.SystemOffset, SystemErrorS: w.GPS.Clock.SystemError},
		Domain: s.bus.State().Domain,
	}
	if ns, known := s.utc(); known {
		m.StartedNs = ns - int64(w.Uptime*float64(time.Second))
	}
	for i := range w.Problems {
		m.Problems = append(m.Problems, busProblem(&w.Problems[i]))
	}
	for i := range w.Sources {
		m.Sources = append(m.Sources, busSource(&w.Sources[i]))
	}
	for i := range w.GPS.Receivers {
		m.Receivers = append(m.Receivers, busReceiver(&w.GPS.Receivers[i]))
	}
	for _, e := range w.Servers {
		m.Servers = append(m.Servers, &pb.Server{Name: e.Name, Address: e.Address, Links: uint32(e.Links)})
	}
	if w.Spool != nil {
		m.Disk = &pb.Room{Bytes: count(w.Spool.Bytes), LimitBytes: count(w.Spool.Limit)}
		if w.Spool.Free != nil {
			free := count(*w.Spool.Free)
			m.Disk.FreeBytes = &free
		}
	}
	if b := w.Bus; b != nil {
		m.Bus = &pb.Traffic{Published: b.Published, Kept: b.Kept, Failed: b.Failed, Heard: b.Heard, Refused: b.Refused}
	}
	return m
}

// count is a size, none where it is not known.
func count(n int64) uint64 { return uint64(max(n, 0)) }

func busPlace(p *web.Position) *pb.Place {
	if p == nil {
		return nil
	}
	m := &pb.Place{Lat: &p.Lat, Lon: &p.Lon, AltMslM: p.AltMSL, CourseDeg: p.Track, AccuracyM: p.Accuracy, By: p.By}
	if p.SpeedKMH != nil {
		mps := *p.SpeedKMH / gps.KMHPerMPS
		m.SpeedMps = &mps
	}
	return m
}

func busProblem(p *web.Problem) *pb.Problem {
	if p == nil {
		return nil
	}
	return &pb.Problem{Source: p.Source, Code: p.Code, Object: p.Object, Error: p.Error, Remedy: p.Remedy, Harmless: p.Harmless}
}

func busSource(src *web.Source) *pb.Source {
	f := &src.Frames
	m := &pb.Source{
		Name: src.Name, Type: src.Type, Uuid: src.UUID, Capture: src.Capture, Recorded: src.Recorded, Finite: src.Finite,
		LinkState: src.Link.State, Server: src.Link.Server, Protocol: src.Link.Protocol,
		Captured: f.Captured, Recovered: f.Recovered, Sent: f.Sent, Acknowledged: f.Acked, Waiting: f.Waiting, OnDisk: f.OnDisk, Dropped: f.Dropped,
		CapturedPerS: f.CaptureRate, SentPerS: f.SendRate, AcknowledgedPerS: f.AckRate, DroppedPerS: f.DropRate,
		RoundTripS: src.Link.RoundTrip, OldestUnsentS: f.Oldest, SilentS: f.Silent,
	}
	worst := cmp.Or(src.Problem, f.Problem)
	if r := src.Radio; r != nil {
		m.Channel, m.Hopping, m.HopsPerS, m.Channels, m.HopMode = r.Channel, r.Hopping, r.Rate, uint32(len(r.Channels)), r.Mode
		m.KernelDropped, m.Transmitters = r.KernelDropped, uint32(r.Transmitters)
		worst = cmp.Or(worst, r.Problem)
	}
	m.Problem = busProblem(cmp.Or(worst, src.Link.Problem))
	return m
}

func busReceiver(r *web.Receiver) *pb.Receiver {
	m := &pb.Receiver{Name: r.Name, Type: r.Type, State: r.State, AccuracyM: r.Accuracy, AgeS: r.Age, RateHz: r.Rate, Problem: busProblem(r.Problem)}
	if r.Satellites != nil {
		n := uint32(*r.Satellites)
		m.Satellites = &n
	}
	return m
}

// reportBus is how the rig is joined to its fleet, nil if it has none.
func (s *shared) reportBus(now time.Time) *web.Bus {
	if s.bus == nil {
		return nil
	}
	st, boottime := s.bus.State(), s.now()
	since := func(ns int64) string {
		if ns == 0 {
			return ""
		}
		return momentText(now.Add(time.Duration(ns - boottime)))
	}
	out := &web.Bus{
		Mode: string(s.cfg.Bus.Mode), Fleet: s.cfg.Bus.Fleet, Rig: s.cfg.Bus.Rig, Connected: st.Connected, Server: st.Server,
		Since: since(st.SinceNs), Published: st.Published, Kept: st.Kept, Failed: st.Failed, Heard: st.Heard, Refused: st.Refused,
		Problem: web.ProblemOf(st.Err),
	}
	if st.Mode == bus.Leaf {
		out.Hub = &web.Hub{Connected: st.Leaf.Connected, Address: st.Leaf.URL, Problem: web.ProblemOf(st.Leaf.Err)}
		if !st.Leaf.Since.IsZero() {
			out.Hub.Since = momentText(st.Leaf.Since)
		}
	}
	if st.Store.Limit > 0 || st.Store.Err != nil {
		out.Store = &web.BusStore{Bytes: st.Store.Bytes, Limit: st.Store.Limit, Problem: web.ProblemOf(st.Store.Err)}
	}
	for _, c := range st.Claims {
		err := fault.Newf(fault.BusClaimed, "source "+c.Ours, "rig %s has a source (%s) with the same UUID %s", c.Rig, c.Source, c.UUID)
		out.Rivals = append(out.Rivals, web.Rival{UUID: c.UUID, Source: c.Ours, Rig: c.Rig, First: !c.First, Problem: web.ProblemOf(err)})
	}
	return out
}
