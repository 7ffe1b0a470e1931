package meta

import (
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

// believeAfter is for how long updates are taken for late ones; then it is the
// clock of who posts that was set back.
const believeAfter = time.Minute

// A stream is what one Run has learned of who posts.
type stream struct {
	expire   time.Duration
	hasSpeed bool   // it has posted a speed above 0
	ignored  string // the last field that was not understood

	timed    bool  // there was an update with a time
	offsetNs int64 // most of time minus arrival: that of the freshest update
	freshNs  int64 // when the last that was not late came
	lateTold bool  // that one was late was told
}

// late reports that an update had expired when it came, as those do that a
// phone has kept while it had no network: a position of the past.
func (s *stream) late(p posted, tell func(gps.Event)) bool {
	if p.TimeNs == 0 {
		return false
	}
	offset := p.TimeNs - p.atNs
	if !s.timed || offset > s.offsetNs {
		s.timed, s.offsetNs, s.freshNs, s.lateTold = true, offset, p.atNs, false
		return false
	}
	if s.offsetNs-offset <= int64(s.expire) {
		s.freshNs, s.lateTold = p.atNs, false
		return false
	}
	if p.atNs-s.freshNs > int64(believeAfter) {
		s.offsetNs, s.freshNs, s.lateTold = offset, p.atNs, false
		return false
	}
	if !s.lateTold {
		s.lateTold = true
		age := time.Duration(s.offsetNs - offset).Truncate(time.Second)
		tell(gps.Notice{Text: "an update came " + age.String() + " late, and is passed over"})
	}
	return true
}

// tell makes an update a fix.
func (s *stream) tell(p posted, tell func(gps.Event)) {
	if p.Ignored != "" && p.Ignored != s.ignored {
		s.ignored = p.Ignored
		tell(gps.Notice{Text: p.Ignored + " of the updates is not understood, and passed over"})
	}
	f := gps.NewFix()
	f.Mode, f.TimeNs, f.ReceivedNs = gps.Mode2D, p.TimeNs, p.atNs
	f.Lat, f.Lon, f.AltMSL, f.CourseDeg = p.Lat, p.Lon, p.AltMSL, p.CourseDeg
	if !math.IsNaN(p.AltMSL) {
		f.Mode = gps.Mode3D
	}
	// To Kismet no speed and 0 are the same, so many clients that know none
	// send 0. It is believed of those that have moved before.
	s.hasSpeed = s.hasSpeed || p.SpeedMPS > 0
	if s.hasSpeed {
		f.SpeedMPS = p.SpeedMPS
	}
	f.AccuracyM, f.AccuracyOrigin = p.AccuracyM, gps.OriginGiven
	if math.IsNaN(p.AccuracyM) {
		f.AccuracyM, f.AccuracyOrigin = AssumedAccuracyM, gps.OriginAssumed
	}
	tell(f)
}
