package pb

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// FromPosition makes a message of a position without its head: timeNs is the
// UTC of its measurement, 0 if that is not known, and ageNs how long ago it
// was. Its By is the receiver.
func FromPosition(p gps.Position, timeNs, ageNs int64) *Position {
	m := new(Position)
	m.spot().set(p, timeNs, ageNs)
	return m
}

// FromMetaGPS is FromPosition for the position of a meta GPS of this name, a
// token.
func FromMetaGPS(name string, p gps.Position, timeNs, ageNs int64) *MetaGPS {
	m := &MetaGPS{Name: name}
	m.spot().set(p, timeNs, ageNs)
	return m
}

// FromPlace is FromPosition for the place in a Status.
func FromPlace(p gps.Position, timeNs, ageNs int64) *Place {
	m := new(Place)
	m.spot().set(p, timeNs, ageNs)
	return m
}

// ToPosition returns where it is, without what kind of receiver says so.
// Numbers that are not known are NaN.
func (m *Position) ToPosition() gps.Position { return m.spot().position() }

// ToPosition is Position's.
func (m *MetaGPS) ToPosition() gps.Position { return m.spot().position() }

// ToPosition is Position's.
func (m *Place) ToPosition() gps.Position { return m.spot().position() }

// ToFix returns it as the report of a receiver, which arrived at receivedNs,
// CLOCK_BOOTTIME. The fix has no receiver's name. Its accuracy is OriginGiven;
// if none was given, it is NaN and OriginUnknown. Its TimeNs is the sender's,
// however old.
func (m *Position) ToFix(receivedNs int64) gps.Fix { return m.spot().fix(receivedNs) }

// ToFix is Position's.
func (m *MetaGPS) ToFix(receivedNs int64) gps.Fix { return m.spot().fix(receivedNs) }

func (s spot) set(p gps.Position, timeNs, ageNs int64) {
	room := new([6]float64) // all of them at once
	for i, f := range [...]struct {
		to **float64
		v  float64
	}{
		{s.lat, p.Lat},
		{s.lon, p.Lon},
		{s.alt, p.AltMSL},
		{s.speed, p.SpeedMPS},
		{s.course, p.Heading},
		{s.accuracy, p.AccuracyM},
	} {
		if !math.IsNaN(f.v) {
			room[i] = f.v
			*f.to = &room[i]
		}
	}
	*s.timeNs, *s.ageNs, *s.by = timeNs, ageNs, p.Receiver
}

func (s spot) position() gps.Position {
	return gps.Position{
		Lat: known(*s.lat), Lon: known(*s.lon), AltMSL: known(*s.alt),
		SpeedMPS: known(*s.speed), Heading: known(*s.course), AccuracyM: known(*s.accuracy),
		Kind: gps.Kind, Receiver: *s.by,
	}
}

func (s spot) fix(receivedNs int64) gps.Fix {
	f := gps.NewFix()
	f.Mode, f.TimeNs, f.ReceivedNs = gps.Mode2D, *s.timeNs, receivedNs
	f.Lat, f.Lon, f.AltMSL = known(*s.lat), known(*s.lon), known(*s.alt)
	f.SpeedMPS, f.CourseDeg = known(*s.speed), known(*s.course)
	if *s.alt != nil {
		f.Mode = gps.Mode3D
	}
	if *s.accuracy != nil {
		f.AccuracyM, f.AccuracyOrigin = **s.accuracy, gps.OriginGiven
	}
	return f
}

// known is the number, or NaN.
func known(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}
