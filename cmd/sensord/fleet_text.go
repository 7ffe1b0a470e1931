package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/web"
)

// fleetStateWord is how a rig is, in a word or two.
func fleetStateWord(g *bus.FleetRig) string {
	switch g.Presence {
	case bus.PresenceSilent:
		return "silent"
	case bus.PresenceExpected:
		return "not heard"
	case bus.PresenceLeft:
		return "ended"
	case bus.PresenceGone:
		return "gone"
	}
	if g.State == "" {
		return "heard"
	}
	return g.State
}

func fleetStateTone(g *bus.FleetRig) tone {
	switch {
	case g.Presence == bus.PresenceExpected || g.Presence == bus.PresenceLeft || g.Presence == bus.PresenceGone:
		return toneFaint
	case g.Bad():
		return toneBad
	case g.Alarmed():
		return toneWarn
	case g.State == string(web.StateRecording) || g.State == string(web.StateFinished):
		return toneGood
	case g.State == string(web.StateHidden), g.State == string(web.StateStarting), g.State == string(web.StateSending):
		return toneWarn
	}
	return tonePlain
}

func fleetTone(s bus.FleetState) tone {
	switch s {
	case bus.FleetRight:
		return toneGood
	case bus.FleetWrong, bus.FleetNobody, bus.FleetDisconnected:
		return toneBad
	}
	return toneWarn
}

func fleetAlarmTone(a *bus.FleetAlarm) tone {
	switch {
	case a.Bad:
		return toneBad
	case a.Harmless:
		return toneFaint
	}
	return toneWarn
}

// fleetAlarmText is an alarm with its code.
func fleetAlarmText(a *bus.FleetAlarm) string {
	if a.Code == "" {
		return a.Text()
	}
	return a.Text() + " (" + a.Code + ")"
}

func fleetEventText(e *bus.FleetEvent) string {
	text := e.Text
	if e.Source != "" && !strings.Contains(text, e.Source) {
		text = e.Source + ": " + text
	}
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return e.Rig + " " + e.Severity + ": " + text
}

// fleetPlaceText is a position, and how sure and how old it is.
func fleetPlaceText(p *bus.FleetPlace) string {
	text := positionText(place{p.Lat, p.Lon, orNaN(p.AltMSL)})
	if p.Accuracy != nil {
		text += ", within " + metresText(*p.Accuracy)
	}
	if p.SpeedKMH != nil {
		text += ", " + movement(*p.SpeedKMH, orNaN(p.Track))
	}
	if p.Age >= fleetOld {
		text += ", " + longText(p.Age) + " ago"
	}
	return text
}

// fleetOld is from which age on, in seconds, a position is said to be of before.
const fleetOld = 10

func metresText(m float64) string {
	switch {
	case m < 100:
		return fmt.Sprintf("%.1f m", m)
	case m < 10_000:
		return fmt.Sprintf("%.0f m", m)
	}
	return fmt.Sprintf("%.0f km", m/1000)
}

// fleetWho is what there is, below the answer.
func fleetWho(v *bus.FleetView) string {
	c := &v.Count
	parts := []string{"fleet " + strconv.Quote(v.Fleet)}
	if v.Bus.Server != "" {
		parts[0] += " at " + v.Bus.Server
	}
	if c.Rigs > 0 {
		text := plural(c.Rigs, "rig", "rigs")
		if c.Silent > 0 {
			text += fmt.Sprintf(", %d silent", c.Silent)
		}
		parts = append(parts, text, plural(c.Sources, "source", "sources"))
	}
	if c.Frames != nil {
		parts = append(parts, rateText(*c.Frames))
	}
	if c.Left > 0 {
		parts = append(parts, fmt.Sprintf("%d ended", c.Left))
	}
	if c.Gone > 0 {
		parts = append(parts, fmt.Sprintf("%d gone for more than a day", c.Gone))
	}
	if v.Refused > 0 {
		parts = append(parts, plural(int(min(v.Refused, math.MaxInt32)), "message", "messages")+" refused")
	}
	return strings.Join(parts, ", ")
}

// fleetSourceText is a source of a rig, in the least words.
func fleetSourceText(s *bus.FleetSource) string {
	text := s.Name + " " + orUnknown(s.Capture)
	switch {
	case s.Hopping && s.Channels > 0:
		text += fmt.Sprintf(", hops %d channels", s.Channels)
	case s.Channel != "":
		text += ", channel " + s.Channel
	}
	if s.CaptureRate != nil {
		text += ", " + rateText(*s.CaptureRate)
	}
	if s.Link != "" && s.Link != "none" {
		text += ", link " + s.Link
	}
	if s.Waiting > 0 {
		text += ", " + web.Grouped(s.Waiting) + " waiting"
	}
	if s.Dropped > 0 {
		text += ", " + web.Grouped(s.Dropped) + " dropped"
	}
	return text
}

// fleetSums are a rig's sources taken together.
type fleetSums struct {
	rate             float64 // NaN if it is not known
	waiting, dropped uint64
	links, streaming int
	channels         []string
}

func sumsOf(g *bus.FleetRig) fleetSums {
	s := fleetSums{rate: math.NaN()}
	for i := range g.Sources {
		src := &g.Sources[i]
		if src.CaptureRate != nil {
			if math.IsNaN(s.rate) {
				s.rate = 0
			}
			s.rate += *src.CaptureRate
		}
		s.waiting += src.Waiting
		s.dropped += src.Dropped
		if src.Link != "" && src.Link != "none" {
			s.links++
			if src.Link == "streaming" || src.Link == "finished" {
				s.streaming++
			}
		}
		switch {
		case src.Hopping && src.Channels > 0:
			s.channels = append(s.channels, fmt.Sprintf("%d hopped", src.Channels))
		case src.Channel != "":
			s.channels = append(s.channels, src.Channel)
		}
	}
	return s
}
