package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/internal/fault"
)

// gpsView is the view of `sensord gps`.
type gpsView struct {
	limitM float64 // accuracy beyond which there is no position
	web    configs.Web
}

// detail says how much of each receiver is shown.
type detail int

const (
	detailLeast detail = iota // a line, and what is wrong
	detailWhat                // and what it is
	detailAll                 // and its satellites
)

// lines are as much as the height allows: of a terminal that is too low, the end
// is cut.
func (v *gpsView) lines(s *actors.Status, width, height int) []styledLine {
	width = min(width, viewMost) - viewMargin
	for d := detailAll; ; d-- {
		if l := v.detailed(s, width, d); len(l) < height || d == detailLeast {
			return l
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
	lines = append(lines, wrapped(width, "certainty", cmp.Or(worthText(s), uncertain(s, v.limitM)))...)
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
	rejected := uint64(0)
	f := fusedReceiver(g, r.Name)
	if f != nil {
		rejected = f.Rejected
	}
	lines := []styledLine{{
		{fmt.Sprintf("  %-13s ", shortened(r.Name, 13)), toneStrong},
		{fmt.Sprintf("%-10s ", r.State), stateTone(r.State)},
		plain(fmt.Sprintf(receiverRest, fix, satelliteText(r), accuracy, rateOf(r.Interval), latencyText(r), rejected)),
	}}
	if d >= detailWhat {
		lines = append(lines, below(width, toneFaint, withCommas(r.Object, r.Detail))...)
		if rejected > 0 {
			lines = append(lines, below(width, toneFaint, "last rejected: "+f.Why)...)
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
		if g.Web == "" {
			return append(lines, below(width, toneBad, "nobody can: "+v.web.Listen+" cannot be listened on, as while another sensord does")...)
		}
	}
	if r.Err != nil {
		lines = append(lines, below(width, stateTone(r.State), causeText(r.Err)+" ("+string(fault.CodeOf(r.Err))+")")...)
		lines = append(lines, below(width, tonePlain, fault.RemedyOf(r.Err))...)
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

// positionKnown is where the sensor is, "unknown" if that is so.
func positionKnown(s *actors.Status) string {
	if !s.HasPosition {
		return "unknown"
	}
	return positionText(place{s.Position.Lat, s.Position.Lon, s.Position.AltMSL})
}

// worthText is how sure the position is, and who says so.
func worthText(s *actors.Status) string {
	if !s.HasPosition {
		return ""
	}
	by := "by " + s.Position.Receiver
	if math.IsNaN(s.Position.AccuracyM) {
		return by
	}
	return fmt.Sprintf("within %.1f m, %s", s.Position.AccuracyM, by)
}

// movementText is how the sensor moves, "" if that is not known.
func movementText(s *actors.Status) string {
	p := s.Position
	if !s.HasPosition || math.IsNaN(p.SpeedMPS) {
		return ""
	}
	return movement(p.SpeedMPS*kmhPerMPS, p.Heading)
}

// movement is a speed in km/h and a course in degrees, NaN where there is none.
func movement(kmh, course float64) string {
	text := fmt.Sprintf("%.1f km/h", kmh)
	if !math.IsNaN(course) {
		text += fmt.Sprintf(" towards %.0f", math.Mod(math.Round(course), 360))
	}
	return text
}

func fixText(f *gps.Fix) string {
	switch f.Mode {
	case gps.Mode3D:
		return "3D"
	case gps.Mode2D:
		return "2D"
	}
	return "no"
}

func accuracyText(f *gps.Fix) string {
	switch {
	case math.IsNaN(f.AccuracyM):
		return "unknown"
	case f.AccuracyM < 100:
		return fmt.Sprintf("%.1f m %s", f.AccuracyM, f.AccuracyOrigin)
	}
	return fmt.Sprintf("%.0f m %s", f.AccuracyM, f.AccuracyOrigin)
}

// satelliteText is how many are used, of how many are in view.
func satelliteText(r *actors.ReceiverStatus) string {
	used, seen := r.Fix.Satellites, len(r.Satellites)
	switch {
	case r.Fixes == 0 && seen == 0:
		return "-"
	case used < 0 && seen == 0:
		return "-"
	case used < 0:
		return fmt.Sprintf("?/%d", seen)
	case seen == 0:
		return fmt.Sprint(used)
	}
	return fmt.Sprintf("%d/%d", used, seen)
}

// skyText is which satellites are in view, by system, and how strong they are.
func skyText(list []gps.Satellite) string {
	var systems []string
	used, seen := map[string]int{}, map[string]int{}
	weakest, strongest := math.Inf(1), math.Inf(-1)
	for _, s := range list {
		name := cmp.Or(s.System, "unknown")
		if seen[name] == 0 {
			systems = append(systems, name)
		}
		seen[name]++
		if s.Used {
			used[name]++
		}
		if !math.IsNaN(s.SNR) && s.SNR > 0 {
			weakest, strongest = min(weakest, s.SNR), max(strongest, s.SNR)
		}
	}
	if len(list) == 0 {
		return ""
	}
	for i, name := range systems {
		systems[i] = fmt.Sprintf("%s %d/%d", name, used[name], seen[name])
	}
	text := "satellites used: " + strings.Join(systems, ", ")
	if strongest > 0 {
		text += fmt.Sprintf("; %.0f to %.0f dBHz", weakest, strongest)
	}
	return text
}

func rateOf(interval time.Duration) string {
	if interval <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f Hz", 1/interval.Seconds())
}

func latencyText(r *actors.ReceiverStatus) string {
	if !r.LatencyKnown {
		return "-"
	}
	return fmt.Sprintf("%.2f s", r.Latency.Seconds())
}

// fusedReceiver is what fusion knows of a receiver, nil if that is nothing.
func fusedReceiver(g *actors.GPSStatus, name string) *fusion.Receiver {
	i := slices.IndexFunc(g.Fusion.Receivers, func(r fusion.Receiver) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &g.Fusion.Receivers[i]
}

// clockStateText says whom the time is had from.
func clockStateText(c gps.ClockState) string {
	off := ""
	if c.HasSystemOffset {
		d := time.Duration(c.SystemOffsetNs)
		where := "ahead of"
		if d < 0 {
			d, where = -d, "behind"
		}
		off = fmt.Sprintf(", %s %s GPS (give or take %s)", spanText(d), where, spanText(time.Duration(c.SystemErrorNs)))
	}
	switch c.Source {
	case gps.ClockSystem:
		return "synchronised" + off
	case gps.ClockUnknown:
		return "not synchronised, and no receiver has the time"
	}
	return "not synchronised" + off + "; GPS has the time"
}

// spanText is a time as one says it, from milliseconds to years.
func spanText(d time.Duration) string {
	switch day := 24 * time.Hour; {
	case d >= 2*day:
		return grouped(uint64(d/day)) + " days"
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f ms", float64(d)/1e6)
}
