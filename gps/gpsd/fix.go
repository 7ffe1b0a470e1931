package gpsd

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// gpsd's numbers of a fix, from include/gps.h: struct gps_fix_t.
const (
	modeNone      = 1
	mode2D        = 2
	mode3D        = 3
	statusMock    = 8      // STATUS_SIM
	maxSpeedMPS   = 9999.9 // what gpsd itself takes for possible
	maxAltitudeM  = 1e6
	maxAccuracyM  = 1e6
	secondNs      = 1_000_000_000
	gstFreshNs    = 2 * secondNs
	skyFreshNs    = 10 * secondNs
	ninetyFive    = 1.96 // sigmas of 95 % on one axis
	epsOfGeometry = 0.5  // see speedAccuracy

	// radius95Of68 makes the 95 % radius of a circular normal distribution of
	// its 68 % radius: √(ln 0.05 / ln 0.32).
	radius95Of68 = 1.6215
)

// position makes a fix of a TPV.
func (d *Decoder) position(dev *device, r *report, receivedNs int64, tell func(gps.Event)) {
	if r.Status.integer(0) == statusMock && !dev.mock {
		dev.mock = true
		d.note(receivedNs, dev.path, "the receiver says that its position is simulated", tell)
	}
	// Who says no more does not keep the others' fixes back.
	d.flushBefore(receivedNs-secondNs, tell)
	f := newFix(r, receivedNs)
	f.Device = dev.path
	if f.HasPosition() {
		f.AccuracyM, f.AccuracyOrigin = placeAccuracy(r, dev.sky.hdopOf(&f))
	}
	f.ReceivedNs = dev.begin.of(&f)
	dev.judge(&f)

	same := dev.has && f.TimeNs != 0 && f.TimeNs == dev.told.TimeNs
	switch {
	case !same:
		dev.flush(tell)
	case !knowsMore(&f, &dev.told):
		return
	default:
		f.ReceivedNs = min(f.ReceivedNs, dev.told.ReceivedNs)
	}
	dev.told, dev.has = f, true
	if d.o.Whole {
		if !dev.held {
			d.turns++
			dev.held, dev.turn = true, d.turns
		}
		return
	}
	tell(f)
}

// knowsMore reports whether f says something that the fix before it, of the
// same epoch, does not.
func knowsMore(f, before *gps.Fix) bool {
	if f.Mode != before.Mode {
		return f.Mode > before.Mode
	}
	for _, v := range [...][2]float64{
		{f.SpeedMPS, before.SpeedMPS},
		{f.CourseDeg, before.CourseDeg},
		{f.AltMSL, before.AltMSL},
		{f.AccuracyM, before.AccuracyM},
	} {
		if !math.IsNaN(v[0]) && math.IsNaN(v[1]) {
			return true
		}
	}
	return false
}

// newFix takes from a TPV what stands in it, without the accuracy of the place.
func newFix(r *report, receivedNs int64) gps.Fix {
	f := gps.NewFix()
	f.ReceivedNs = receivedNs
	f.TimeNs = int64(r.Time)
	f.Sentences = []string{"TPV"}
	f.Mode = mode(r)
	if !f.HasPosition() {
		return f
	}
	f.Lat, f.Lon = r.Lat.v, r.Lon.v
	f.SpeedMPS = r.Speed.in(0, maxSpeedMPS)
	f.CourseDeg = r.Track.in(0, 360)
	if f.CourseDeg == 360 {
		f.CourseDeg = 0
	}
	f.SpeedAccuracyMPS = speedAccuracy(r)
	if f.Mode == gps.Mode3D {
		f.AltMSL, f.AltHAE = altitudes(r)
		f.ClimbMPS = r.Climb.in(-maxSpeedMPS, maxSpeedMPS)
		f.AltAccuracyM = positive(r.EPV)
	}
	return f
}

