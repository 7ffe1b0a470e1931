package gps

import "math"

// The ellipsoid of WGS 84: NGA.STND.0036, table 3.1.
const (
	wgs84A  = 6378137.0             // semi-major axis, metres
	wgs84F  = 1 / 298.257223563     // flattening
	wgs84B  = wgs84A * (1 - wgs84F) // semi-minor axis, metres
	wgs84E2 = wgs84F * (2 - wgs84F) // first eccentricity squared
)

const (
	degree = math.Pi / 180 // radians
	radian = 180 / math.Pi // degrees
)

// LLA is a place on or above the ellipsoid of WGS 84.
type LLA struct {
	Lat, Lon float64 // degrees
	HeightM  float64 // metres above the ellipsoid
}

// ECEF is a place in metres from the middle of the earth: X towards latitude 0,
// longitude 0, Y towards longitude 90, Z towards the north pole.
type ECEF struct{ X, Y, Z float64 }

// ENU is a place or a velocity in a local frame: metres, or metres per second,
// to the east, to the north and up.
type ENU struct{ E, N, U float64 }

// ECEF returns the same place in earth-centred coordinates: EPSG Guidance Note
// 7-2, geographic/geocentric conversion.
func (l LLA) ECEF() ECEF {
	v := axesAt(l.Lat, l.Lon).up
	r := wgs84A / math.Sqrt(1-wgs84E2*v.z*v.z) // radius of curvature in the prime vertical
	return ECEF{
		X: (r + l.HeightM) * v.x,
		Y: (r + l.HeightM) * v.y,
		Z: (r*(1-wgs84E2) + l.HeightM) * v.z,
	}
}

// LLA returns the same place in geographic coordinates, to a micrometre within
// 20 km of the ellipsoid: Bowring, "Transformation from spatial to geographical
// coordinates", Survey Review 181 (1976), two rounds.
func (e ECEF) LLA() LLA {
	p := math.Hypot(e.X, e.Y)
	u := math.Atan2(e.Z*wgs84A, p*wgs84B) // parametric latitude
	var phi float64
	for range 2 {
		s, c := math.Sincos(u)
		phi = math.Atan2(e.Z+wgs84E2/(1-wgs84E2)*wgs84B*s*s*s, p-wgs84E2*wgs84A*c*c*c)
		s, c = math.Sincos(phi)
		u = math.Atan2(wgs84B*s, wgs84A*c)
	}
	s, c := math.Sincos(phi)
	return LLA{
		Lat: phi * radian, Lon: math.Atan2(e.Y, e.X) * radian,
		HeightM: p*c + e.Z*s - wgs84A*math.Sqrt(1-wgs84E2*s*s),
	}
}

// vec is a vector in the axes of ECEF.
type vec struct{ x, y, z float64 }

func (v vec) dot(w vec) float64 { return v.x*w.x + v.y*w.y + v.z*w.z }

func (v vec) scale(f float64) vec { return vec{v.x * f, v.y * f, v.z * f} }

func (v vec) add(w vec) vec { return vec{v.x + w.x, v.y + w.y, v.z + w.z} }

func (v vec) sub(w vec) vec { return vec{v.x - w.x, v.y - w.y, v.z - w.z} }

func (v vec) norm() float64 { return math.Sqrt(v.dot(v)) }

// axes are the directions of a local frame, as unit vectors.
type axes struct{ east, north, up vec }

// axesAt returns the local frame of a place, in degrees. A pole has one, too:
// its east is that of the longitude that was given with it.
func axesAt(lat, lon float64) axes {
	sinLat, cosLat := math.Sincos(lat * degree)
	sinLon, cosLon := math.Sincos(lon * degree)
	return axes{
		east:  vec{-sinLon, cosLon, 0},
		north: vec{-sinLat * cosLon, -sinLat * sinLon, cosLat},
		up:    vec{cosLat * cosLon, cosLat * sinLon, sinLat},
	}
}
