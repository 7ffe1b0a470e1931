package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/web"
)

// placeStatus is where the sensor is.
func placeStatus(s *web.Status) string {
	p := s.Position
	switch {
	case s.Hidden:
		return "hidden: inside a zone of privacy"
	case p == nil && len(s.GPS.Receivers) == 0:
		return "none: no receiver is configured"
	case p == nil:
		return "unknown"
	}
	text := positionText(place{p.Lat, p.Lon, orNaN(p.AltMSL)})
	if p.Accuracy != nil {
		text += fmt.Sprintf(", within %.1f m", *p.Accuracy)
	}
	text += ", by " + p.By
	if p.SpeedKMH != nil {
		text += ", " + movement(*p.SpeedKMH, orNaN(p.Track))
	}
	return text
}

func orNaN(x *float64) float64 {
	if x == nil {
		return math.NaN()
	}
	return *x
}

func receiversStatus(receivers []web.Receiver) string {
	var texts []string
	for i := range receivers {
		r := &receivers[i]
		text := r.Name + " " + r.State
		if r.State == "fix" {
			mode := "2D"
			if r.Mode == int(gps.Mode3D) {
				mode = "3D"
			}
			text = r.Name + " " + mode
			if r.Satellites != nil {
				text += fmt.Sprintf(", %d satellites", *r.Satellites)
			}
			if r.Accuracy != nil {
				text += fmt.Sprintf(", %.1f m", *r.Accuracy)
			}
		} else if r.Age != nil {
			text += ", last fix " + longText(*r.Age) + " ago"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

func clockStatus(c web.Clock) string {
	state := gps.ClockState{Source: gps.ClockSource(c.Source)}
	if c.SystemOffset != nil && c.SystemError != nil {
		state.HasSystemOffset = true
		state.SystemOffsetNs, state.SystemErrorNs = int64(*c.SystemOffset*1e9), int64(*c.SystemError*1e9)
	}
	return clockStateText(state)
}

func serversStatus(servers []web.Endpoint) string {
	var texts []string
	for _, s := range servers {
		text := s.Name
		switch s.Links {
		case 0:
		case 1:
			text += " (1 link)"
		default:
			text += fmt.Sprintf(" (%d links)", s.Links)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", then ")
}

// keptStatus is where frames wait, and how much room there is.
func keptStatus(s *web.Status) string {
	text := fmt.Sprintf("memory, %s of %s", sizeText(s.Memory.Bytes), sizeText(s.Memory.Limit))
	p := s.Spool
	if p == nil {
		return text + "; no disk: what waits is lost with the power (--spool DIR keeps it)"
	}
	text += fmt.Sprintf("; %s, %s of %s", p.Dir, sizeText(p.Bytes), sizeText(p.Limit))
	if p.Free != nil {
		text += ", " + sizeText(*p.Free) + " free"
	}
	if p.Full != nil {
		text += ", full in " + longText(*p.Full)
	}
	return text
}

func filesStatus(r *web.Record) string {
	text := cmp.Or(r.File, r.Dir+", none yet")
	text += fmt.Sprintf(", %s frames, %s in %s", web.Grouped(r.Frames), sizeText(int64(min(r.Bytes, math.MaxInt64))), plural(int(min(r.Files, math.MaxInt32)), "file", "files"))
	if r.Rate != nil {
		text += ", " + rateText(*r.Rate)
	}
	if r.Deleted > 0 {
		text += ", " + plural(int(min(r.Deleted, math.MaxInt32)), "older one deleted", "older ones deleted")
	}
	if r.Dropped > 0 {
		text += ", " + web.Grouped(r.Dropped) + " frames dropped"
	}
	return text
}

func replayStatus(r *web.Replay) string {
	limits := []string{}
	if r.Limit > 0 {
		limits = append(limits, fmt.Sprintf("%s frames/s", web.Grouped(uint64(r.Limit))))
	}
	if r.LimitBytes > 0 {
		limits = append(limits, sizeText(r.LimitBytes)+"/s")
	}
	text := "kept frames leave as fast as the link takes them"
	if len(limits) > 0 {
		text = "kept frames leave at " + strings.Join(limits, " or ") + " at most"
	}
	if replaySlowed(r) {
		text += fmt.Sprintf(", at %s now, because the server drops", rateText(*r.Now))
	}
	return text
}

// replaySlowed reports whether less than the limit is in effect.
func replaySlowed(r *web.Replay) bool { return r.Now != nil && *r.Now < r.Limit }

// tunedStatus is what a source is, and where it listens.
func tunedStatus(s *web.Source, d detail) string {
	text := ""
	if d > detailLeast {
		text = ", " + s.Type
	}
	if s.Radio == nil || s.Radio.Channel == "" {
		return text
	}
	text += ", channel " + s.Radio.Channel
	if s.Radio.Locked && d > detailLeast {
		text += ", locked"
	}
	return text
}

// linkStatus is how a source's link is, in short where there is little room.
func linkStatus(s *web.Status, l *web.Link, d detail) string {
	name := l.Server
	for _, server := range s.Servers {
		if server.Address == l.Server {
			name = server.Name
		}
	}
	text := l.State
	switch l.State {
	case "none":
		return "none, as no server is configured"
	case "connecting", "announced":
		text += " to " + name
	case "waiting":
		text = "lost, tries " + name + " again"
		if l.Links == 0 {
			text = "cannot reach " + name + ", tries again"
		}
	case "streaming":
		text += " to " + name
		if d == detailLeast {
			return text
		}
		text = withCommas(text+sinceText(s.Time, l.Since), l.Protocol, tripText(l.RoundTrip), bytesRate(l.Rate), catchUpText(l))
	}
	if d == detailLeast {
		return text
	}
	if l.Links > 1 {
		text += fmt.Sprintf(", link %d", l.Links)
	}
	return withCommas(text, l.Held)
}

// sinceText is for how long something has been so, "" if that is not known.
func sinceText(now, since string) string {
	to, err := time.Parse(time.RFC3339, now)
	from, e := time.Parse(time.RFC3339, since)
	if err != nil || e != nil || to.Before(from) {
		return ""
	}
	return " for " + longText(to.Sub(from).Seconds())
}

// catchUpText is how long kept frames take, "" while there are none.
func catchUpText(l *web.Link) string {
	if l.CatchUp == nil || *l.CatchUp < 1 {
		return ""
	}
	return "caught up in " + longText(*l.CatchUp)
}

func tripText(s *float64) string {
	if s == nil {
		return ""
	}
	return "round trip " + spanText(time.Duration(*s*float64(time.Second)))
}

func bytesRate(perSecond *float64) string {
	if perSecond == nil {
		return ""
	}
	return sizeText(int64(*perSecond)) + "/s"
}
