package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// startTime is how long sources may take to be opened before that is a
	// problem.
	startTime = 30 * time.Second
	// linkTime is how long a link may be away before frames that wait in memory
	// count as at risk: a server that restarts takes less.
	linkTime = 10 * time.Second
	// silence is how long a source may hear nothing before that is said.
	silence = 30 * time.Second
	// allLost is which share of what comes may be dropped before nothing counts
	// as kept: two counters are never read at the same moment.
	allLost = 0.9
)

// Judge answers "am I recording?" from everything else: Recording, State,
// Sentence, Problems, and Recorded of each source. Without rates, which
// ServeStatus adds, it knows nothing of what is lost at the moment.
func (s *Status) Judge() {
	going, kept, hidden, opening, waiting := 0, 0, 0, 0, uint64(0)
	for i := range s.Sources {
		src := &s.Sources[i]
		waiting += src.Frames.Waiting
		src.Recorded = src.Capture == captureRunning && !src.hidden() && (!src.losing() || s.writesFiles())
		switch {
		case src.Capture == captureEnded:
			continue
		case src.hidden():
			hidden++
		case src.Recorded:
			kept++
		case src.Capture == captureOpening && s.Uptime < startTime.Seconds():
			opening++
		}
		going++
	}
	s.Problems = s.problems()
	risk := slices.ContainsFunc(s.Problems, func(p Problem) bool { return !p.Harmless })
	s.Recording = kept > 0
	switch {
	case going == 0 && len(s.Sources) > 0 && waiting > 0:
		s.State = StateSending
	case going == 0 && len(s.Sources) > 0:
		s.State = StateFinished
	case kept > 0 && (risk || kept+hidden < going):
		s.State = StateImpaired
	case kept > 0:
		s.State = StateRecording
	case opening > 0:
		s.State = StateStarting
	case hidden > 0 && (s.Hidden || s.Position != nil || len(s.GPS.Receivers) == 0):
		s.State = StateHidden
	default:
		s.State = StateStopped
	}
	s.Sentence = s.sentence(kept, going, waiting)
}

// writesFiles reports whether what is heard goes to files of its own, whatever
// becomes of it on its way to a server.
func (s *Status) writesFiles() bool { return s.Record != nil && s.Record.Problem == nil }

// keepsOnDisk reports whether what a source sends later is on disk until then:
// whether it is there, or has no reason to be yet. Files and pipes are never kept.
func (s *Status) keepsOnDisk(src *Source) bool {
	if s.Spool == nil || s.Spool.Problem != nil || !src.Spooled || src.Frames.Problem != nil {
		return false
	}
	return src.Frames.OnDisk > 0 || src.Frames.Oldest == nil || *src.Frames.Oldest < s.Spool.After+linkTime.Seconds()
}

// hidden reports whether a zone hides everything that the source hears.
func (s *Source) hidden() bool {
	n := s.Frames.DroppedLately[ReasonPrivacy]
	return s.Hiding || n > 0 && s.Frames.HideRate != nil && s.Frames.CaptureRate != nil && *s.Frames.CaptureRate > 0 && *s.Frames.HideRate >= *s.Frames.CaptureRate*allLost
}

func (s *Status) sentence(kept, going int, waiting uint64) string {
	problem := ""
	if len(s.Problems) > 0 {
		problem = s.Problems[0].text()
	}
	switch s.State {
	case StateRecording:
		return "RECORDING: " + s.what(kept, going)
	case StateImpaired:
		return "RECORDING, BUT " + cmp.Or(problem, s.what(kept, going))
	case StateFinished:
		return "FINISHED: " + s.confirmed()
	case StateSending:
		return fmt.Sprintf("SENDING: everything is captured, and %s wait to be confirmed", framesText(waiting))
	case StateHidden:
		return "NOT RECORDING: inside a zone of privacy, as configured"
	case StateStarting:
		return "STARTING: sources are being opened"
	}
	return "NOT RECORDING: " + cmp.Or(problem, "nothing captures")
}

// text is a problem as part of a sentence.
func (p *Problem) text() string {
	if p.Source != "" && !strings.Contains(p.Object, p.Source) {
		return p.Source + ": " + p.String()
	}
	return p.String()
}

// what is recorded, how much, and where it goes.
func (s *Status) what(kept, going int) string {
	parts := []string{fmt.Sprintf("%d of %d sources", kept, going)}
	if kept == going {
		parts[0] = fmt.Sprintf("%d sources", kept)
	}
	if going == 1 {
		parts[0] = "1 source"
	}
	var perSecond float64
	known, streaming, onDisk, servers := true, 0, 0, []string{}
	for i := range s.Sources {
		src := &s.Sources[i]
		if !src.Recorded {
			continue
		}
		if src.Frames.CaptureRate == nil {
			known = false
		} else {
			perSecond += *src.Frames.CaptureRate
		}
		switch {
		case src.Link.State == linkStreaming:
			streaming++
			servers = append(servers, s.serverName(src.Link.Server))
		case s.keepsOnDisk(src):
			onDisk++
		}
	}
	if known {
		parts = append(parts, rateWords(perSecond))
	}
	slices.Sort(servers)
	confirmed := "confirmed by " + strings.Join(slices.Compact(servers), " and ")
	switch {
	case streaming == kept:
		parts = append(parts, confirmed)
	case streaming > 0:
		parts = append(parts, fmt.Sprintf("%d of them %s", streaming, confirmed))
	case onDisk == kept && len(s.Servers) > 0:
		parts = append(parts, "kept on disk until a server is there")
	}
	if s.writesFiles() {
		parts = append(parts, "written to "+s.Record.Dir)
	}
	return strings.Join(parts, ", ")
}

// serverName is the name of the server behind an address.
func (s *Status) serverName(address string) string {
	for _, server := range s.Servers {
		if server.Address == address {
			return server.Name
		}
	}
	return cmp.Or(address, "the server")
}

// confirmed is what came of files.
func (s *Status) confirmed() string {
	var all, acked, lost uint64
	for i := range s.Sources {
		f := &s.Sources[i].Frames
		all, acked, lost = all+f.Captured+f.Recovered, acked+f.Acked, lost+f.lost()
	}
	if lost > 0 {
		return fmt.Sprintf("%s of %s confirmed, %s dropped", Grouped(acked), framesText(all), Grouped(lost))
	}
	return framesText(acked) + " confirmed"
}

func framesText(n uint64) string {
	if n == 1 {
		return "1 frame"
	}
	return Grouped(n) + " frames"
}

// rateWords is a rate to two or three digits: what differs from moment to moment
// does not matter.
func rateWords(perSecond float64) string {
	unit := 1.0
	for perSecond/unit >= 1000 {
		unit *= 10
	}
	return Grouped(uint64(perSecond/unit+0.5)*uint64(unit)) + " frames/s"
}
