package kismettest

import (
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

// A Place is where a server puts a frame: its map, its log and the places of
// its devices are made of that, and not of what the sensor knew.
type Place struct {
	Lat, Lon float64 // degrees, WGS 84
	AltM     float64 // metres, if Fix is 3
	SpeedKMH float64
	Fix      uint8 // 2 or 3; 0 is the place 0/0 of a meta GPS that nobody has updated, which a 2023 server believes
	From     PlaceFrom
	Name     string        // of the receiver or of the meta GPS
	Age      time.Duration // since the meta GPS was updated; 0 with PlaceOfFrame
}

// PlaceFrom says whose position a frame's place is.
type PlaceFrom string

// What servers take for a frame's place, best first.
const (
	PlaceOfFrame  PlaceFrom = "frame"  // the position in its data report
	PlaceOfMeta   PlaceFrom = "meta"   // the source's metagps=, however old
	PlaceOfServer PlaceFrom = "server" // the server's own: a meta GPS that is not dataonly is taken for one
)

// serverGPSAge is how old the server's own position may be.
const serverGPSAge = 30 * time.Second

// place returns where the server puts a frame that arrives now, or nil if it
// knows no place. It is what all profiles do: a GPS block wins, then comes the
// meta GPS that the source names, with the last position ever posted, then the
// server's own. The server must be locked.
func (s *Server) place(src *source, block *kismet.GPS) *Place {
	if block != nil {
		return &Place{
			Lat: block.Lat, Lon: block.Lon, AltM: block.AltM, SpeedKMH: block.SpeedKMH,
			Fix: block.Fix, From: PlaceOfFrame, Name: block.Name,
		}
	}
	if src.meta != nil {
		return src.meta.place(PlaceOfMeta)
	}
	for _, m := range s.metas {
		if !m.dataOnly && !m.last.At.IsZero() && time.Since(m.last.At) < serverGPSAge {
			return m.place(PlaceOfServer)
		}
	}
	return nil
}

// place is the last position that was posted. The server must be locked.
func (m *metaGPS) place(from PlaceFrom) *Place {
	p := &Place{From: from, Name: m.name}
	if m.last.At.IsZero() {
		return p
	}
	p.Lat, p.Lon, p.AltM, p.SpeedKMH = m.last.Lat, m.last.Lon, m.last.Alt, m.last.Spd
	p.Fix, p.Age = uint8(2+number(m.last.Alt != 0)), time.Since(m.last.At)
	return p
}
