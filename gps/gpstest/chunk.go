package gpstest

import "github.com/sensord/sensord/gps"

// A Chunk is bytes that arrive at one time.
type Chunk struct {
	AtNs  int64 // CLOCK_BOOTTIME
	Bytes []byte
}

// satellites makes some up, as many as the fix says that it uses, and three
// that are too low.
func satellites(f gps.Fix) []gps.Satellite {
	n := max(f.Satellites, 0)
	out := make([]gps.Satellite, 0, n+3)
	for i := range n + 3 {
		s := gps.Satellite{
			System: "GPS", ID: 1 + 7*i%32, Elevation: float64(15 + 11*i%70), Azimuth: float64(47 * i % 360),
			SNR: float64(30 + 5*i%18), Used: i < n,
		}
		if !s.Used {
			s.Elevation, s.SNR = 4, 14
		}
		out = append(out, s)
	}
	return out
}
