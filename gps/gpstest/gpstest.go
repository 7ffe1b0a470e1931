// Package gpstest simulates drives for tests, benchmarks and the demo: where a
// car, a ferry or a walker truly was, what imperfect receivers say about it, and
// how well somebody else's positions agree with the truth.
//
// Everything follows from a seed. The simulation has a geodesy of its own, so
// that a mistake in gps cannot hide itself. Values are immutable once made, and
// may be used from any goroutine; a Grader belongs to one.
//
//	s, _ := gpstest.Find("city")
//	d := s.Drive(1)
//	for _, a := range d.Arrivals {
//		feed(a.Fix)              // at a.AtNs
//		truth := d.At(a.AtNs)    // where it is by then
//	}
package gpstest

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// A State is the truth at one instant.
type State struct {
	Lat, Lon          float64 // degrees, WGS 84
	AltMSL            float64 // metres above mean sea level
	AltHAE            float64 // metres above the ellipsoid
	SpeedMPS          float64 // over ground
	CourseDeg         float64 // clockwise from true north, 0 up to 360; while standing, where it faces
	VelEast, VelNorth float64 // m/s
	VelUp             float64 // m/s
	TurnDPS           float64 // degrees per second, clockwise is positive
}

// An Arrival is a fix on its way into the machine.
type Arrival struct {
	AtNs int64   // CLOCK_BOOTTIME when its first byte arrived, as in Fix.ReceivedNs
	Fix  gps.Fix // with Receiver, TimeNs and ReceivedNs
}

// A Drive is a truth, and what receivers said about it.
type Drive struct {
	Truth    *Truth
	Models   []Model
	Start    time.Time // UTC when the truth begins: a whole second
	BootNs   int64     // CLOCK_BOOTTIME when the truth begins
	Arrivals []Arrival // in the order of arrival; some come after the end
}

// At returns the truth at a time on CLOCK_BOOTTIME.
func (d *Drive) At(boottimeNs int64) State {
	return d.Truth.At(time.Duration(boottimeNs - d.BootNs))
}

// EndNs is when the truth ends, CLOCK_BOOTTIME.
func (d *Drive) EndNs() int64 { return d.BootNs + int64(d.Truth.Duration()) }

// OffsetNs is UTC minus CLOCK_BOOTTIME.
func (d *Drive) OffsetNs() int64 { return d.Start.UnixNano() - d.BootNs }

// Only returns the drive as if there were no receivers but the named ones. What
// those say stays the same.
func (d *Drive) Only(receivers ...string) *Drive {
	keep := map[string]bool{}
	for _, r := range receivers {
		keep[r] = true
	}
	o := &Drive{Truth: d.Truth, Start: d.Start, BootNs: d.BootNs}
	for _, m := range d.Models {
		if keep[m.Name] {
			o.Models = append(o.Models, m)
		}
	}
	for _, a := range d.Arrivals {
		if keep[a.Fix.Receiver] {
			o.Arrivals = append(o.Arrivals, a)
		}
	}
	return o
}
