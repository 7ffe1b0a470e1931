package gps

// A Point is one instant of a track: where the sensor was, how it moved, and
// how sure that is. Numbers that are not known are NaN.
type Point struct {
	TimeNs    int64   // on the track's clock: CLOCK_BOOTTIME, or UTC for the track of a log
	Lat, Lon  float64 // degrees, WGS 84
	AltMSL    float64 // metres above mean sea level
	VelEast   float64 // m/s
	VelNorth  float64 // m/s
	CourseDeg float64 // of movement, clockwise from true north; NaN while it stands

	AccuracyM      float64 // 95 % horizontal radius
	VelAccuracyMPS float64 // 95 %, of the velocity: how the accuracy grows with time
	AccelMPS2      float64 // 95 % of what the sensor may accelerate by: how it grows with time squared

	Receiver string // which receiver said so, or FusedName
}

// FusedName is the receiver's name of positions made from several receivers.
const FusedName = "fusion"

// Kind is the kind of receiver under which Kismet shows positions of sensord.
const Kind = "sensord"
