package main

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/web"
)

// fleetHeadLine is the table's first line.
func fleetHeadLine(columns []fleetColumn) styledLine {
	line := styledLine{{" ", toneFaint}}
	for i := range columns {
		line = append(line, span{columns[i].cell(columns[i].name), toneFaint})
	}
	return line
}

// fleetRow is a rig's line of the table.
func fleetRow(g *bus.FleetRig, columns []fleetColumn) styledLine {
	sums := sumsOf(g)
	line := styledLine{plain(" ")}
	for i := range columns {
		c := &columns[i]
		t := tonePlain
		switch {
		case c.name == "state":
			t = fleetStateTone(g)
		case g.Presence != bus.PresenceHeard:
			t = toneFaint // it was so, once
		case c.name == "rig":
			t = toneStrong
		case c.name == "position" && g.Position != nil && g.Position.Age >= fleetOld:
			t = toneWarn
		}
		line = append(line, span{c.cell(c.text(g, &sums)), t})
	}
	return line
}

// cell is a text in its column, with a space before it.
func (c *fleetColumn) cell(text string) string {
	text = harmless(text)
	n := utf8.RuneCountInString(text)
	if n > c.width {
		text, n = string([]rune(text)[:c.width-1])+"~", c.width
	}
	blank := strings.Repeat(" ", c.width-n)
	if c.right {
		return " " + blank + text
	}
	return " " + text + blank
}

func fleetStateCell(g *bus.FleetRig) string {
	word := fleetStateWord(g)
	if (g.Presence == bus.PresenceSilent || g.Presence == bus.PresenceGone) && g.Heard != nil {
		return word + " " + longText(*g.Heard)
	}
	return word
}

func fleetPlaceCell(g *bus.FleetRig) string {
	switch {
	case g.Hidden:
		return "hidden"
	case g.Position == nil:
		return "-"
	}
	return fmt.Sprintf("%.5f %.5f", g.Position.Lat, g.Position.Lon)
}

func fleetWithinCell(g *bus.FleetRig, _ *fleetSums) string {
	if g.Position == nil || g.Hidden || g.Position.Accuracy == nil {
		return "-"
	}
	return metresText(*g.Position.Accuracy)
}

func fleetSpeedCell(g *bus.FleetRig, _ *fleetSums) string {
	if g.Position == nil || g.Hidden || g.Position.SpeedKMH == nil || fleetPast(g) {
		return "-"
	}
	return fmt.Sprintf("%.0f", *g.Position.SpeedKMH)
}

func fleetTrackCell(g *bus.FleetRig, _ *fleetSums) string {
	if g.Position == nil || g.Hidden || g.Position.Track == nil || fleetPast(g) {
		return "-"
	}
	return fmt.Sprintf("%.0f", math.Mod(math.Round(*g.Position.Track), 360))
}

func fleetRateCell(g *bus.FleetRig, s *fleetSums) string {
	if math.IsNaN(s.rate) || fleetPast(g) {
		return "-"
	}
	return strings.TrimSuffix(rateText(s.rate), "/s")
}

func fleetLinksCell(g *bus.FleetRig, s *fleetSums) string {
	if s.links == 0 || fleetPast(g) {
		return "-"
	}
	return fmt.Sprintf("%d/%d", s.streaming, s.links)
}

// fleetPast is whether it is known no more how fast a rig is, and what it does:
// only where it was and what waited there.
func fleetPast(g *bus.FleetRig) bool {
	return g.Presence == bus.PresenceSilent || g.Presence == bus.PresenceLeft || g.Presence == bus.PresenceGone
}

func fleetHeardCell(g *bus.FleetRig, _ *fleetSums) string {
	if g.Heard == nil {
		return "-"
	}
	return longText(*g.Heard)
}

// fleetCount is a number in nine characters.
func fleetCount(n uint64) string {
	const million, most = 1_000_000, 10_000_000
	if n >= most {
		return web.Grouped(n/million) + " M"
	}
	return web.Grouped(n)
}
