package uplink

import (
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// report builds data reports in memory of its own, so that a frame costs no
// allocation on its way.
type report struct {
	data   kismet.Data
	gps    kismet.GPS
	packet kismet.Packet
}

// of returns the data report for a frame. It is valid until the next call.
func (r *report) of(l *frames.Located) *kismet.Data {
	sec, usec := unixTime(l.TimeNs)
	r.packet = kismet.Packet{
		LinkType: uint32(l.Frame.LinkType),
		Sec:      sec, Usec: usec,
		OrigLen: l.Frame.OrigLen,
		Content: l.Frame.Data,
	}
	r.data.Packet = &r.packet
	r.data.GPS = nil
	if l.HasPosition {
		r.gps = located(&l.Position, sec, usec)
		r.data.GPS = &r.gps
	}
	return &r.data
}

func located(p *gps.Position, sec, usec uint64) kismet.GPS {
	fix := uint8(3)
	if p.AltMSL != p.AltMSL { // NaN: without an altitude there is no 3D fix
		fix = 2
	}
	return kismet.GPS{
		Lat: p.Lat, Lon: p.Lon, AltM: p.AltMSL, Fix: fix,
		SpeedKMH: p.SpeedMPS * gps.KMHPerMPS, Heading: p.Heading, Precision: p.AccuracyM,
		Sec: sec, Usec: usec,
		Type: p.Kind, Name: p.Receiver,
	}
}

// unixTime splits nanoseconds since the epoch. Kismet's times have no sign: a
// capture from before 1970 is sent as from 1970.
func unixTime(ns int64) (sec, usec uint64) {
	if ns < 0 {
		return 0, 0
	}
	return uint64(ns / 1e9), uint64(ns % 1e9 / 1e3)
}
