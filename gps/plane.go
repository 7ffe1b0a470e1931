package gps

import "math"

// A Plane touches the earth at its origin: what fusion calculates in, since
// nothing in it is special at a pole or at the antimeridian. Within 20 km of
// the origin its lengths are right to 5 mm in 1 km. It is a value without
// state; make a new one when the way has led further.
type Plane struct {
	origin LLA
	place  vec
	axes   axes
}

// NewPlane returns the plane that touches the earth at origin.
func NewPlane(origin LLA) Plane {
	e := origin.ECEF()
	return Plane{origin: origin, place: vec{e.X, e.Y, e.Z}, axes: axesAt(origin.Lat, origin.Lon)}
}

// Origin returns where the plane touches.
func (p *Plane) Origin() LLA { return p.origin }

// ToENU returns a place in the plane's coordinates, in metres: EPSG Guidance
// Note 7-2, geographic/topocentric conversion. U is the distance from the
// plane, not a height: the earth falls away from it by 8 m in 10 km.
func (p *Plane) ToENU(l LLA) ENU {
	e := l.ECEF()
	d := vec{e.X, e.Y, e.Z}.sub(p.place)
	return ENU{E: d.dot(p.axes.east), N: d.dot(p.axes.north), U: d.dot(p.axes.up)}
}

// FromENU is the inverse of ToENU.
func (p *Plane) FromENU(e ENU) LLA {
	v := p.place.add(p.turn(e))
	return ECEF{X: v.x, Y: v.y, Z: v.z}.LLA()
}

// Ground returns the place on the ellipsoid, in degrees, that is below the
// point so many metres east and north of the origin. It is the inverse of ToENU
// for a HeightM of 0 whose U was dropped.
func (p *Plane) Ground(east, north float64) (lat, lon float64) {
	// The line of points over (east, north) cuts x² + y² + z²·(a/b)² = a² where
	// a quadratic equation of U says.
	const k = (wgs84A / wgs84B) * (wgs84A / wgs84B)
	m := p.place.add(p.turn(ENU{E: east, N: north}))
	up := p.axes.up
	qa := up.x*up.x + up.y*up.y + k*up.z*up.z
	qb := m.x*up.x + m.y*up.y + k*m.z*up.z // half of the coefficient, above 0
	qc := m.x*m.x + m.y*m.y + k*m.z*m.z - wgs84A*wgs84A
	// The root near 0, in the form that loses no digits. Further away than the
	// earth is wide there is none: then the horizon is as near as one gets.
	u := -qc / (qb + math.Sqrt(max(0, qb*qb-qa*qc)))
	m = m.add(up.scale(u))
	l := ECEF{X: m.x, Y: m.y, Z: m.z}.LLA()
	return l.Lat, l.Lon
}

// VelToENU turns a velocity over ground at a place, in m/s to that place's own
// east and north, into the plane's axes. Far north they differ a lot within a
// kilometre, and at 52 degrees by a quarter of a degree within 20 km.
func (p *Plane) VelToENU(lat, lon, east, north float64) ENU {
	a := axesAt(lat, lon)
	v := a.east.scale(east).add(a.north.scale(north))
	return ENU{E: v.dot(p.axes.east), N: v.dot(p.axes.north), U: v.dot(p.axes.up)}
}

// VelFromENU returns what of a velocity in the plane's axes goes to a place's
// own east and north: the inverse of VelToENU.
func (p *Plane) VelFromENU(lat, lon float64, v ENU) (east, north float64) {
	a := axesAt(lat, lon)
	w := p.turn(v)
	return w.dot(a.east), w.dot(a.north)
}

// turn returns a vector of the plane in the axes of ECEF.
func (p *Plane) turn(e ENU) vec {
	a := &p.axes
	return a.east.scale(e.E).add(a.north.scale(e.N)).add(a.up.scale(e.U))
}

// Radius95 returns the radius of the circle that holds 95 % of a
// two-dimensional normal distribution with these standard deviations along its
// axes, in their unit: Leenhouts, "On the Computation of Bi-Normal Radial
// Error", Navigation 32 (1985), the cubic of positional uncertainty in ICSM's
// SP1. It is 0.2 % off at most. What is not a number gives none.
func Radius95(sigmaMajor, sigmaMinor float64) float64 {
	if sigmaMinor > sigmaMajor {
		sigmaMajor, sigmaMinor = sigmaMinor, sigmaMajor
	}
	if sigmaMajor == 0 {
		return 0
	}
	c := sigmaMinor / sigmaMajor
	return sigmaMajor * (1.960790 + c*(0.004071+c*(0.114276+c*0.371625)))
}