// mode returns what gpsd says, but never a position that is not there.
func mode(r *report) gps.Mode {
	there := !math.IsNaN(r.Lat.in(-90, 90)) && !math.IsNaN(r.Lon.in(-180, 180))
	switch m := r.Mode.integer(0); {
	case m == mode3D && there:
		return gps.Mode3D
	case m == mode2D && there:
		return gps.Mode2D
	case m >= modeNone && m <= mode3D:
		return gps.ModeNone
	}
	return gps.ModeUnknown
}

// altitudes tells mean sea level and ellipsoid apart. From gpsd 3.20 on there
// are altMSL and altHAE, and alt is one of them, whichever was there; gpsd
// before only had alt, which is above mean sea level (gpsd_json(5) of 3.19 and
// 3.20, json_tpv_dump).
func altitudes(r *report) (msl, hae float64) {
	msl = r.AltMSL.in(-maxAltitudeM, maxAltitudeM)
	hae = r.AltHAE.in(-maxAltitudeM, maxAltitudeM)
	separation := r.GeoidSep.in(-maxAltitudeM, maxAltitudeM)
	switch {
	case !r.AltMSL.ok && !r.AltHAE.ok:
		msl = r.Alt.in(-maxAltitudeM, maxAltitudeM)
	case !r.AltMSL.ok:
		msl = hae - separation
	case !r.AltHAE.ok:
		hae = msl + separation
	}
	return msl, hae
}

// placeAccuracy returns the 95 % radius that a TPV itself gives.
//
// gpsd's estimates are at 95 % where gpsd decides: GPSD_CONFIDENCE in
// include/gpsd.h, to which drivers scale that know what their receiver means,
// and the range errors in gpsd/libgpsd_core.c, "meters, 95% confidence", which
// gpsd_error_model multiplies with dilutions for receivers that say nothing.
// gpsd_json(5) calls all of them "guessed to be 95% confidence".
//
// epx and epy are a radius split over two axes, since xdop² + ydop² = hdop²:
// their hypotenuse gives it back.
//
// Some receivers only know a radius: u-blox in its binary protocol, SiRF. gpsd
// hands that on as eph, at the receivers' 68 %, and adds epx and epy made of
// dilutions, which know nothing of reflections. So a radius that no arithmetic
// of gpsd's gives is the receiver's own word, and wins.
func placeAccuracy(r *report, hdop float64) (float64, gps.AccuracyOrigin) {
	x, y, h := positive(r.EPX), positive(r.EPY), positive(r.EPH)
	xy := math.Hypot(x, y)
	switch {
	case h < xy/2, h > 1.5*xy && !calculated(h, hdop):
		return h * radius95Of68, gps.OriginEPH
	case !math.IsNaN(xy):
		return xy, gps.OriginEPXY
	case !math.IsNaN(h):
		return h, gps.OriginEPH
	}
	return math.NaN(), gps.OriginUnknown
}

// calculated reports whether gpsd may have made eph of HDOP, which it rounds to
// hundredths: gpsd_error_model multiplies it with P_UERE_NO_DGPS or
// P_UERE_WITH_DGPS, in other versions with H_UERE.
func calculated(eph, hdop float64) bool {
	if math.IsNaN(hdop) {
		return true
	}
	for _, rangeErrorM := range [...]float64{19, 4.75, 15, 3.75} {
		if math.Abs(eph-hdop*rangeErrorM) < 0.01*rangeErrorM {
			return true
		}
	}
	return false
}

// speedAccuracy returns the receiver's 95 % error of the speed. Where the
// receiver gives none, gpsd_error_model writes as eps how far two positions may
// be off, divided by the time between them. That is no accuracy of a Doppler
// speed: it is tens of m/s, and no less than half of epx or epy for all
// receivers that report at least every four seconds.
func speedAccuracy(r *report) float64 {
	eps := positive(r.EPS)
	if (r.EPX.ok || r.EPY.ok) && eps >= epsOfGeometry*max(r.EPX.v, r.EPY.v) {
		return math.NaN()
	}
	return eps
}

// positive returns an error estimate, or NaN if it cannot be one.
func positive(n number) float64 {
	if v := n.in(0, maxAccuracyM); v > 0 {
		return v
	}
	return math.NaN()
}
