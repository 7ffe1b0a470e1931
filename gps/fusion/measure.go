package fusion

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// A measurement is a fix in the coordinates of the filter. Variances are per
// axis.
type measurement struct {
	slot int
	atNs int64
	at   gps.LLA // on the ellipsoid
	ecef gps.ECEF

	patience int64 // ns without a fix after which its receiver has to find itself again

	pos        [2]float64 // metres in the plane
	white, off float64    // variance: what is new in it, what lasts
	accuracy   float64    // 95 % radius as it was claimed
	far        bool       // too far for the plane

	speed       float64    // as it was said, NaN without
	pose        pose       //
	course      bool       // it was said where to
	east, north float64    // m/s where it is
	vel         [2]float64 // m/s in the plane
	velVar      float64    // of it, or of the speed if there is no course
	guess       bool       // it has not got the satellites for what it says
	mute        bool       // the speed cannot be believed

	alt              float64 // metres above mean sea level, NaN without
	altWhite, altOff float64
	climb, climbVar  float64 // climbVar is +Inf without
}

// farM is how far from the plane's origin a place is in it: 100 km from there
// the ground is 800 m below.
const farM = 100e3

// place checks where a fix says that it is.
func place(fix *gps.Fix) (gps.LLA, bool) {
	ok := fix.Lat >= -90 && fix.Lat <= 90 && fix.Lon >= -360 && fix.Lon <= 360
	return gps.LLA{Lat: fix.Lat, Lon: math.Remainder(fix.Lon, 360)}, ok
}

// measure makes a measurement of a fix of a receiver.
func (f *Filter) measure(fix *gps.Fix, at gps.LLA, slot int, atNs int64) measurement {
	r := f.receivers[slot]
	m := measurement{slot: slot, atNs: atNs, at: at, ecef: at.ECEF(), accuracy: assumedM}
	if fix.AccuracyM > 0 { // not NaN
		m.accuracy = min(max(fix.AccuracyM, bestM), worstM)
	}
	r.claimed = m.accuracy
	sigma := m.accuracy / r95
	if m.guess = fix.Satellites > 0 && fix.Satellites < enough; m.guess {
		sigma *= 2
	}
	dt := 1.0
	if r.isGood {
		dt = math.Abs(seconds(atNs - r.goodNs))
	}
	m.patience = max(int64(lately), int64(3e9*r.interval))
	m.white, m.off = r.noise(claimDoubt*sigma*sigma, dt)
	place, up := f.room(slot, atNs)
	m.off += place
	m.measureVelocity(fix, r)
	m.pose = r.calm.watch(&m, r.doppler.variance)
	m.mute = r.calm.mute
	m.measureAltitude(fix, sigma)
	m.altOff += up
	m.project(&f.plane)
	r.doppler.learn(&m)
	return m
}

// project puts the measurement into a plane.
func (m *measurement) project(p *gps.Plane) {
	e := p.ToENU(m.at)
	m.pos = [2]float64{e.E, e.N}
	m.far = apart(m.ecef, p.Origin().ECEF()) > farM
	if m.course {
		v := p.VelToENU(m.at.Lat, m.at.Lon, m.east, m.north)
		m.vel = [2]float64{v.E, v.N}
	}
}

func (m *measurement) measureVelocity(fix *gps.Fix, r *receiver) {
	m.speed = math.NaN()
	if !(fix.SpeedMPS >= 0 && fix.SpeedMPS <= fastestSaid) {
		return
	}
	m.speed = fix.SpeedMPS
	if r.doppler.variance == 0 {
		sigma := assumedSpeed
		if fix.SpeedAccuracyMPS > 0 {
			sigma = min(max(fix.SpeedAccuracyMPS/side95, bestSpeed), noisiest)
		}
		r.doppler.variance = sigma * sigma
	}
	m.velVar = r.doppler.variance
	if m.guess {
		m.velVar = guessVelVar
	}
	m.course = m.speed >= courseFrom && fix.CourseDeg >= -360 && fix.CourseDeg <= 720
	if !m.course {
		return
	}
	sin, cos := math.Sincos(fix.CourseDeg * math.Pi / 180)
	m.east, m.north = m.speed*sin, m.speed*cos
	if m.speed < courseSure {
		m.velVar += vague * m.speed * m.speed
		return
	}
	// North is as uncertain as the place, seen from the pole.
	turn := m.speed * m.accuracy / r95 / math.Max(math.Hypot(m.ecef.X, m.ecef.Y), 1)
	m.velVar += turn * turn
}

func (m *measurement) measureAltitude(fix *gps.Fix, sigma float64) {
	m.alt, m.climbVar = math.NaN(), math.Inf(1)
	if fix.Mode == gps.Mode2D || !(math.Abs(fix.AltMSL) < altRange) {
		return
	}
	m.alt = fix.AltMSL
	sigma *= altFactor
	if fix.AltAccuracyM > 0 {
		sigma = min(max(fix.AltAccuracyM, bestM), worstM) / side95
	}
	m.altWhite = max(altWhiteShare*sigma*sigma, leastWhiteVar)
	m.altOff = max((1-altWhiteShare)*sigma*sigma, leastOffVar)
	if math.Abs(fix.ClimbMPS) < steepest {
		m.climb, m.climbVar = fix.ClimbMPS, climbVar
	}
}

// apart is how far two places are from each other, in metres, straight through
// the earth.
func apart(a, b gps.ECEF) float64 {
	return math.Sqrt((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) + (a.Z-b.Z)*(a.Z-b.Z))
}
