package gpstest

import "math"

// WGS 84, NIMA TR8350.2, 3rd edition, table 3.1.
const (
	earthA  = 6378137.0
	earthF  = 1 / 298.257223563
	earthB  = earthA * (1 - earthF)
	earthE2 = earthF * (2 - earthF)
)

// A vec is a place or a direction in the Earth's own Cartesian frame, metres.
type vec struct{ x, y, z float64 }

func (a vec) plus(b vec) vec          { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) minus(b vec) vec         { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) times(k float64) vec     { return vec{a.x * k, a.y * k, a.z * k} }
func (a vec) dot(b vec) float64       { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) length() float64         { return math.Sqrt(a.dot(a)) }
func (a vec) unit() vec               { return a.times(1 / a.length()) }
func (a vec) cross(b vec) vec         { return vec{a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x} }
func mix(a, b vec, k float64) vec     { return a.times(1 - k).plus(b.times(k)) }
func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
func degrees(radians float64) float64 { return radians * 180 / math.Pi }

// fromLLA is where a latitude, a longitude (degrees) and a height above the
// ellipsoid are.
func fromLLA(lat, lon, height float64) vec {
	sinLat, cosLat := math.Sincos(radians(lat))
	sinLon, cosLon := math.Sincos(radians(lon))
	n := earthA / math.Sqrt(1-earthE2*sinLat*sinLat)
	return vec{(n + height) * cosLat * cosLon, (n + height) * cosLat * sinLon, (n*(1-earthE2) + height) * sinLat}
}

// toLLA is the inverse of fromLLA, after Bowring (1976), iterated twice: within
// a nanometre near the surface.
func toLLA(p vec) (lat, lon, height float64) {
	const second = earthE2 / (1 - earthE2) // second eccentricity, squared
	r := math.Hypot(p.x, p.y)
	beta := math.Atan2(p.z*earthA, r*earthB)
	var phi float64
	for range 2 {
		s, c := math.Sincos(beta)
		phi = math.Atan2(p.z+second*earthB*s*s*s, r-earthE2*earthA*c*c*c)
		beta = math.Atan2((1-earthF)*math.Sin(phi), math.Cos(phi))
	}
	s, c := math.Sincos(phi)
	height = r*c + p.z*s - earthA*math.Sqrt(1-earthE2*s*s)
	return degrees(phi), degrees(math.Atan2(p.y, p.x)), height
}

// upAt is the normal of the ellipsoid below p.
func upAt(p vec) vec {
	const k = (earthA * earthA) / (earthB * earthB)
	return vec{p.x, p.y, p.z * k}.unit()
}

// axes are east, north and up at a latitude and longitude. At a pole east and
// north are those of the given longitude.
func axes(lat, lon float64) (east, north, up vec) {
	sinLat, cosLat := math.Sincos(radians(lat))
	sinLon, cosLon := math.Sincos(radians(lon))
	return vec{-sinLon, cosLon, 0},
		vec{-sinLat * cosLon, -sinLat * sinLon, cosLat},
		vec{cosLat * cosLon, cosLat * sinLon, sinLat}
}

// apart is how far two places on the ground are from each other, in metres, at
// the ellipsoid, as the crow flies.
func apart(lat1, lon1, lat2, lon2 float64) float64 {
	return fromLLA(lat1, lon1, 0).minus(fromLLA(lat2, lon2, 0)).length()
}

// compass is the direction of a movement, degrees from 0 up to 360.
func compass(east, north float64) float64 {
	d := degrees(math.Atan2(east, north))
	if d < 0 {
		d += 360
	}
	if d >= 360 {
		d = 0
	}
	return d
}
