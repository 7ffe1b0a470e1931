package fusion_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// Fixes that come late end up where they had ended up in time.
func TestLateFixesArePutWhereTheyBelong(t *testing.T) {
	a, b := good("a"), good("b")
	b.shift, b.latency = 0.4, 2.7
	rng := rand.New(rand.NewPCG(7, 7))
	w := winding(15, 40)
	late := hear(rng, w, &home, 120, a, b)
	inTime := slices.Clone(late)
	slices.SortStableFunc(inTime, func(x, y arrival) int { return cmp.Compare(x.t, y.t) })
	p := play(t, fusion.Options{}, w, &home, late)
	q := play(t, fusion.Options{}, w, &home, inTime)
	for at := 20.0; at < 115; at += 0.5 {
		x, ok1 := p.b.Track().At(ns(at))
		y, ok2 := q.b.Track().At(ns(at))
		d := metresBetween(x.Lat, x.Lon, y.Lat, y.Lon)
		// What the filter learns of noise, it learns in another order.
		if !ok1 || !ok2 || d > 0.3 || math.Abs(x.AccuracyM-y.AccuracyM) > 0.3 {
			t.Errorf("%.1f s: %.2f m from each other, %.2f m and %.2f m, %v %v", at, d, x.AccuracyM, y.AccuracyM, ok1, ok2)
		}
	}
	if r := p.status(t, "b", 119); r.Accepted < 110 {
		t.Errorf("%+v", r)
	}
}

// Points are all that changed, from the earliest on: a track that is made of
// them is what the last of each says.
func TestPointsAreAllThatChanged(t *testing.T) {
	a, b := good("a"), good("b")
	b.shift, b.latency = 0.4, 1.9
	a.every = 0.5
	rng := rand.New(rand.NewPCG(7, 7))
	w := winding(15, 40)
	f := fusion.New(fusion.Options{})
	track := map[int64]gps.Point{}
	var most int
	for _, x := range hear(rng, w, &home, 100, a, b) {
		r := f.Add(x.fix, ns(x.t))
		sane(t, r)
		if len(r.Points) == 0 {
			continue
		}
		most = max(most, len(r.Points))
		for at := range track {
			if at >= r.Points[0].TimeNs {
				delete(track, at)
			}
		}
		for _, p := range r.Points {
			track[p.TimeNs] = p
		}
		if _, ok := track[ns(x.t)]; !ok {
			t.Fatalf("%.2f s: no point of the fix", x.t)
		}
	}
	if len(track) != 300 {
		t.Errorf("%d points of 300 fixes", len(track))
	}
	if most < 3 || most > 20 {
		t.Errorf("up to %d points at once", most)
	}
}

// What is too late, too early or too often is said.
func TestTimesThatAreOff(t *testing.T) {
	f := fusion.New(fusion.Options{})
	fix := gps.NewFix()
	fix.Receiver, fix.Mode, fix.Lat, fix.Lon, fix.AccuracyM = "a", gps.Mode2D, 47, 8, 5
	at := func(seconds float64) string {
		r := f.Add(fix, ns(seconds))
		sane(t, r)
		return r.Why
	}
	for s := range 30 {
		if why := at(float64(s)); why != "" {
			t.Fatalf("%d s: %s", s, why)
		}
	}
	for _, tt := range []struct {
		at   float64
		want string
	}{
		{29.005, "another one of the same time"},
		{23.5, "late by 5.5s"},
		{26.5, ""},
		{30, ""},
		{3600, "the first one for 59m30s"},
		{31, ""},                           // that was nothing
		{3600, "the first one for 59m29s"}, // but now
		{3601, ""},
	} {
		if got := at(tt.at); got != tt.want {
			t.Errorf("%g s: %q instead of %q", tt.at, got, tt.want)
		}
	}
	// A clock that was wrong: what agrees for long enough about another time is
	// believed.
	var refused int
	for s := 40.0; s < 60; s++ {
		if at(s) != "" {
			refused++
		}
	}
	if refused != int(fusion.DefaultBelieveAfter/time.Second) {
		t.Errorf("%d were late", refused)
	}
	if got := f.Status(ns(60)).Receivers[0]; got.State != fusion.StateUsed || got.Unused != 14 {
		t.Errorf("%+v", got)
	}
}

func TestStatus(t *testing.T) {
	f := fusion.New(fusion.Options{})
	if s := f.Status(0); s.Active != "" || len(s.Receivers) != 0 {
		t.Errorf("%+v", s)
	}
	fix := gps.NewFix()
	fix.Receiver, fix.Mode = "a", gps.ModeNone
	f.Add(fix, ns(1))
	says := func(at float64, want string) {
		t.Helper()
		s := f.Status(ns(at))
		var got string
		for _, r := range s.Receivers {
			got += fmt.Sprintf("%s %s %d/%d/%d; ", r.Name, r.State, r.Accepted, r.Rejected, r.Unused)
		}
		if got += s.Active; got != want {
			t.Errorf("%.0f s: %q instead of %q", at, got, want)
		}
	}
	says(1, "a searching 0/0/0; ")
	fix.Mode, fix.Lat, fix.Lon, fix.AccuracyM = gps.Mode3D, 47, 8, 5
	for s := 2.0; s < 20; s++ {
		f.Add(fix, ns(s))
	}
	says(19, "a used 18/0/0; a")
	other := fix
	other.Receiver = "b"
	f.Add(other, ns(19.5))
	says(19.5, "a used 18/0/0; b used 1/0/0; fusion")
	other.Lat = 48
	f.Add(other, ns(20.5))
	says(20.5, "a used 18/0/0; b rejected 1/1/0; fusion")
	other.Lat = 1000
	f.Add(other, ns(21.5))
	says(21.5, "a used 18/0/0; b rejected 1/1/1; fusion")
	if why := f.Status(ns(21)).Receivers[1].Why; why != "not a place on earth" {
		t.Errorf("%q", why)
	}
	says(60, "a stale 18/0/0; b stale 1/1/1; ")
}
