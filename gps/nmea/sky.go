package nmea

import (
	"math"
	"slices"
	"strconv"

	gonmea "github.com/adrianmo/go-nmea"

	"github.com/sensord/sensord/gps"
)

// What is kept of satellites: more than there are.
const (
	maxSatellites = 256
	maxGroups     = 32
	maxInGroup    = 64
)

// A satelliteID names a satellite whatever its number in a sentence is.
type satelliteID struct {
	system string
	number int
}

// systems are the names of the systems of NMEA 4.1, by their number.
var systems = [...]string{"", "GPS", "GLONASS", "Galileo", "BeiDou", "QZSS", "NavIC"}

// identify finds out whose satellite a number is: from the system that the
// sentence names, else from its talker, else from the number, of which each
// system has its range. Receivers disagree on the ranges; those of u-blox,
// SiRF, Skytraq and Quectel are known here.
func identify(s gonmea.BaseSentence, system byte, number int) satelliteID {
	name := ""
	if system >= '1' && system <= '6' {
		name = systems[system-'0']
	} else {
		name = ofTalker(s)
	}
	if name == "" || name == "GPS" {
		return ofNumber(number)
	}
	for _, base := range []int{400, 300, 200, 192, 100, 64} {
		if number > base && inRange(name, base) {
			return satelliteID{name, number - base}
		}
	}
	return satelliteID{name, number}
}

// inRange reports whether a system's numbers may begin behind base.
func inRange(system string, base int) bool {
	switch system {
	case "GLONASS":
		return base == 64
	case "Galileo":
		return base == 300 || base == 100
	case "BeiDou":
		return base == 400 || base == 200 || base == 100
	case "QZSS":
		return base == 192
	}
	return false
}

func ofTalker(s gonmea.BaseSentence) string {
	switch s.Talker {
	case "GP":
		return "GPS"
	case "GL":
		return "GLONASS"
	case "GA":
		return "Galileo"
	case "GB", "BD":
		return "BeiDou"
	case "GQ", "QZ":
		return "QZSS"
	case "GI":
		return "NavIC"
	case "P": // PQGSA, PQGSV of Quectel
		return "BeiDou"
	}
	return ""
}

func ofNumber(n int) satelliteID {
	switch {
	case n <= 32:
		return satelliteID{"GPS", n}
	case n <= 64:
		return satelliteID{"SBAS", n + 87}
	case n <= 96:
		return satelliteID{"GLONASS", n - 64}
	case n >= 120 && n <= 158:
		return satelliteID{"SBAS", n}
	case n >= 193 && n <= 202:
		return satelliteID{"QZSS", n - 192}
	case n >= 203 && n <= 264:
		return satelliteID{"BeiDou", n - 200}
	case n >= 301 && n <= 336:
		return satelliteID{"Galileo", n - 300}
	case n >= 401 && n <= 463:
		return satelliteID{"BeiDou", n - 400}
	}
	return satelliteID{"", n}
}

// A view is one GSV sentence.
type view struct {
	gonmea.BaseSentence
	group      string // talker and signal
	number, of int
	satellites []seen
}

type seen struct {
	gps.Satellite
	id satelliteID
}

// $--GSV,of,number,in view,(id,elevation,azimuth,snr)…,signal of NMEA 4.1.
func parseGSV(s gonmea.BaseSentence) (gonmea.Sentence, error) {
	r, v := &reader{fields: s.Fields}, &view{BaseSentence: s}
	v.of, v.number = r.count(0), r.count(1)
	if v.of < 1 || v.number < 1 || v.number > v.of {
		return v, errForm
	}
	v.group = s.Prefix()
	if len(s.Fields)%4 == 0 {
		v.group += r.text(len(s.Fields) - 1)
	}
	for i := 3; i+3 < len(s.Fields); i += 4 {
		id, err := strconv.Atoi(r.text(i))
		if err != nil || id < 1 || len(v.satellites) == maxInGroup {
			continue
		}
		sat := seen{id: identify(s, 0, id)}
		sat.System, sat.ID = sat.id.system, id
		sat.Elevation = r.number(i+1, -90, 90)
		sat.Azimuth = r.number(i+2, 0, 360)
		sat.SNR = r.number(i+3, 0, 99)
		v.satellites = append(v.satellites, sat)
	}
	return v, r.err
}

// sky puts GSV sentences together: groups of several sentences, one group for
// each system and signal.
type sky struct {
	groups []group
	fresh  bool // a group was completed since the sky was told last
}

type group struct {
	name     string
	building []seen
	number   int // of the sentence that came last; 0 outside of a group
	whole    []seen
	known    bool
	fresh    bool
	stale    int // how many groups were completed since this one was
}

// add takes one sentence, and reports whether the sky has to be told before
// more is added: a group comes again, and no epoch ended in between.
func (s *sky) add(v *view) (due bool) {
	g := s.find(v.group)
	if g == nil {
		return false
	}
	switch {
	case v.number == 1:
		due = g.fresh
		g.building = g.building[:0]
	case v.number != g.number+1:
		g.number = 0
		return false
	}
	g.number = v.number
	if room := maxInGroup - len(g.building); len(v.satellites) > room {
		v.satellites = v.satellites[:room]
	}
	g.building = append(g.building, v.satellites...)
	if v.number == v.of {
		s.complete(g)
	}
	return due
}

func (s *sky) find(name string) *group {
	for i := range s.groups {
		if s.groups[i].name == name {
			return &s.groups[i]
		}
	}
	if len(s.groups) == maxGroups {
		return nil
	}
	s.groups = append(s.groups, group{name: name})
	return &s.groups[len(s.groups)-1]
}

func (s *sky) complete(g *group) {
	for i := range s.groups {
		s.groups[i].stale++
	}
	g.whole = append(g.whole[:0], g.building...)
	g.number, g.stale, g.known, g.fresh = 0, 0, true, true
	s.fresh = true
	// A system or signal that the receiver lost is not told of again.
	old := 3 * len(s.groups)
	s.groups = slices.DeleteFunc(s.groups, func(g group) bool { return g.stale > old })
}

// report returns the whole sky: each satellite once, with its best signal.
func (s *sky) report(used []satelliteID) gps.Sky {
	sats := []gps.Satellite{}
	at := map[satelliteID]int{}
	for i := range s.groups {
		s.groups[i].fresh = false
		for _, sat := range s.groups[i].whole {
			if k, ok := at[sat.id]; ok {
				if sat.SNR > sats[k].SNR || math.IsNaN(sats[k].SNR) {
					sats[k].SNR = sat.SNR
				}
				continue
			}
			sat.Used = slices.Contains(used, sat.id)
			at[sat.id] = len(sats)
			sats = append(sats, sat.Satellite)
		}
	}
	s.fresh = false
	return gps.Sky{Satellites: sats}
}
