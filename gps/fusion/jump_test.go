package fusion_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// spell is a jump of an ear: x metres east between two times.
func spell(from, until, x float64) func(float64) (float64, float64, bool) {
	return func(t float64) (float64, float64, bool) {
		if t >= from && t < until {
			return x, 0, false
		}
		return 0, 0, false
	}
}

// A run is a filter, the track it makes, and what it said of each fix.
type run struct {
	f       *fusion.Filter
	b       *gps.Builder
	w       way
	plane   *gps.Plane
	results []fusion.Result // of the arrivals, without points
	points  []gps.Point     // the newest of each result
	breaks  int
}

func play(t *testing.T, o fusion.Options, w way, plane *gps.Plane, all []arrival) *run {
	t.Helper()
	p := &run{f: fusion.New(o), b: gps.NewBuilder(gps.TrackOptions{}), w: w, plane: plane}
	for _, a := range all {
		r := p.f.Add(a.fix, ns(a.t))
		sane(t, r)
		if len(r.Points) > 0 {
			p.b.Add(r.Points)
			p.points = append(p.points, r.Points[len(r.Points)-1])
			if r.Points[0].AccuracyM == fusion.Nowhere {
				p.breaks++
			}
		}
		r.Points = nil
		p.results = append(p.results, r)
	}
	return p
}

// sane is what each result must be, whatever the input was.
func sane(t interface {
	Helper()
	Fatalf(string, ...any)
}, r fusion.Result,
) {
	t.Helper()
	last := int64(math.MinInt64)
	for _, p := range r.Points {
		if p.TimeNs <= last {
			t.Fatalf("times of points: %d behind %d", p.TimeNs, last)
		}
		last = p.TimeNs
		for name, x := range map[string]float64{
			"latitude": p.Lat / 90, "longitude": p.Lon / 180, "east": p.VelEast / 1e4, "north": p.VelNorth / 1e4,
			"accuracy": p.AccuracyM / 1e8, "accuracy of velocity": p.VelAccuracyMPS / 1e8, "acceleration": p.AccelMPS2 / 10,
		} {
			if !(math.Abs(x) <= 1) {
				t.Fatalf("%s: %+v", name, p)
			}
		}
		if p.AccuracyM <= 0 || p.VelAccuracyMPS <= 0 || p.Receiver == "" || math.IsInf(p.AltMSL, 0) {
			t.Fatalf("%+v", p)
		}
		if c := p.CourseDeg; !math.IsNaN(c) && !(c >= 0 && c < 360) {
			t.Fatalf("course: %+v", p)
		}
	}
	if r.Rejected != (r.Why != "") {
		t.Fatalf("rejected %v, because %q", r.Rejected, r.Why)
	}
}

// off is how far the track is from the truth at a time, and what it claims.
func (p *run) off(t float64) (metres, claimed float64, ok bool) {
	q, ok := p.b.Track().At(ns(t))
	if !ok {
		return 0, 0, false
	}
	x, y, _, _ := p.w(t)
	e := p.plane.ToENU(gps.LLA{Lat: q.Lat, Lon: q.Lon})
	return math.Hypot(e.E-x, e.N-y), q.AccuracyM, true
}

