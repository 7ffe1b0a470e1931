package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// statusLines is what one sensord answered, in lines of at most so many columns.
func statusLines(a *answer, width int, d detail) []styledLine {
	if a.err != nil {
		lines := flowed(width, "", toneBad, "NO ANSWER: "+a.err.Error())
		return append(lines, flowed(width, "  ", tonePlain, fault.RemedyOf(a.err))...)
	}
	s := &a.status
	lines := statusHead(s, width, d)
	for i := range s.Sources {
		lines = append(lines, sourceLines(s, &s.Sources[i], width, d)...)
	}
	return append(lines, otherProblems(s, width, d)...)
}

// statusHead is the answer, what to do, and what is the whole rig's.
func statusHead(s *web.Status, width int, d detail) []styledLine {
	lines := flowed(width, "", recordingTone(s.State), s.Sentence)
	if len(s.Problems) > 0 && !s.Problems[0].Harmless {
		lines = append(lines, flowed(width, "  ", tonePlain, s.Problems[0].Remedy)...)
	}
	lines = append(lines, styledLine{{"  " + fmt.Sprintf("%s, sensord %s, process %d, %s", s.Rig, s.Version, s.PID, ranText(s.Uptime)) + restartsText(s.Restarts), toneFaint}})
	lines = append(lines, wrapped(width, "position", placeStatus(s))...)
	if d < detailRemedy {
		return lines
	}
	if len(s.GPS.Receivers) > 0 {
		lines = append(lines, wrapped(width, "receivers", receiversStatus(s.GPS.Receivers))...)
	}
	lines = append(lines, wrapped(width, "clock", clockStatus(s.GPS.Clock))...)
	if len(s.Servers) > 1 {
		lines = append(lines, wrapped(width, "servers", serversStatus(s.Servers))...)
	}
	lines = append(lines, wrapped(width, "waiting in", keptStatus(s))...)
	if s.Record != nil {
		lines = append(lines, wrapped(width, "files", filesStatus(s.Record))...)
	}
	if r := s.Replay; r != nil && (replaySlowed(r) || d >= detailAll) {
		lines = append(lines, wrapped(width, "replay", replayStatus(r))...)
	}
	return lines
}

func sourceLines(s *web.Status, src *web.Source, width int, d detail) []styledLine {
	state := span{src.Capture, captureTone(src)}
	if src.Hiding {
		state.text += ", inside a zone of privacy"
	}
	lines := []styledLine{nil, {{fmt.Sprintf("  %-*s", labelWidth-2, shortened(src.Name, labelWidth-3)), toneStrong}, state, plain(tunedStatus(src))}}
	lines = append(lines, linkLines(s, src, width)...)
	if d >= detailWhat && src.Radio != nil {
		lines = append(lines, wrapped(width, "  channels", channelsStatus(src.Radio))...)
	}
	f := &src.Frames
	lines = append(lines, wrapped(width, "  frames", framesStatus(f))...)
	if f.Waiting > 0 || d >= detailAll {
		lines = append(lines, wrapped(width, "  waiting", waitingStatus(f))...)
	}
	if f.Dropped > 0 || d >= detailAll {
		dropped := wrapped(width, "  dropped", droppedStatus(f))
		if len(f.DroppedLately) > 0 {
			for i := range dropped {
				dropped[i][1].tone = toneWarn
			}
		}
		lines = append(lines, dropped...)
	}
	return lines
}

func linkLines(s *web.Status, src *web.Source, width int) []styledLine {
	lines := wrapped(width, "  link", linkStatus(s, &src.Link))
	for i := range lines {
		lines[i][1].tone = linkTone(src.Link.State)
	}
	return lines
}

// otherProblems are those that the first line does not tell.
func otherProblems(s *web.Status, width int, d detail) []styledLine {
	problems := s.Problems
	if len(problems) > 0 && !problems[0].Harmless {
		problems = problems[1:] // in the first line
	}
	var lines []styledLine
	for i := range problems {
		p := &problems[i]
		if i == 0 {
			lines = append(lines, nil)
		}
		tone, text := toneWarn, p.String()
		if p.Harmless {
			tone = toneFaint
		}
		if p.Code != "" {
			text += " (" + p.Code + ")"
		}
		lines = append(lines, flowed(width, "  ", tone, text)...)
		if d >= detailRemedy && p.Remedy != "" {
			lines = append(lines, flowed(width, "    ", tonePlain, p.Remedy)...)
		}
	}
	return lines
}

// flowed wraps text into lines that begin with an indentation.
func flowed(width int, indent string, t tone, text string) []styledLine {
	lines := below(width+labelWidth-len(indent), t, text)
	for i := range lines {
		lines[i][0].text = indent
	}
	return lines
}

func recordingTone(s web.State) tone {
	switch s {
	case web.StateRecording, web.StateFinished:
		return toneGood
	case web.StateStopped:
		return toneBad
	}
	return toneWarn
}

func captureTone(s *web.Source) tone {
	switch {
	case s.Recorded, s.Capture == "ended":
		return toneGood
	case s.Hiding, s.Capture == "opening":
		return toneWarn
	}
	return toneBad
}

func linkTone(state string) tone {
	switch state {
	case "streaming", "finished":
		return toneGood
	case "gave up":
		return toneBad
	case "none":
		return toneFaint
	}
	return toneWarn
}

// ranText is a time since the start, in its two largest units.
func ranText(s float64) string { return "up " + longText(s) }

// longText is a time of seconds to days, as one says it.
func longText(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch day := 24 * time.Hour; {
	case d >= day:
		return fmt.Sprintf("%dd%02dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d >= 10*time.Second:
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func restartsText(n uint64) string {
	if n == 0 {
		return ""
	}
	return ", " + plural(int(min(n, math.MaxInt32)), "part of it failed and was started again", "parts of it failed and were started again")
}

// countText is "reason n", the most first.
func countText(counts map[string]uint64) string {
	reasons := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	for i, reason := range reasons {
		reasons[i] = grouped(counts[reason]) + " " + dropWords(reason)
	}
	return strings.Join(reasons, ", ")
}

// dropWords says for what reason frames went.
func dropWords(reason string) string {
	switch reason {
	case "memory":
		return "as memory was full"
	case "size":
		return "as the spool was full"
	case "age":
		return "too old for the spool"
	case "disk":
		return "as the disk was full or failed"
	case "newest":
		return "that came when all was full"
	case "damaged":
		return "unreadable on disk"
	case web.ReasonPrivacy:
		return "hidden by a zone"
	}
	return reason
}
