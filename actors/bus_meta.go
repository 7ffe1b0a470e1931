package actors

import (
	"math"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
)

// handOn publishes what was posted to a meta receiver, so that other rigs and
// bridges can follow it: by the receiver's name, and not where a zone hides it.
func (s *shared) handOn(r *receiverState, f *gps.Fix) {
	if s.bus == nil || !f.HasPosition() || r.cfg.Type != configs.ReceiverMeta && r.cfg.Type != configs.ReceiverWeb {
		return
	}
	p := gps.Position{
		Lat: f.Lat, Lon: f.Lon, AltMSL: f.AltMSL, SpeedMPS: f.SpeedMPS, Heading: f.CourseDeg, AccuracyM: f.AccuracyM, Receiver: r.cfg.Name,
	}
	if f.AccuracyOrigin == gps.OriginAssumed {
		p.AccuracyM = math.NaN() // for who hears it to assume
	}
	if !gps.Hidden(s.cfg.Privacy.Zones, p) {
		s.bus.PublishMetaGPS(pb.FromMetaGPS(bus.Token(r.cfg.Name), p, f.TimeNs, s.now()-f.ReceivedNs))
	}
}
