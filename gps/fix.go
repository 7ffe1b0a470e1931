package gps

import "math"

// A Fix is what one receiver reports for one instant. Numbers that are not
// known are NaN, and never zero.
type Fix struct {
	Receiver string // what it is called, as who runs it says: its configured name, with a device's where there are several
	Of       string // the configured name, where Receiver is not that
	Device   string // which device behind it, where there are several, as with gpsd

	Mode       Mode
	TimeNs     int64 // UTC of the measurement as the receiver says it, ns since 1970; 0 if unknown
	ReceivedNs int64 // CLOCK_BOOTTIME, ns, when the first byte of it arrived
	MeasuredNs int64 // CLOCK_BOOTTIME, ns, of the measurement, where the receiver has found that out; 0 if not

	Lat, Lon   float64 // degrees, WGS 84; valid if Mode is Mode2D or Mode3D
	AltMSL     float64 // metres above mean sea level
	AltHAE     float64 // metres above the ellipsoid: never mixed with AltMSL
	SpeedMPS   float64 // over ground
	CourseDeg  float64 // of movement, clockwise from true north
	ClimbMPS   float64 // up is positive
	HDOP       float64 // no unit; not an accuracy
	Satellites int     // used for the fix; -1 if unknown

	AccuracyM        float64        // 95 % horizontal radius
	AccuracyOrigin   AccuracyOrigin // where AccuracyM comes from
	AltAccuracyM     float64        // 95 %, vertical
	SpeedAccuracyMPS float64        // 95 %

	Sentences []string // what it was made of: "GNRMC", or gpsd's classes
}

// NewFix returns a fix that knows nothing.
func NewFix() Fix {
	nan := math.NaN()
	return Fix{
		Lat: nan, Lon: nan, AltMSL: nan, AltHAE: nan, SpeedMPS: nan, CourseDeg: nan, ClimbMPS: nan, HDOP: nan,
		Satellites: -1, AccuracyM: nan, AltAccuracyM: nan, SpeedAccuracyMPS: nan,
	}
}

// HasPosition reports whether latitude and longitude count.
func (f *Fix) HasPosition() bool { return f.Mode >= Mode2D }

// Mode says how much a receiver knows of where it is.
type Mode uint8

// Modes.
const (
	ModeUnknown Mode = iota // not said
	ModeNone                // no fix
	Mode2D                  // without altitude
	Mode3D                  //
)

// AccuracyOrigin says what a fix's accuracy was made of, best first.
type AccuracyOrigin string

// Origins of an accuracy.
const (
	OriginUnknown AccuracyOrigin = ""
	OriginGST     AccuracyOrigin = "gst"     // the receiver's error ellipse
	OriginEPXY    AccuracyOrigin = "epx,epy" // gpsd, per axis
	OriginEPH     AccuracyOrigin = "eph"     // gpsd, a radius
	OriginGiven   AccuracyOrigin = "given"   // said by who posted the position
	OriginHDOP    AccuracyOrigin = "hdop"    // dilution times an assumed range error
	OriginAssumed AccuracyOrigin = "assumed" // nothing was said
)

// An Event is what a receiver tells: Fix, Sky, Pulse or Notice.
type Event interface{ event() }

// Sky is the satellites that a receiver sees.
type Sky struct {
	Device     string
	Satellites []Satellite
}

// A Satellite is one that a receiver sees.
type Satellite struct {
	System    string  // "GPS", "GLONASS", "Galileo", "BeiDou", "QZSS", "NavIC", "SBAS", or "" if unknown
	ID        int     // as the receiver numbers it
	Elevation float64 // degrees
	Azimuth   float64 // degrees
	SNR       float64 // dBHz
	Used      bool
}

// A Pulse says that a second of UTC began, as precisely as a pulse of the
// receiver's hardware tells it.
type Pulse struct {
	Device     string
	UTCNs      int64 // the second
	BoottimeNs int64 // when it began, CLOCK_BOOTTIME
	ErrorNs    int64 // how far off that may be
}

// A Notice is something to know of a receiver that goes on: a device behind it
// came or went, a warning of gpsd.
type Notice struct {
	Device string
	Text   string
}

func (Fix) event()    {}
func (Sky) event()    {}
func (Pulse) event()  {}
func (Notice) event() {}
