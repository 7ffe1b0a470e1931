package main

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/web"
)

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
	return movement(p.SpeedMPS*gps.KMHPerMPS, p.Heading)
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
		return web.Grouped(uint64(d/day)) + " days"
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f ms", float64(d)/1e6)
}
