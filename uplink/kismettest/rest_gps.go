package kismettest

import "time"

// RoleWebGPS is the role of keys that may update a meta GPS, and nothing else.
const RoleWebGPS = "WEBGPS"

// A MetaUpdate is a position as it was posted to a meta GPS.
type MetaUpdate struct {
	At                 time.Time // when it arrived
	Lat, Lon, Alt, Spd float64   // degrees, metres, km/h; 0 if not given
}

// MetaUpdates returns what was posted to the meta GPS of that name, in order,
// as far as it was kept.
func (s *Server) MetaUpdates(name string) []MetaUpdate { return nil }
