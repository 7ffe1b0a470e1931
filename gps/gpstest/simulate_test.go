package gpstest_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpstest"
)

func scenario(t testing.TB, name string) gpstest.Scenario {
	t.Helper()
	s, ok := gpstest.Find(name)
	if !ok {
		t.Fatalf("no scenario %s", name)
	}
	return s
}

// quiet is a receiver without troubles.
func quiet(m gpstest.Model) gpstest.Model {
	m.Gaps, m.Echoes, m.Cells = gpstest.Trouble{}, gpstest.Trouble{}, gpstest.Trouble{}
	return m
}

// off is how far a fix is from the truth at its own time, metres.
func off(d *gpstest.Drive, f gps.Fix) (east, north, up float64, truth gpstest.State) {
	truth = d.At(f.TimeNs - d.OffsetNs())
	p := gps.NewPlane(gps.LLA{Lat: truth.Lat, Lon: truth.Lon, HeightM: truth.AltHAE})
	e := p.ToENU(gps.LLA{Lat: f.Lat, Lon: f.Lon, HeightM: f.AltHAE})
	return e.E, e.N, e.U, truth
}

func TestDriveFollowsFromItsSeed(t *testing.T) {
	s := scenario(t, "city")
	a, b, c := s.Drive(7), s.Drive(7), s.Drive(8)
	if !cmp.Equal(a.Arrivals, b.Arrivals, cmpopts.EquateNaNs()) {
		t.Error("two drives of one seed differ")
	}
	if cmp.Equal(a.Arrivals[0], c.Arrivals[0], cmpopts.EquateNaNs()) {
		t.Error("drives of two seeds are the same")
	}
}

// Receivers err anew on each drive of one way.
func TestDrivesOfOneWay(t *testing.T) {
	s := scenario(t, "motorway")
	all := s.Drives(7, 3)
	if !cmp.Equal(all[0].Arrivals, s.Drive(7).Arrivals, cmpopts.EquateNaNs()) {
		t.Error("the first is not the one of that number")
	}
	for i, d := range all[1:] {
		if d.Truth.At(time.Minute) != all[0].Truth.At(time.Minute) {
			t.Errorf("drive %d goes another way", i+1)
		}
		e, n, _, _ := off(d, d.Arrivals[0].Fix)
		if f, o, _, _ := off(all[i], all[i].Arrivals[0].Fix); e == f && n == o {
			t.Errorf("drive %d errs as the one before", i+1)
		}
	}
}

// What a receiver says does not change when others are unplugged.
func TestReceiversDoNotKnowEachOther(t *testing.T) {
	truth := scenario(t, "city").Truth(3)
	models := []gpstest.Model{gpstest.Puck("puck"), gpstest.Phone("phone")}
	both, alone := gpstest.Simulate(truth, models, 3).Only("phone"), gpstest.Simulate(truth, models[1:], 3)
	if len(both.Models) != 1 || len(both.Arrivals) != len(alone.Arrivals) {
		t.Fatalf("%d models, %d arrivals, and %d without the other", len(both.Models), len(both.Arrivals), len(alone.Arrivals))
	}
	for i := range alone.Arrivals {
		if d := cmp.Diff(both.Arrivals[i], alone.Arrivals[i], cmpopts.EquateNaNs()); d != "" {
			t.Fatalf("arrival %d (-with +without the other):\n%s", i, d)
		}
	}
}

// The noise has the sizes that the model says, and it is as slow.
func TestNoiseIsAsModelled(t *testing.T) {
	way := scenario(t, "motorway").Truth(1)
	m := quiet(gpstest.Phone("phone"))
	m.Claim.Factor, m.Claim.Spread, m.Claim.Wander = 1, 0, 0
	var n, sumE, sumN, sq, lagged, pairs, inside, speed, upSq float64
	for seed := uint64(1); seed <= 60; seed++ {
		d := gpstest.Simulate(way, []gpstest.Model{m}, seed)
		var before []float64
		for _, a := range d.Arrivals {
			e, o, u, truth := off(d, a.Fix)
			n++
			sumE, sumN = sumE+e, sumN+o
			e, o = e-m.OffsetEastM, o-m.OffsetNorthM
			sq += e*e + o*o
			upSq += u * u
			if math.Hypot(e, o) <= a.Fix.AccuracyM {
				inside++
			}
			v := a.Fix.SpeedMPS - truth.SpeedMPS
			speed += v * v
			if before = append(before, e); len(before) > 45 { // Tau, at one fix a second
				lagged += e * before[len(before)-46]
				pairs++
			}
		}
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: got %.3f, want %.3f", what, got, want)
		}
	}
	sigma := math.Hypot(m.WhiteM, m.ColouredM)
	near("mean to the east", sumE/n, m.OffsetEastM, 0.35)
	near("mean to the north", sumN/n, m.OffsetNorthM, 0.35)
	near("sigma of each axis", math.Sqrt(sq/n/2), sigma, 0.2)
	near("sigma of heights", math.Sqrt(upSq/n), sigma*m.AltFactor, 0.4)
	near("sigma of speeds", math.Sqrt(speed/n), m.DopplerMPS, 0.02)
	near("what is left after Tau", lagged/pairs/(m.ColouredM*m.ColouredM), 1/math.E, 0.12)
	near("share inside the claim", inside/n, 0.95, 0.02)
}

