package gps

// A Zone is a circle inside which nothing is to be told of: a home.
type Zone struct {
	Name     string
	Lat, Lon float64 // degrees, WGS 84
	RadiusM  float64 // metres
}
