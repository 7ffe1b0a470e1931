package actors

import (
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// When a place is told again that is still the same, because it only grows old,
// as between two fixes of a receiver that says one a second, or never changes.
const (
	sameEvery  = 1500 * time.Millisecond
	fixedEvery = 4900 * time.Millisecond // 5 s of a ticker that is early
)

// toldPlace is what the fleet was told last of where the rig is.
type toldPlace struct {
	measuredNs int64 // CLOCK_BOOTTIME
	at         time.Time
}

// due reports whether to tell a place that was measured then, and takes it as
// told if so.
func (t *toldPlace) due(fixed bool, measuredNs int64, now time.Time) bool {
	wait := time.Duration(0)
	switch {
	case fixed:
		wait = fixedEvery
	case measuredNs == t.measuredNs:
		wait = sameEvery
	}
	if !t.at.IsZero() && now.Sub(t.at) < wait {
		return false
	}
	*t = toldPlace{measuredNs, now}
	return true
}

// tellPlace tells the fleet where the rig is, if there is something to tell that
// no zone hides.
func (s *shared) tellPlace(told *toldPlace, now time.Time) {
	boottime := s.now()
	p, ageNs, ok := lastMeasured(s.tracker.Track(), boottime)
	if !ok || gps.Hidden(s.cfg.Privacy.Zones, p) || !told.due(p.Kind == gps.FixedKind, boottime-ageNs, now) {
		return
	}
	utc, known := s.utc()
	if known {
		utc -= ageNs
	}
	s.bus.PublishPosition(pb.FromPosition(p, utc, ageNs))
}

// lastMeasured returns where a rig was when that was measured last, and how long
// ago that is: to who follows it and knows how late it hears of it, this says
// more than where the rig is predicted to be. It reports false when there is no
// position now. A position that never changes has no age.
func lastMeasured(t *gps.Track, nowNs int64) (p gps.Position, ageNs int64, ok bool) {
	if p, ok = t.At(nowNs); !ok || p.Kind == gps.FixedKind {
		return p, 0, ok
	}
	if newest, has := t.Ends(); has && newest < nowNs {
		if was, ok := t.At(newest); ok {
			return was, nowNs - newest, true
		}
	}
	return p, 0, true
}
