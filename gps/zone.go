package gps

import "math"

// A Zone is a circle inside which nothing is to be told of: a home.
type Zone struct {
	Name     string
	Lat, Lon float64 // degrees, WGS 84
	RadiusM  float64 // metres
}

// Bounds of a zone's radius, in metres: what is smaller than receivers err would
// protect nothing, what is larger is a mistake.
const (
	MinZoneRadiusM = 10.0
	MaxZoneRadiusM = 100_000.0
)

// unknownRadiusM is what a receiver's position may be off that does not say how
// much: more than a receiver under trees, less than a telephone cell.
const unknownRadiusM = 30

// Contains reports whether the sensor may have been inside the zone: whether
// any place within p's 95 % radius is. What is not known counts against: a
// position that does not say how far off it may be is taken to be 30 m off,
// except for one that a person fixed, and one without a place is inside.
func (z Zone) Contains(p Position) bool { return !(z.ClearanceM(p) > 0) }

// ClearanceM returns how many metres are between the zone and the nearest place
// within p's 95 % radius. Inside the zone it is 0 or less, and not a number
// where p, or the zone, is none. Distances go straight through the earth: on
// the ground they are longer, never shorter.
func (z Zone) ClearanceM(p Position) float64 {
	a := LLA{Lat: z.Lat, Lon: z.Lon}.ECEF()
	b := LLA{Lat: p.Lat, Lon: p.Lon}.ECEF()
	d := vec{a.X, a.Y, a.Z}.sub(vec{b.X, b.Y, b.Z}).norm()
	return d - z.RadiusM - p.radius()
}

// Hidden reports whether any of the zones may contain p: then nobody is to be
// told of it, whatever it is the position of.
func Hidden(zones []Zone, p Position) bool {
	for i := range zones {
		if z := &zones[i]; !z.north(p) && z.Contains(p) {
			return true
		}
	}
	return false
}

// north reports whether p is so much further north or south than the zone that
// no more needs to be calculated. A degree of latitude has 110.57 km or more,
// and as far as 10 of them a chord is at most 0.13 % shorter than its arc.
func (z *Zone) north(p Position) bool {
	apart := min(math.Abs(z.Lat-p.Lat), 10)
	return apart*110_000 > z.RadiusM+p.radius()
}

// radius is how far off p may be, in metres.
func (p *Position) radius() float64 {
	switch {
	case p.AccuracyM >= 0:
		return p.AccuracyM
	case p.Kind == FixedKind:
		return 0
	}
	return unknownRadiusM
}