// Claims of receivers as they are sold miss the truth by a little either way,
// and are right on the whole.
func TestClaimsAreRightOnTheWhole(t *testing.T) {
	way := scenario(t, "jam").Truth(1) // which way it goes does not matter
	for _, m := range []gpstest.Model{gpstest.Good("good"), gpstest.Puck("puck"), gpstest.Phone("phone"), gpstest.SecondPhone("second")} {
		m = quiet(m)
		m.OffsetEastM, m.OffsetNorthM = 0, 0
		var n, inside float64
		lo, hi := 1.0, 0.0
		for seed := uint64(1); seed <= 80; seed++ {
			d := gpstest.Simulate(way, []gpstest.Model{m}, seed)
			var in float64
			for _, a := range d.Arrivals {
				if e, o, _, _ := off(d, a.Fix); math.Hypot(e, o) <= a.Fix.AccuracyM {
					in++
				}
			}
			n, inside = n+float64(len(d.Arrivals)), inside+in
			lo, hi = min(lo, in/float64(len(d.Arrivals))), max(hi, in/float64(len(d.Arrivals)))
		}
		if got := inside / n; got < 0.925 || got > 0.965 {
			t.Errorf("%s: %.3f inside (%.3f to %.3f in single drives)", m.Name, got, lo, hi)
		}
	}
}

// A receiver that only knows its dilution says the same of good and of bad
// positions.
func TestHDOPIsNoAccuracy(t *testing.T) {
	d := scenario(t, "old").Drive(1)
	var inside, n float64
	for _, a := range d.Arrivals {
		if !a.Fix.HasPosition() {
			continue
		}
		if want := gps.HDOPRadius(a.Fix.HDOP); math.Abs(a.Fix.AccuracyM-want) > 0.06 || a.Fix.AccuracyOrigin != gps.OriginHDOP {
			t.Fatalf("claims %v by %q with an HDOP of %v", a.Fix.AccuracyM, a.Fix.AccuracyOrigin, a.Fix.HDOP)
		}
		n++
		if e, o, _, _ := off(d, a.Fix); math.Hypot(e, o) <= a.Fix.AccuracyM {
			inside++
		}
	}
	if n < 300 || inside/n < 0.9 {
		t.Errorf("%v of %v inside", inside, n)
	}
}

// A standing receiver says no course, or not a true one; speeds are never below
// zero, and a course is never out of range.
func TestCourseOfAStandingReceiver(t *testing.T) {
	d := scenario(t, "jam").Drive(2)
	var standing, without int
	for _, a := range d.Arrivals {
		if !a.Fix.HasPosition() {
			continue
		}
		if a.Fix.SpeedMPS < 0 || a.Fix.CourseDeg < 0 || a.Fix.CourseDeg >= 360 {
			t.Fatalf("speed %v, course %v", a.Fix.SpeedMPS, a.Fix.CourseDeg)
		}
		if _, _, _, truth := off(d, a.Fix); truth.SpeedMPS == 0 {
			standing++
			if math.IsNaN(a.Fix.CourseDeg) {
				without++
			}
		}
	}
	if standing < 100 || without < standing*8/10 {
		t.Errorf("%d fixes while standing, %d without a course", standing, without)
	}
}

// Fixes come in order, never sooner than the receiver's latency, mostly by
// little more, and now and then several at once.
func TestLatency(t *testing.T) {
	m := gpstest.Phone("phone")
	m.Stall = gpstest.Stall{Every: 30 * time.Second, Max: 2500 * time.Millisecond}
	var n, sum, late, burst float64
	for seed := uint64(1); seed <= 10; seed++ {
		d := gpstest.Simulate(scenario(t, "motorway").Truth(seed), []gpstest.Model{m}, seed)
		var last int64
		for _, a := range d.Arrivals {
			if a.AtNs != a.Fix.ReceivedNs || a.AtNs <= last {
				t.Fatalf("arrives at %d behind %d, and says %d", a.AtNs, last, a.Fix.ReceivedNs)
			}
			latency := time.Duration(a.AtNs - (a.Fix.TimeNs - d.OffsetNs()))
			if latency < m.Latency-time.Millisecond {
				t.Fatalf("latency %v", latency)
			}
			if latency > time.Second {
				late++
			}
			if last != 0 && a.AtNs-last < int64(10*time.Millisecond) {
				burst++
			}
			n++
			sum += latency.Seconds()
			last = a.AtNs
		}
	}
	if mean := sum / n; mean < 0.38 || mean > 0.65 || late/n < 0.01 || burst/n < 0.005 {
		t.Errorf("mean latency %.3f s, %.4f of the fixes later than 1 s, %.4f in bursts", mean, late/n, burst/n)
	}
}
