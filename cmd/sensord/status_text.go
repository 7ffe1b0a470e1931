package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	who := fmt.Sprintf("%s, sensord %s, process %d, up %s", s.Rig, s.Version, s.PID, longText(s.Uptime)) + restartsText(s.Restarts)
	lines = append(lines, flowed(width, "  ", toneFaint, who)...)
	lines = append(lines, statusRow(width, "position", tonePlain, placeStatus(s))...)
	if d < detailWhat {
		return lines
	}
	if len(s.GPS.Receivers) > 0 {
		lines = append(lines, statusRow(width, "receivers", tonePlain, receiversStatus(s.GPS.Receivers))...)
	}
	lines = append(lines, statusRow(width, "clock", tonePlain, clockStatus(s.GPS.Clock))...)
	if len(s.Servers) > 1 {
		lines = append(lines, statusRow(width, "servers", tonePlain, serversStatus(s.Servers))...)
	}
	if len(s.Servers) > 0 {
		lines = append(lines, statusRow(width, "waiting in", tonePlain, keptStatus(s))...)
	}
	if s.Bus != nil {
		lines = append(lines, statusRow(width, "bus", tonePlain, s.Bus.Text())...)
	}
	if s.Record != nil {
		lines = append(lines, statusRow(width, "files", tonePlain, filesStatus(s.Record))...)
	}
	if catchesUp(s) {
		lines = append(lines, statusRow(width, "replay", tonePlain, replayStatus(s.Replay))...)
	}
	return lines
}

// catchesUp reports whether there is something to say of how fast kept frames
// leave.
func catchesUp(s *web.Status) bool {
	return s.Replay != nil && (replaySlowed(s.Replay) || slices.ContainsFunc(s.Sources, func(src web.Source) bool { return catchUpText(&src.Link) != "" }))
}

func sourceLines(s *web.Status, src *web.Source, width int, d detail) []styledLine {
	state := span{src.Capture, captureTone(src)}
	if src.Hiding {
		state.text += ", hidden by a zone"
	}
	name := styledLine{{fmt.Sprintf("  %-*s", labelWidth-2, shortened(src.Name, labelWidth-3)), toneStrong}, state, plain(tunedStatus(src, d))}
	f, sends := &src.Frames, len(s.Servers) > 0
	if d == detailLeast {
		link := span{linkStatus(s, &src.Link, d), linkTone(src.Link.State)}
		return append([]styledLine{append(name, plain(", "), link)}, statusRow(width, "", tonePlain, framesLeast(f))...)
	}
	lines := append([]styledLine{nil, name}, statusRow(width, "  link", linkTone(src.Link.State), linkStatus(s, &src.Link, d))...)
	if d >= detailWhat && src.Radio != nil && src.Radio.Channel != "" {
		lines = append(lines, statusRow(width, "  channels", tonePlain, channelsStatus(src.Radio))...)
	}
	lines = append(lines, statusRow(width, "  frames", tonePlain, framesStatus(f, sends))...)
	if sends && (f.Waiting > 0 || d >= detailAll) {
		lines = append(lines, statusRow(width, "  waiting", tonePlain, waitingStatus(f))...)
	}
	if f.Dropped > 0 || d >= detailAll {
		t := tonePlain
		if len(f.DroppedLately) > 0 {
			t = toneWarn
		}
		lines = append(lines, statusRow(width, "  dropped", t, droppedStatus(f))...)
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

// flowed wraps text into lines that begin with an indentation. Numbers stay
// whole.
func flowed(width int, indent string, t tone, text string) []styledLine {
	lines := below(width+labelWidth-len(indent), t, grouping.ReplaceAllString(text, "$1"+noBreak+"$2"))
	for i := range lines {
		lines[i][0].text = indent
	}
	return broken(lines)
}

// statusRow is a label and text beside it, wrapped between its parts where these
// are short enough.
func statusRow(width int, label string, t tone, text string) []styledLine {
	var b strings.Builder
	for part := range strings.SplitAfterSeq(text, ", ") {
		for piece := range strings.SplitAfterSeq(part, "; ") {
			words := strings.TrimSuffix(piece, " ")
			if utf8.RuneCountInString(words) <= width-labelWidth {
				words = strings.ReplaceAll(words, " ", noBreak)
			}
			b.WriteString(words + " ")
		}
	}
	lines := broken(below(width, t, cmp.Or(strings.TrimSpace(b.String()), "-")))
	lines[0] = row(label, lines[0][1])
	return lines
}

// noBreak stands for a space at which no line ends, until broken. It is in no
// text: what could be a command is no status.
const noBreak = "\x00"

// grouping is where a number has its thousands apart.
var grouping = regexp.MustCompile(`([0-9]) ([0-9]{3})`)

func broken(lines []styledLine) []styledLine {
	for _, l := range lines {
		for i := range l {
			l[i].text = strings.ReplaceAll(l[i].text, noBreak, " ")
		}
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
		reasons[i] = web.Grouped(counts[reason]) + " " + dropWords(reason)
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
