package main

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// gpsView is the view of `sensord gps`.
type gpsView struct {
	web configs.Web
}

// detail says how much of each receiver is shown.
type detail int

const (
	detailLeast  detail = iota // a line, and what is wrong
	detailRemedy               // and what to do
	detailWhat                 // and what it is
	detailAll                  // and its satellites
)

// lines are as much as the height allows: of a terminal that is too low, the end
// is cut.
func (v *gpsView) lines(s *actors.Status, width, height int) []styledLine {
	width = min(width, viewMost) - viewMargin
	for d := detailAll; ; d-- {
		if lines := v.detailed(s, width, d); len(lines) < height || d == detailLeast {
			return lines
		}
	}
}

func (v *gpsView) detailed(s *actors.Status, width int, d detail) []styledLine {
	lines := []styledLine{{{"sensord gps", toneStrong}, {"   where the sensor is, and who says so", toneFaint}}, nil}
	where := span{positionKnown(s), toneStrong}
	if !s.HasPosition {
		where.tone = toneWarn
	}
	lines = append(lines, row("position", where))
	lines = append(lines, wrapped(width, "certainty", cmp.Or(worthText(s), unplacedText(s)))...)
	lines = append(lines, wrapped(width, "movement", movementText(s))...)
	lines = append(lines, wrapped(width, "clock", clockStateText(s.GPS.Clock))...)
	if len(s.GPS.Receivers) == 0 {
		return lines // a fixed place
	}
	lines = append(lines, nil, styledLine{{fmt.Sprintf(receiverHead, "receiver", "state", "fix", "sats", "accuracy", "rate", "latency", "rejected"), toneFaint}})
	for i := range s.GPS.Receivers {
		lines = append(lines, v.receiver(&s.GPS.Receivers[i], &s.GPS, width, d)...)
	}
	return lines
}

const (
	receiverHead = "  %-13s %-10s %-3s %-6s %-14s %-7s %-7s %s"
	receiverRest = "%-3s %-6s %-14s %-7s %-7s %8d"
)

// receiver is one of them: what it says, what it is, what it lacks.
func (v *gpsView) receiver(r *actors.ReceiverStatus, g *actors.GPSStatus, width int, d detail) []styledLine {
	fix, accuracy := "-", "-"
	if r.State == actors.ReceiverFix {
		fix, accuracy = fixText(&r.Fix), accuracyText(&r.Fix)
	}
	fused, _ := g.Fused(r.Name)
	lines := []styledLine{{
		{fmt.Sprintf("  %-13s ", shortened(r.Name, 13)), toneStrong},
		{fmt.Sprintf("%-10s ", r.State), stateTone(r.State)},
		plain(fmt.Sprintf(receiverRest, fix, satelliteText(r), accuracy, rateOf(r.Interval), latencyText(r), fused.Rejected)),
	}}
	if d >= detailWhat {
		lines = append(lines, below(width, toneFaint, withCommas(r.Object, r.Detail))...)
		if fused.Rejected > 0 {
			lines = append(lines, below(width, toneFaint, "last rejected: "+fused.Why)...)
		}
		if r.Notice != "" && r.State != actors.ReceiverFix {
			lines = append(lines, below(width, toneFaint, "it says: "+r.Notice)...)
		}
	}
	if text := skyText(r.Satellites); d >= detailAll && text != "" {
		lines = append(lines, below(width, toneFaint, text)...)
	}
	if to := v.posts(r); to != "" && r.State != actors.ReceiverFix {
		lines = append(lines, below(width, tonePlain, to)...)
		if g.WebErr != nil && g.Web == "" {
			return append(lines, below(width, toneBad, "nobody can: "+g.WebErr.Error()+" ("+string(fault.CodeOf(g.WebErr))+")")...)
		}
	}
	if r.Err != nil {
		lines = append(lines, below(width, stateTone(r.State), causeText(r.Err)+" ("+string(fault.CodeOf(r.Err))+")")...)
		if d >= detailRemedy {
			lines = append(lines, below(width, tonePlain, fault.RemedyOf(r.Err))...)
		}
	}
	return lines
}

// posts says where a receiver's positions are posted to, "" if it has its own.
func (v *gpsView) posts(r *actors.ReceiverStatus) string {
	switch r.Type {
	case configs.ReceiverMeta:
		return "post to " + postURL(v.web, "/gps/meta/"+r.Name+"/update.cmd")
	case configs.ReceiverWeb:
		return "post to " + postURL(v.web, "/gps/web/update.cmd")
	}
	return ""
}

// wrapped is a row as long as its text needs.
func wrapped(width int, label, text string) []styledLine {
	lines := below(width, tonePlain, cmp.Or(text, "-"))
	lines[0] = row(label, lines[0][1])
	return lines
}

// below wraps text into lines that stand below something, nil if there is none.
func below(width int, t tone, text string) []styledLine {
	const indent = labelWidth
	var lines []styledLine
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width-indent {
			lines = append(lines, styledLine{plain(strings.Repeat(" ", indent)), {line, t}})
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	if line == "" {
		return lines
	}
	return append(lines, styledLine{plain(strings.Repeat(" ", indent)), {line, t}})
}

// shortened is text without its middle if it is longer than n characters: names
// differ at both ends.
func shortened(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n/2]) + "~" + string(r[len(r)-(n-n/2-1):])
}

func stateTone(s actors.ReceiverState) tone {
	switch s {
	case actors.ReceiverFix:
		return toneGood
	case actors.ReceiverAway, actors.ReceiverStale:
		return toneBad
	}
	return toneWarn
}
