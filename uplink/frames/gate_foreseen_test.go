package frames_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
)

// What was foreseen is no proof: a sensor that stood 10 m beside the zone may be
// inside when the next fix comes, before the frame is sent or recorded.
func TestGateDoesNotBelieveWhatWasOnlyForeseen(t *testing.T) {
	r := newRig(home)
	at := func(s int64, metres float64) gps.Point {
		p := road{}.point(s * gateSecond)
		p.Lat = 52 + metres/gateDegreeM
		return p
	}
	r.fix(at(299, 215), at(300, 215))
	r.nowNs = 302*gateSecond + gateSecond/2 // the next fix did not come in time
	at301 := 301 * gateSecond
	r.gate.Push(heard(300*gateSecond, at301))
	if p, ok := r.tracker.Track().At(at301); !ok || gps.Hidden(home, p) {
		t.Fatalf("foreseen %v %+v", ok, p)
	}
	got := let(t, r.gate.Ready())
	r.fix(at(302, 150)) // it came too late
	if p, ok := r.tracker.Track().At(at301); !ok || !gps.Hidden(home, p) {
		t.Fatalf("turned out %v %+v", ok, p)
	}
	if diff := cmp.Diff([]int64{300 * gateSecond}, got); diff != "" {
		t.Errorf("let through (-want +got):\n%s", diff)
	}
	// Where it cannot get into the zone by then, it is let through as it was.
	r.fix(at(400, 500))
	r.nowNs = 403*gateSecond + gateSecond/2
	r.gate.Push(heard(402 * gateSecond))
	if diff := cmp.Diff([]int64{402 * gateSecond}, let(t, r.gate.Ready())); diff != "" {
		t.Errorf("further away (-want +got):\n%s", diff)
	}
}
