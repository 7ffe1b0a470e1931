package nmea

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// sigma95 turns the standard deviation of one number into its 95 % limit.
const sigma95 = 1.959964

// rangeErrorM returns the assumed standard deviation of the distance to a
// satellite by GGA's quality. Corrections from satellites (2) do not make it
// less than gps.RangeErrorM: on a road, most of it is from reflections. 4 and 5
// are carrier phase with whole and with real numbers of waves; such receivers
// are good to centimetres and decimetres where nothing is in the way.
func rangeErrorM(quality byte) float64 {
	switch quality {
	case '4':
		return 0.1
	case '5':
		return 1
	}
	return gps.RangeErrorM
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
	f.AccuracyM = gps.HDOPRadius(e.hdop.v) * rangeErrorM(e.quality) / gps.RangeErrorM
	f.AccuracyOrigin = gps.OriginHDOP
}
