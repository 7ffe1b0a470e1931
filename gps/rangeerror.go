package gps

// RangeErrorM is the range error, one sigma in metres, that is assumed of a
// receiver that only gives a dilution: what a single-frequency receiver without
// corrections has on a road among houses and trees. Under open sky it is half
// of that; gpsd assumes more (15 m at 95 % for HDOP 1, H_UERE_NO_DGPS in its
// gpsd/libgpsd_core.c).
const RangeErrorM = 5.0

// HDOPRadius returns the 95 % horizontal radius, in metres, that a dilution
// stands for. HDOP is the root of the summed variances of east and north, in
// range errors, so each of two equal axes has HDOP·RangeErrorM/√2.
func HDOPRadius(hdop float64) float64 {
	const halfRoot = 0.7071067811865476
	axis := hdop * RangeErrorM * halfRoot
	return Radius95(axis, axis)
}
