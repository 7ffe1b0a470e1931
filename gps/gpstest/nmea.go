package gpstest

import (
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// NMEA returns what a receiver of the drive sends over a serial line, one chunk
// for each epoch: RMC, GGA, GSA, GST and, every five seconds, GSV. Claims of any
// origin become a GST.
func (d *Drive) NMEA(receiver string) []Chunk {
	var out []Chunk
	lastSky := time.Duration(-1)
	for _, a := range d.Arrivals {
		if a.Fix.Receiver != receiver {
			continue
		}
		var b []byte
		b = nmea.AppendRMC(b, "GN", a.Fix)
		b = nmea.AppendGGA(b, "GN", a.Fix)
		seen := satellites(a.Fix)
		b = nmea.AppendGSA(b, "GN", a.Fix, used(seen)...)
		b = nmea.AppendGST(b, "GN", a.Fix)
		if since := time.Duration(a.AtNs - d.BootNs).Truncate(5 * time.Second); since != lastSky {
			lastSky = since
			b = nmea.AppendGSV(b, "GP", seen)
		}
		out = append(out, Chunk{a.AtNs, b})
	}
	return out
}

// used are the numbers of those that are.
func used(satellites []gps.Satellite) []int {
	var ids []int
	for _, s := range satellites {
		if s.Used && len(ids) < 12 { // what fits into a GSA
			ids = append(ids, s.ID)
		}
	}
	return ids
}
