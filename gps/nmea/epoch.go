package nmea

import (
	"math"
	"slices"

	"github.com/sensord/sensord/gps"
)

// An epoch is what the sentences of one instant say together. What several of
// them say is taken from the one whose kind comes first, so that it does not
// matter in which order they come.
type epoch struct {
	begun      bool
	at         int64 // time of day, ns, or noTime
	date       int64 // or noDate
	dateFrom   kind
	receivedNs int64 // of the first sentence that opens
	names      []string
	had        [kinds]bool
	waiting    []*report // additions that came before

	vouched, denied bool
	few             bool
	how             how
	quality         byte

	lat, lon float64
	places   int
	placed   kind // which sentence the position is from

	altMSL, altHAE       value
	speed, course, climb value
	hdop, vdop           value
	satellites           int
	gsa, hint            gps.Mode // GSA's, and what another says
	used                 []satelliteID
	horizontal           [kinds]error2D
	vertical             value
	counted              bool // the fix has a position
}

// maxNames is the most sentences of different names that one epoch is made of.
const maxNames = 32

// value is a number and the kind of sentence that it is from.
type value struct {
	v    float64
	from kind
}

// take takes v, unless it is absent or a better sentence said it.
func (x *value) take(v float64, from kind) {
	if !math.IsNaN(v) && (math.IsNaN(x.v) || from < x.from) {
		x.v, x.from = v, from
	}
}

func (e *epoch) begin(at, receivedNs int64, waiting []*report) {
	none := value{v: math.NaN()}
	*e = epoch{
		begun: true, at: at, date: noDate, receivedNs: receivedNs,
		waiting: append(e.waiting[:0], waiting...), used: e.used[:0],
		lat: none.v, lon: none.v, satellites: -1,
		altMSL: none, altHAE: none, speed: none, course: none, climb: none, hdop: none, vdop: none, vertical: none,
	}
	for i := range e.horizontal {
		e.horizontal[i] = error2D{a: none.v, b: none.v}
	}
}

// joins reports whether a sentence belongs to this epoch, as far as it says
// when it is of.
func (e *epoch) joins(r *report) bool {
	if r.at != noTime && e.at != noTime {
		return near(r.at, e.at)
	}
	contrary := (r.claim == vouched && e.denied) || (r.claim == denied && e.vouched)
	return !r.kind.opens() || (!contrary && !slices.Contains(e.names, r.name))
}

// merge takes a sentence in, and reports whether it was one of this epoch.
func (e *epoch) merge(r *report) bool {
	again := slices.Contains(e.names, r.name)
	if (r.kind.opens() && (again || e.elsewhere(r))) || len(e.names) == maxNames {
		return false // another receiver on the same line
	}
	if !again {
		e.names = append(e.names, r.name)
	}
	e.had[r.kind] = true
	if e.at == noTime {
		e.at = r.at
	}
	if r.date != noDate && (e.date == noDate || r.kind < e.dateFrom) {
		e.date, e.dateFrom = r.date, r.kind
	}
	e.satellites = max(e.satellites, r.satellites)
	switch {
	case r.kind == kindGSA:
		e.mergeGSA(r)
	case r.claim == denied:
		e.denied = true
		return true
	case r.claim == vouched:
		e.vouched, e.few = true, e.few || r.few
		e.mergePosition(r)
	}
	e.altMSL.take(r.altMSL, r.kind)
	e.altHAE.take(r.altHAE, r.kind)
	e.speed.take(r.speedMPS, r.kind)
	e.course.take(r.courseDeg, r.kind)
	e.climb.take(r.climbMPS, r.kind)
	e.hdop.take(r.hdop, r.kind)
	e.vdop.take(r.vdop, r.kind)
	e.vertical.take(r.verticalM, r.kind)
	e.horizontal[r.kind] = r.horizontalM
	return true
}

// mergeGSA takes one of the GSA, of which there may be one for each system: the
// fix is the best that any of them says.
func (e *epoch) mergeGSA(r *report) {
	e.gsa = max(e.gsa, r.mode)
	for _, id := range r.used {
		if !slices.Contains(e.used, id) && len(e.used) < maxSatellites {
			e.used = append(e.used, id)
		}
	}
	e.satellites = max(e.satellites, len(e.used))
}

func (e *epoch) mergePosition(r *report) {
	if e.how == measured {
		e.how = r.how
	}
	if e.quality == 0 {
		e.quality = r.quality
	}
	e.hint = max(e.hint, r.mode)
	if math.IsNaN(r.lat) {
		return
	}
	better := r.places > e.places || (r.places == e.places && r.kind < e.placed)
	if math.IsNaN(e.lat) || better {
		e.lat, e.lon, e.places, e.placed = r.lat, r.lon, r.places, r.kind
	}
}

// elsewhere reports whether r is at another place than the epoch, by more than
// rounding: a sentence of another receiver.
func (e *epoch) elsewhere(r *report) bool {
	if math.IsNaN(e.lat) || math.IsNaN(r.lat) {
		return false
	}
	const apart = 0.0005 // degrees, 55 m
	tolerance := apart + 2*math.Pow10(-min(e.places, r.places))/60
	east := math.Abs(math.Remainder(e.lon-r.lon, 360)) * math.Cos(e.lat*math.Pi/180)
	return math.Abs(e.lat-r.lat) > tolerance || east > tolerance
}

// close takes in what came before the epoch began, where the epoch itself did
// not say as much.
func (e *epoch) close() {
	had := e.had
	for _, r := range e.waiting {
		if had[r.kind] || (r.at != noTime && !near(r.at, e.at)) {
			continue
		}
		e.merge(r)
	}
	e.denied = e.denied || (had[kindGSA] && e.gsa == gps.ModeNone) || (e.few && e.gsa < gps.Mode2D)
	e.counted = e.vouched && !e.denied && !math.IsNaN(e.lat)
}

// fix returns what the epoch came to. gsa is what GSA said last, for receivers
// that do not send it with every epoch.
func (e *epoch) fix(gsa gps.Mode) gps.Fix {
	f := gps.NewFix()
	f.ReceivedNs = e.receivedNs
	f.Sentences = e.names
	f.Satellites = e.satellites
	f.Mode = gps.ModeNone
	if !e.counted {
		return f
	}
	f.Mode = e.dimensions(gsa)
	f.Lat, f.Lon = e.lat, e.lon
	if f.Mode == gps.Mode3D {
		f.AltMSL, f.AltHAE = e.altMSL.v, e.altHAE.v
		f.ClimbMPS = e.climb.v
	}
	f.SpeedMPS, f.CourseDeg = e.speed.v, e.course.v
	f.HDOP = e.hdop.v
	e.accuracy(&f)
	return f
}

// dimensions tells 2D from 3D.
func (e *epoch) dimensions(gsa gps.Mode) gps.Mode {
	high := !math.IsNaN(e.altMSL.v) || !math.IsNaN(e.altHAE.v)
	for _, m := range []gps.Mode{e.gsa, e.hint, gsa} {
		switch {
		case m == gps.Mode2D && high && e.satellites > 4:
			// Modems of Qualcomm and the CH-4711 say 2D whatever they have.
			return gps.Mode3D
		case m >= gps.Mode2D:
			return m
		}
	}
	few := e.satellites >= 0 && e.satellites < 4
	if !high || (few && e.how == measured) {
		return gps.Mode2D
	}
	return gps.Mode3D
}
