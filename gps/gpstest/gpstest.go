// Package gpstest simulates drives for tests, benchmarks and the demo: where a
// car, a ferry or a walker truly was, what imperfect receivers say about it, and
// how well somebody else's positions agree with the truth.
//
// Everything follows from a seed. Values are immutable once made, and may be
// used from any goroutine; a Grader belongs to one.
package gpstest

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// A State is the truth at one instant.
type State struct {
	Lat, Lon          float64 // degrees, WGS 84
	AltMSL            float64 // metres above mean sea level
	SpeedMPS          float64 // over ground
	CourseDeg         float64 // clockwise from true north; while standing, where it faces
	VelEast, VelNorth float64 // m/s
	TurnDPS           float64 // degrees per second, clockwise is positive
	AccelMPS2         float64 // along the course
}

// An Arrival is a fix on its way into the machine.
type Arrival struct {
	AtNs int64   // CLOCK_BOOTTIME when its first byte arrived; also in the fix
	Fix  gps.Fix // with Receiver, TimeNs and ReceivedNs
}

// A Drive is a truth and what receivers said about it.
type Drive struct {
	Truth    *Truth
	Models   []Model
	Start    time.Time // UTC when the truth begins
	BootNs   int64     // CLOCK_BOOTTIME when the truth begins
	Arrivals []Arrival // in the order of arrival
}
