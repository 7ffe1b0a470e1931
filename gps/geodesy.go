package gps

// LLA is a place on or above the WGS 84 ellipsoid.
type LLA struct {
	Lat, Lon float64 // degrees
	HeightM  float64 // metres above the ellipsoid
}

// ECEF is a place in metres from the middle of the earth: X towards latitude 0,
// longitude 0, Z towards the north pole.
type ECEF struct{ X, Y, Z float64 }

// ENU is a place or a velocity in a local frame: metres, or m/s, to the east,
// to the north and up.
type ENU struct{ E, N, U float64 }

// ECEF returns the same place in earth-centred coordinates.
func (l LLA) ECEF() ECEF { panic("not yet") }

// LLA returns the same place in geographic coordinates.
func (e ECEF) LLA() LLA { panic("not yet") }

// A Plane touches the ellipsoid at its origin: what fusion calculates in.
type Plane struct {
	origin LLA
}

// NewPlane returns the plane that touches the earth at origin.
func NewPlane(origin LLA) Plane { return Plane{origin: origin} }

// Origin returns where the plane touches.
func (p *Plane) Origin() LLA { return p.origin }

// ToENU returns a place in the plane's coordinates.
func (p *Plane) ToENU(l LLA) ENU { panic("not yet") }

// FromENU is the inverse of ToENU.
func (p *Plane) FromENU(e ENU) LLA { panic("not yet") }

// Ground returns the place on the ellipsoid itself that is east and north
// metres away in the plane: its inverse is ToENU with a height of 0.
func (p *Plane) Ground(east, north float64) (lat, lon float64) { panic("not yet") }

// VelToENU turns a velocity over ground at a place (east and north are those
// of that place) into the plane's axes; VelFromENU turns it back.
func (p *Plane) VelToENU(lat, lon, east, north float64) ENU { panic("not yet") }

// VelFromENU is the inverse of VelToENU.
func (p *Plane) VelFromENU(lat, lon float64, v ENU) (east, north float64) { panic("not yet") }

// Radius95 returns the radius of the circle that holds 95 % of a
// two-dimensional normal distribution with these standard deviations along its
// axes, in their unit.
func Radius95(sigmaMajor, sigmaMinor float64) float64 { panic("not yet") }
