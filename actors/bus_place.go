package actors

import "github.com/sensord/sensord/gps"

// lastMeasured returns where a rig was when that was measured last, and how long
// ago that is: to who follows it and knows how late it hears of it, this says
// more than where the rig is predicted to be. It reports false when there is no
// position now. A position that never changes has no age.
func lastMeasured(t *gps.Track, nowNs int64) (p gps.Position, ageNs int64, ok bool) {
	if p, ok = t.At(nowNs); !ok || p.Kind == gps.FixedKind {
		return p, 0, ok
	}
	if newest, has := t.Newest(); has && newest < nowNs {
		if was, ok := t.At(newest); ok {
			return was, nowNs - newest, true
		}
	}
	return p, 0, true
}