func (p *run) status(t *testing.T, name string, at float64) fusion.Receiver {
	t.Helper()
	for _, r := range p.f.Status(ns(at)).Receivers {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("no receiver %q", name)
	return fusion.Receiver{}
}

func TestJumpIsNotBelieved(t *testing.T) {
	a := good("a")
	a.jump = spell(60, 66, 140)
	rng := rand.New(rand.NewPCG(1, 1))
	w := straight(20, 45)
	p := play(t, fusion.Options{}, w, &home, hear(rng, w, &home, 120, a))
	for at := 55.0; at < 119; at += 0.3 {
		if d, claimed, ok := p.off(at); !ok || d > 8 || claimed > 12 {
			t.Errorf("%.1f s: %.1f m off, claims %.1f m, %v", at, d, claimed, ok)
		}
	}
	r := p.status(t, "a", 119)
	if r.Rejected != 6 || r.State != fusion.StateUsed {
		t.Errorf("%+v", r)
	}
	if why := p.results[60].Why; !strings.HasPrefix(why, "14") && !strings.HasPrefix(why, "13") || !strings.Contains(why, "times its accuracy") {
		t.Errorf("why: %q", why)
	}
	if why := p.results[65].Why; !strings.HasSuffix(why, ", for 5 s") {
		t.Errorf("why: %q", why)
	}
	if p.breaks != 0 {
		t.Error("the track is broken")
	}
}

// A ferry that lands, after minutes of fixes that did not move: the receiver is
// believed after a while, and the track does not go through the sea.
func TestJumpThatLastsIsBelieved(t *testing.T) {
	a := good("a")
	a.jump = spell(60, 1e9, 3000)
	rng := rand.New(rand.NewPCG(1, 1))
	w := straight(20, 45)
	p := play(t, fusion.Options{}, w, &home, hear(rng, w, &home, 120, a))
	r := p.status(t, "a", 119)
	if r.Rejected != 10 {
		t.Errorf("%d were rejected: %+v", r.Rejected, r)
	}
	if p.breaks != 1 {
		t.Errorf("%d breaks", p.breaks)
	}
	if d, _, ok := p.off(69); !ok || d > 10 {
		t.Errorf("before: %.0f m off, %v", d, ok)
	}
	for at := 69.01; at < 69.99; at += 0.01 {
		if _, claimed, ok := p.off(at); ok {
			t.Errorf("%.2f s: a position on the way, claims %.0f m", at, claimed)
		}
	}
	// Nobody knows yet whether it is there.
	if _, _, ok := p.off(71); ok {
		t.Error("a position at once")
	}
	if d, claimed, ok := p.off(85); !ok || math.Abs(d-3000) > 10 || claimed > 12 {
		t.Errorf("after: %.0f m off, claims %.0f m, %v", d, claimed, ok)
	}
}

// Another receiver that stays where it was is believed, for as long as it does.
func TestJumpAgainstAnotherReceiver(t *testing.T) {
	a, b := good("a"), good("b")
	a.jump = spell(60, 300, 140)
	b.shift, b.latency = 0.4, 0.5
	rng := rand.New(rand.NewPCG(1, 1))
	w := straight(20, 45)
	p := play(t, fusion.Options{}, w, &home, hear(rng, w, &home, 400, a, b))
	for at := 55.0; at < 399; at += 0.3 {
		d, claimed, ok := p.off(at)
		if ok && d > 8 {
			t.Errorf("%.1f s: %.1f m off", at, d)
		}
		// After a minute nobody knows who is right.
		if doubt := at > 125 && at < 299; doubt && ok && claimed < d+50 || !doubt && (at < 119 || at > 310) && (!ok || claimed > 12) {
			t.Errorf("%.1f s: claims %.1f m, %v", at, claimed, ok)
		}
	}
	if p.breaks != 0 {
		t.Errorf("%d breaks", p.breaks)
	}
}

// Two that say the same are believed against one that stayed.
func TestMostReceiversDecide(t *testing.T) {
	a, b, c := good("a"), good("b"), good("c")
	a.jump, c.jump = spell(60, 1e9, 500), spell(60, 1e9, 500)
	b.shift, c.shift = 0.3, 0.6
	rng := rand.New(rand.NewPCG(1, 1))
	w := straight(20, 45)
	p := play(t, fusion.Options{}, w, &home, hear(rng, w, &home, 150, a, b, c))
	if d, _, ok := p.off(68); !ok || d > 10 {
		t.Errorf("68 s: %.0f m off, %v", d, ok)
	}
	if d, claimed, ok := p.off(120); !ok || math.Abs(d-500) > 10 || claimed > 12 {
		t.Errorf("120 s: %.0f m off, claims %.0f m, %v", d, claimed, ok)
	}
	if r := p.status(t, "b", 149); r.State != fusion.StateRejected {
		t.Errorf("%+v", r)
	}
}

// After a tunnel the gate is as wide as what is not known: nothing is rejected.
func TestGateIsAsWideAsTheGap(t *testing.T) {
	a := good("a")
	a.jump = func(t float64) (float64, float64, bool) { return 0, 0, t >= 60 && t < 100 }
	turn := func(t float64) (x, y, vx, vy float64) { // the tunnel goes round a mountain
		if t < 60 {
			return 0, 25 * t, 0, 25
		}
		s, c := math.Sincos((t - 60) * 25 / 400)
		return 400 * (1 - c), 1500 + 400*s, 25 * s, 25 * c
	}
	rng := rand.New(rand.NewPCG(1, 1))
	p := play(t, fusion.Options{}, turn, &home, hear(rng, turn, &home, 160, a))
	if r := p.status(t, "a", 159); r.Rejected != 0 {
		t.Errorf("%+v", r)
	}
	for at := 64.0; at < 99; at++ {
		if d, claimed, ok := p.off(at); ok && d > claimed {
			t.Errorf("%.1f s: %.0f m off, claims %.0f m", at, d, claimed)
		}
	}
	if d, claimed, ok := p.off(102); !ok || d > claimed || claimed > 15 {
		t.Errorf("102 s: %.1f m off, claims %.1f m, %v", d, claimed, ok)
	}
	if p.breaks != 0 {
		t.Errorf("%d breaks", p.breaks)
	}
}

// A first position that was wrong is given up as soon as what contradicts it has
// shown itself for as long.
func TestWrongStartIsGivenUp(t *testing.T) {
	a := good("a")
	a.jump = spell(0, 2, 700)
	rng := rand.New(rand.NewPCG(1, 1))
	w := straight(20, 45)
	p := play(t, fusion.Options{}, w, &home, hear(rng, w, &home, 60, a))
	if d, _, ok := p.off(19); !ok || d > 10 {
		t.Errorf("19 s: %.0f m off, %v", d, ok)
	}
}
