package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// problems are all of a rig's, the worst first: what is not captured, what is
// lost, what is at risk, and last what is harmless.
func (s *Status) problems() []Problem {
	found := problemList{}
	for i := range s.Sources {
		src := &s.Sources[i]
		switch src.Capture {
		case captureRunning, captureEnded:
			continue
		case captureOpening:
			if src.Problem == nil && s.Uptime < startTime.Seconds() {
				continue
			}
		}
		found.add(src, src.notCapturing(), false)
	}
	for i := range s.Sources {
		src := &s.Sources[i]
		found.add(src, src.lostProblem(), false)
		found.add(src, src.Frames.Problem, s.writesFiles())
		if src.Capture == captureEnded || src.Capture == captureRunning {
			found.add(src, src.Problem, src.Capture == captureEnded && src.Frames.lost() == 0)
		}
	}
	s.givenUp(&found)
	if s.Spool != nil {
		found.add(nil, s.Spool.Problem, false)
	}
	if s.Record != nil {
		found.add(nil, s.Record.Problem, false)
	}
	s.linkProblems(&found)
	if len(s.GPS.Receivers) > 0 && s.Position == nil && !s.Hidden && s.live() {
		found.add(nil, s.withoutPosition(), false)
	}
	for i := range s.Sources {
		src := &s.Sources[i]
		if src.Radio != nil {
			found.add(src, src.Radio.Problem, false)
		}
		found.add(src, src.silent(), true)
	}
	if s.Replay != nil {
		found.add(nil, s.Replay.Problem, false)
	}
	for i := range s.GPS.Copies {
		found.add(nil, s.GPS.Copies[i].Problem, s.Position != nil)
	}
	found.add(nil, s.GPS.Problem, s.Position != nil)
	s.busProblems(&found)
	if s.Position != nil {
		for i := range s.GPS.Receivers {
			found.add(nil, s.GPS.Receivers[i].Problem, true) // another one has a fix
		}
	}
	slices.SortStableFunc(found, func(a, b Problem) int { return order(a.Harmless) - order(b.Harmless) })
	return found
}

func order(harmless bool) int {
	if harmless {
		return 1
	}
	return 0
}

type problemList []Problem

// add adds a problem if there is one, and that has not been said: two radios
// that cannot reach a server say the same.
func (l *problemList) add(src *Source, p *Problem, harmless bool) {
	if p == nil {
		return
	}
	q := *p
	q.Harmless = harmless
	if src != nil {
		q.Source = src.Name
	}
	for i := range *l {
		if o := &(*l)[i]; o.Code == q.Code && o.Object == q.Object && o.Error == q.Error {
			if o.Source != q.Source {
				o.Source = "" // of several
			}
			o.Harmless = o.Harmless && q.Harmless
			return
		}
	}
	*l = append(*l, q)
}

// live reports whether a source captures what is heard now.
func (s *Status) live() bool {
	return slices.ContainsFunc(s.Sources, func(src Source) bool { return !src.Finite && src.Capture != captureEnded })
}

// notCapturing says why a source does not.
func (s *Source) notCapturing() *Problem {
	if s.Problem != nil {
		return s.Problem
	}
	return &Problem{Object: "source " + s.Name, Error: s.Capture, Remedy: "see the log", Exit: fault.ExitRadio}
}

// exitOf is the exit status of a code.
func exitOf(code fault.Code) int { return fault.Exit(&fault.Error{Code: code}) }

// silent says that a radio hears nothing.
func (s *Source) silent() *Problem {
	d := s.Frames.Silent
	if s.Finite || d == nil || *d < silence.Seconds() {
		return nil
	}
	return &Problem{
		Object: "source " + s.Name, Error: fmt.Sprintf("nothing heard for %v", (time.Duration(*d) * time.Second)),
		Remedy: "check antenna, channels and filters; where there is no Wi-Fi, that is right",
	}
}

// linkProblems are those of links. They are harmless while frames wait on disk,
// or are written to files.
func (s *Status) linkProblems(found *problemList) {
	for i := range s.Sources {
		src := &s.Sources[i]
		l := &src.Link
		if l.Held != "" {
			held := &Problem{Code: string(fault.SpoolClock), Object: "source " + src.Name, Error: l.Held, Remedy: fault.SpoolClock.Remedy(), Exit: exitOf(fault.SpoolClock)}
			found.add(src, held, true)
		}
		found.add(src, l.Replaced, false) // also while the link is up: it is about to be taken away again
		if l.State == linkStreaming || l.Problem == nil || src.Frames.Waiting == 0 && src.Capture == captureEnded {
			continue
		}
		blip := l.State != linkGaveUp && l.Links > 0 && src.Frames.Oldest != nil && *src.Frames.Oldest < linkTime.Seconds()
		safe := s.keepsOnDisk(src) || s.writesFiles()
		if l.Replaced != nil && l.Replaced.Code == l.Problem.Code && (safe || blip) {
			continue // that is said
		}
		p := *l.Problem
		if !safe && !blip && src.Capture == captureRunning {
			p.Error += "; what is heard waits in memory only"
		}
		found.add(src, &p, l.State != linkGaveUp && (safe || blip))
	}
}

// withoutPosition says why nobody knows where the rig is.
func (s *Status) withoutPosition() *Problem {
	what := "without a position"
	if slices.ContainsFunc(s.Sources, func(src Source) bool { return src.hidden() }) {
		what = "without a position, and what is heard without one counts as inside a zone of privacy"
	}
	p := &Problem{Code: string(fault.GPSSearching), Error: what, Remedy: fault.GPSSearching.Remedy(), Exit: fault.ExitRadio}
	why := s.GPS.Unplaced
	for i := range s.GPS.Receivers {
		why = cmp.Or(why, s.GPS.Receivers[i].Problem)
	}
	if why != nil {
		p.Code, p.Remedy, p.Exit = why.Code, why.Remedy, why.Exit
		p.Error += ": " + why.String()
	}
	return p
}
