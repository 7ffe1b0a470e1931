package nmea

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// sigma95 turns the standard deviation of one number into its 95 % limit.
const sigma95 = 1.959964

// rangeErrorM is the assumed standard deviation of the distance to a satellite
// by GGA's quality: times HDOP, it is that of the horizontal distance.
//
// 5.1 m for a receiver of one frequency and without corrections is the standard
// error model without selective availability of B. W. Parkinson, "GPS Error
// Analysis", in: Global Positioning System: Theory and Applications, vol. I,
// AIAA 1996, ch. 11: ephemeris 2.1, satellite clock 2.1, ionosphere 4.0,
// troposphere 0.7, multipath 1.4, receiver 0.5. Without its ionosphere, as with
// two frequencies (3), 3.2 m remain; corrections, mostly from satellites (2),
// are assumed to halve the whole. 4 and 5 are carrier phase with whole and with
// real numbers of waves.
func rangeErrorM(quality byte) float64 {
	switch quality {
	case '2', '9':
		return 2.5
	case '3':
		return 3.2
	case '4':
		return 0.1
	case '5':
		return 1
	}
	return 5.1
}

// accuracy says how good a fix is, from the best of what its epoch said.
func (e *epoch) accuracy(f *gps.Fix) {
	if !math.IsNaN(e.vertical.v) {
		f.AltAccuracyM = sigma95 * e.vertical.v
	} else if e.how == measured {
		f.AltAccuracyM = sigma95 * e.vdop.v * rangeErrorM(e.quality)
	}
	if f.Mode != gps.Mode3D {
		f.AltAccuracyM = math.NaN()
	}
	for _, k := range []kind{kindGST, kindPUBX, kindGBS} {
		if h := e.horizontal[k]; h.known() {
			f.AccuracyM = gps.Radius95(math.Max(h.a, h.b), math.Min(h.a, h.b))
			f.AccuracyOrigin = h.origin
			return
		}
	}
	if math.IsNaN(e.hdop.v) || e.how != measured {
		return
	}
	axis := e.hdop.v * rangeErrorM(e.quality) / math.Sqrt2
	f.AccuracyM = gps.Radius95(axis, axis)
	f.AccuracyOrigin = gps.OriginHDOP
}
