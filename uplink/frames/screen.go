package frames

import "github.com/sensord/sensord/gps"

// A Screen is what a Gate is, for frames that have been located: it says which
// of those that are read back may be exported. It belongs to one goroutine.
type Screen struct {
	zones []gps.Zone
	last  gps.Instant
}

// NewScreen returns a screen for frames that come in about the order of time.
func NewScreen(zones []gps.Zone) *Screen { return &Screen{zones: zones} }

// Shows reports whether a frame may be told of, by the rules of a Gate. For a
// frame without a position the last before it that had one has to prove that
// the sensor was in no zone; what comes after is not looked at.
func (s *Screen) Shows(l *Located) bool {
	if len(s.zones) == 0 {
		return true
	}
	if !l.HasPosition {
		return s.last.Clears(s.zones, l.TimeNs)
	}
	s.last = gps.Instant{TimeNs: l.TimeNs, Position: l.Position, Known: true}
	return !gps.Hidden(s.zones, l.Position)
}
