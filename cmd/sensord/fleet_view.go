package main

import (
	"math"
	"slices"
	"strings"

	"github.com/sensord/sensord/bus"
)

const (
	fleetMost  = 160 // columns: the table is as wide as it has something to tell
	fleetTail  = 8   // events that are shown
	fleetPlain = 3   // lines of a terminal that the tail leaves to the rigs at least
)

// fleetView is the view of `sensord fleet`.
type fleetView struct {
	events bool // the last ones below
}

// fitted is as much of a fleet as so many lines have room for: less detail
// first, and then fewer rigs, the last in their order. hidden says of those.
func (f *fleetView) fitted(v *bus.FleetView, width, room int) (lines []styledLine, hidden string) {
	width = max(width, 1)
	head, tail := fleetHead(v, width), f.tail(v, width, room)
	room -= len(head) + len(tail)
	columns := fleetColumns(min(width, fleetMost))
	for d := detailAll; d >= detailLeast; d-- {
		body := [][]styledLine{}
		n := 0
		for i := range v.Rigs {
			body = append(body, fleetRigLines(&v.Rigs[i], columns, width, d))
			n += len(body[i])
			if n > room && d > detailLeast {
				break
			}
		}
		if n > room && d > detailLeast {
			continue
		}
		shown := 0
		lines, shown = fleetCut(head, body, room)
		hidden = hiddenText(v.Rigs[shown:])
		break
	}
	return append(lines, tail...), hidden
}

// fleetCut puts what there is room for below the head.
func fleetCut(head []styledLine, body [][]styledLine, room int) (lines []styledLine, shown int) {
	lines = slices.Clone(head)
	for i, rig := range body {
		if len(rig) > room {
			if room > 0 && i == 0 {
				lines = append(lines, rig[:room]...)
			}
			break
		}
		lines, room, shown = append(lines, rig...), room-len(rig), shown+1
	}
	if room < 0 { // not even the head
		lines = lines[:max(len(lines)+room, 0)]
	}
	return lines, shown
}

// fleetHead is the answer, and what is the whole fleet's.
func fleetHead(v *bus.FleetView, width int) []styledLine {
	text := min(width, viewMost-viewMargin)
	answer := fleetTone(v.State)
	if v.State == bus.FleetDisconnected && v.Bus.Error == "" {
		answer = toneWarn // it is not known yet
	}
	lines := flowed(text, "", answer, v.Sentence)
	if v.Remedy != "" {
		lines = append(lines, flowed(text, "  ", tonePlain, v.Remedy)...)
	}
	lines = append(lines, flowed(text, "  ", toneFaint, fleetWho(v))...)
	for i := range v.Alarms {
		a := &v.Alarms[i]
		lines = append(lines, flowed(text, "  ", toneWarn, fleetAlarmText(a))...)
		lines = append(lines, flowed(text, "    ", tonePlain, a.Remedy)...)
	}
	for i := range v.MetaGPS[:min(len(v.MetaGPS), fleetMeta)] {
		m := &v.MetaGPS[i]
		lines = append(lines, flowed(text, "  ", tonePlain, "meta GPS "+m.Name+" by "+m.Rig+" at "+fleetPlaceText(&m.Position))...)
	}
	if len(v.Rigs) == 0 {
		return lines
	}
	return append(lines, nil, fleetHeadLine(fleetColumns(min(width, fleetMost))))
}

// fleetMeta is how many meta GPS are shown.
const fleetMeta = 3

// fleetRigLines are a rig's row, and below it what is wrong and what it is.
func fleetRigLines(g *bus.FleetRig, columns []fleetColumn, width int, d detail) []styledLine {
	lines := []styledLine{fleetRow(g, columns)}
	text := min(width, viewMost-viewMargin)
	for i := range g.Alarms {
		a := &g.Alarms[i]
		if (a.Harmless || i > 0) && d < detailRemedy {
			break
		}
		lines = append(lines, flowed(text, "    ", fleetAlarmTone(a), fleetAlarmText(a))...)
		if d >= detailWhat && a.Remedy != "" && !a.Harmless {
			lines = append(lines, flowed(text, "      ", tonePlain, a.Remedy)...)
		}
	}
	if d >= detailAll && g.Presence == bus.PresenceHeard {
		for i := range g.Sources {
			lines = append(lines, flowed(text, "    ", toneFaint, fleetSourceText(&g.Sources[i]))...)
		}
	}
	return lines
}

// tail are the last events, where they are asked for.
func (f *fleetView) tail(v *bus.FleetView, width, room int) []styledLine {
	if !f.events {
		return nil
	}
	most := fleetTail
	if room < math.MaxInt {
		most = min(most, max(room/fleetPlain-2, 0))
	} else {
		most = len(v.Events)
	}
	last := v.Events[max(0, len(v.Events)-most):]
	if len(last) == 0 {
		return nil
	}
	lines := []styledLine{nil, {{"  events", toneFaint}}}
	for i := range last {
		e := &last[i]
		t := tonePlain
		switch e.Severity {
		case "error":
			t = toneBad
		case "warn":
			t = toneWarn
		}
		text := []rune(fleetEventText(e))
		at := "  " + timeOfDay(e.Time) + "  "
		if most := max(width-len(at), 1); len(text) > most { // one line each: they come and go
			text = append(text[:most-1], '~')
		}
		lines = append(lines, styledLine{{at, toneFaint}, {string(text), t}})
	}
	return lines
}

// A fleetColumn is a column of the table.
type fleetColumn struct {
	name  string
	width int
	right bool
	rank  int // those of the least are shown first where there is little room
	text  func(*bus.FleetRig, *fleetSums) string
}

// fleetColumns are those that there is room for, in their order.
func fleetColumns(width int) []fleetColumn {
	all := []fleetColumn{
		{"rig", 13, false, 0, func(g *bus.FleetRig, _ *fleetSums) string { return shortened(g.Name, 13) }},
		{"state", 13, false, 1, func(g *bus.FleetRig, _ *fleetSums) string { return fleetStateCell(g) }},
		{"position", 20, false, 2, func(g *bus.FleetRig, _ *fleetSums) string { return fleetPlaceCell(g) }},
		{"within", 7, true, 4, fleetWithinCell},
		{"km/h", 4, true, 5, fleetSpeedCell},
		{"to", 3, true, 6, fleetTrackCell},
		{"frames/s", 8, true, 3, fleetRateCell},
		{"waiting", 9, true, 7, func(_ *bus.FleetRig, s *fleetSums) string { return fleetCount(s.waiting) }},
		{"links", 5, true, 8, fleetLinksCell},
		{"dropped", 9, true, 9, func(_ *bus.FleetRig, s *fleetSums) string { return fleetCount(s.dropped) }},
		{"heard", 6, true, 10, fleetHeardCell},
		{"channels", 24, false, 11, func(_ *bus.FleetRig, s *fleetSums) string { return strings.Join(s.channels, ", ") }},
	}
	for len(all) > 1 {
		used := 0
		for _, c := range all {
			used += c.width + 1
		}
		if used+1 <= width {
			break
		}
		last := slices.MaxFunc(all, func(a, b fleetColumn) int { return a.rank - b.rank }).rank
		all = slices.DeleteFunc(all, func(c fleetColumn) bool { return c.rank == last })
	}
	return all
}
