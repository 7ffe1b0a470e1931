package web

import (
	"maps"
	"time"
)

const (
	rateSpan  = 5 * time.Second // over which rates are taken
	rateLeast = 900 * time.Millisecond
	memory    = time.Minute // of what happened lately
)

// history is what was counted in the last minute. A clock that steps does not
// matter: times are monotonic.
type history struct {
	samples []sample // oldest first, about a second apart
	moved   []motion // by source
}

type sample struct {
	at      time.Time
	sources []Source
	record  uint64 // frames
	spool   int64  // bytes
}

// motion is when the last frame came.
type motion struct {
	captured uint64
	at       time.Time
}

// complete fills in what two looks at a rig tell: rates, what was lost lately,
// how long a source has been silent.
func (h *history) complete(s *Status, now time.Time) {
	h.remember(s, now)
	from, ok := h.since(now.Add(-rateSpan))
	if took := now.Sub(from.at); ok && took >= rateLeast {
		s.pace(from, took.Seconds())
	}
	lately, ok := h.since(now.Add(-memory))
	for i := range s.Sources {
		src := &s.Sources[i]
		if i < len(h.moved) && src.Capture == captureRunning {
			src.Frames.Silent = Rounded(now.Sub(h.moved[i].at).Seconds(), 1)
		}
		if ok && i < len(lately.sources) {
			src.Frames.DroppedLately = more(src.Frames.DroppedBy, lately.sources[i].Frames.DroppedBy)
			if took := now.Sub(lately.at); took >= rateLeast {
				src.Frames.GiveUpRate = rate(count(src.Frames.DroppedLately, "size", "age"), 0, took.Seconds())
			}
		}
	}
	h.forget(now)
}

// remember adds a sample, unless the last one is new enough.
func (h *history) remember(s *Status, now time.Time) {
	if len(h.moved) != len(s.Sources) {
		h.moved, h.samples = make([]motion, len(s.Sources)), nil
		for i := range h.moved {
			h.moved[i].at = now
		}
	}
	for i := range s.Sources {
		if n := s.Sources[i].Frames.Captured; n != h.moved[i].captured {
			h.moved[i] = motion{n, now}
		}
	}
	if n := len(h.samples); n > 0 && now.Sub(h.samples[n-1].at) < rateLeast {
		return
	}
	next := sample{at: now, sources: make([]Source, len(s.Sources))}
	for i := range s.Sources {
		src := &s.Sources[i]
		next.sources[i] = Source{Frames: src.Frames, Link: Link{Sent: src.Link.Sent}}
		next.sources[i].Frames.DroppedBy = maps.Clone(src.Frames.DroppedBy)
	}
	if s.Record != nil {
		next.record = s.Record.Frames
	}
	if s.Spool != nil {
		next.spool = s.Spool.Bytes
	}
	h.samples = append(h.samples, next)
}

// since returns the oldest sample that is not before a time.
func (h *history) since(t time.Time) (sample, bool) {
	for _, s := range h.samples {
		if !s.at.Before(t) {
			return s, true
		}
	}
	return sample{}, false
}

func (h *history) forget(now time.Time) {
	n := 0
	for n < len(h.samples) && now.Sub(h.samples[n].at) > memory {
		n++
	}
	h.samples = append(h.samples[:0], h.samples[n:]...)
}

// pace fills in rates, from what was so many seconds ago.
func (s *Status) pace(before sample, took float64) {
	for i := range s.Sources {
		f, was := &s.Sources[i].Frames, before.sources[i].Frames
		f.CaptureRate = rate(f.Captured, was.Captured, took)
		f.SendRate = rate(f.Sent, was.Sent, took)
		f.AckRate = rate(f.Acked, was.Acked, took)
		f.HideRate = rate(f.DroppedBy[ReasonPrivacy], was.DroppedBy[ReasonPrivacy], took)
		f.DropRate = rate(f.lost(), was.lost(), took)
		f.MissRate = rate(f.missed(), was.missed(), took)
		if l, sent := &s.Sources[i].Link, before.sources[i].Link.Sent; l.Sent != nil && sent != nil {
			l.Rate = rate(*l.Sent, *sent, took)
		}
	}
	if s.Record != nil {
		s.Record.Rate = rate(s.Record.Frames, before.record, took)
	}
	if p := s.Spool; p != nil && p.Bytes > before.spool {
		left := p.Limit - p.Bytes
		if p.Free != nil {
			left = min(left, *p.Free)
		}
		p.Full = Rounded(float64(max(left, 0))/(float64(p.Bytes-before.spool)/took), 0)
	}
}

// rate is 0 for a counter that fell: a lost link takes back what was sent.
func rate(now, before uint64, took float64) *float64 {
	return Rounded(float64(now-min(now, before))/took, 1)
}

// more is what has grown, by how much; nil if nothing has.
func more(now, before map[string]uint64) map[string]uint64 {
	var grown map[string]uint64
	for reason, n := range now {
		if n > before[reason] {
			if grown == nil {
				grown = map[string]uint64{}
			}
			grown[reason] = n - before[reason]
		}
	}
	return grown
}
