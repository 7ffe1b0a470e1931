package gps

import "math"

// A Position is where the sensor was at one instant. Numbers that are not
// known are NaN; a Position without latitude and longitude does not exist.
type Position struct {
	Lat, Lon  float64 // degrees, WGS 84; 0 is a valid latitude
	AltMSL    float64 // metres above mean sea level; NaN if unknown
	SpeedMPS  float64 // NaN if unknown
	Heading   float64 // degrees clockwise from true north; NaN if unknown
	AccuracyM float64 // 95 % horizontal radius; NaN if unknown
	Kind      string  // kind of receiver, as Kismet shows it: "remote-fixed", "sensord"
	Receiver  string  // which receiver said so
}

// KMHPerMPS converts metres per second, which positions and fixes have, to
// kilometres per hour, which Kismet and people take.
const KMHPerMPS = 3.6

// FixedKind is the kind under which Kismet's tools report a position given on
// the command line.
const FixedKind = "remote-fixed"

// NewFixed returns a Position that only has a place. altMSL may be NaN.
func NewFixed(lat, lon, altMSL float64, receiver string) Position {
	return Position{
		Lat: lat, Lon: lon, AltMSL: altMSL,
		SpeedMPS: math.NaN(), Heading: math.NaN(), AccuracyM: math.NaN(),
		Kind: FixedKind, Receiver: receiver,
	}
}
