package fusion_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
)

// odd are numbers that no receiver should say.
var odd = []float64{
	math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1e-300, -1e-300, 1, -1, 90, -90, 89.99999999, 180, -180, 360, 1000,
	1e9, -1e9, 1e300, -1e300, math.MaxFloat64, 0.1, 47, 8,
}

// anyFix is what hostile or broken receivers say, in between good ones.
func anyFix(t *rapid.T, near gps.LLA, names int) gps.Fix {
	f := gps.NewFix()
	number := func(name string, usual float64) float64 {
		if rapid.IntRange(0, 5).Draw(t, name+" is odd") == 0 {
			return rapid.SampledFrom(odd).Draw(t, name)
		}
		return usual + rapid.Float64Range(-1, 1).Draw(t, name)
	}
	f.Receiver = fmt.Sprint("r", rapid.IntRange(0, names-1).Draw(t, "receiver"))
	f.Mode = gps.Mode(rapid.IntRange(0, 3).Draw(t, "mode"))
	f.Lat = number("lat", near.Lat)
	f.Lon = number("lon", near.Lon)
	if rapid.Bool().Draw(t, "near") {
		f.Lat, f.Lon = near.Lat+rapid.Float64Range(-1e-4, 1e-4).Draw(t, "dlat"), near.Lon+rapid.Float64Range(-1e-4, 1e-4).Draw(t, "dlon")
	}
	f.AltMSL, f.AltHAE = number("alt", 400), number("hae", 450)
	f.SpeedMPS, f.CourseDeg, f.ClimbMPS = number("speed", 2), number("course", 90), number("climb", 0)
	f.AccuracyM, f.AltAccuracyM, f.SpeedAccuracyMPS = number("accuracy", 5), number("vertical", 9), number("speed accuracy", 1)
	f.Satellites = rapid.IntRange(-3, 20).Draw(t, "satellites")
	return f
}

var places = []gps.LLA{{Lat: 47, Lon: 8}, {Lat: 0, Lon: 180}, {Lat: 90, Lon: 0}, {Lat: -89.9999, Lon: -179.9999}, {}}

// anyTime goes on, mostly.
func anyTime(t *rapid.T, now int64) int64 {
	switch rapid.IntRange(0, 12).Draw(t, "time") {
	case 0:
		return now
	case 1:
		return now - rapid.Int64Range(0, int64(10*time.Second)).Draw(t, "back")
	case 2:
		return now + rapid.Int64Range(0, int64(time.Hour)).Draw(t, "ahead")
	case 3:
		return rapid.SampledFrom([]int64{0, -1, math.MaxInt64, math.MinInt64, 1 << 61, -1 << 61, 1<<61 + 1}).Draw(t, "odd time")
	case 4:
		return now + int64(10*time.Millisecond)
	}
	return now + rapid.Int64Range(int64(100*time.Millisecond), int64(2*time.Second)).Draw(t, "on")
}

// Whatever receivers say: no panic, and nothing comes out that is not a place on
// earth with an accuracy, in order of time.
func survives(t *rapid.T) {
	place := rapid.SampledFrom(places).Draw(t, "place")
	o := fusion.Options{Order: []string{"r3", "r1"}}
	if rapid.Bool().Draw(t, "priority") {
		o.Mode = fusion.Priority
	}
	if rapid.Bool().Draw(t, "foot") {
		o.Motion = fusion.Foot
	}
	f := fusion.New(o)
	now := rapid.Int64Range(-1e15, 1e15).Draw(t, "begin")
	for range rapid.IntRange(1, 60).Draw(t, "fixes") {
		at := anyTime(t, now)
		if at > now && at < now+int64(time.Hour) {
			now = at
		}
		sane(t, f.Add(anyFix(t, place, 12), at))
		s := f.Status(now)
		if len(s.Receivers) > 8 {
			t.Fatalf("%d receivers", len(s.Receivers))
		}
		for _, r := range s.Receivers {
			if r.Name == "" || math.IsInf(r.OffsetM, 0) || !(r.Scale >= 1 && r.Scale <= 6) {
				t.Fatalf("%+v", r)
			}
		}
	}
}

func TestWhateverReceiversSay(t *testing.T) { rapid.Check(t, survives) }

func FuzzWhateverReceiversSay(f *testing.F) { f.Fuzz(rapid.MakeFuzz(survives)) }

// After any nonsense a good receiver is believed again, soon.
func TestNonsenseLocksNobodyOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := fusion.New(fusion.Options{})
		place := rapid.SampledFrom(places).Draw(t, "place")
		now := ns(0)
		for range rapid.IntRange(1, 40).Draw(t, "fixes") {
			now = max(now, min(anyTime(t, now), now+int64(time.Hour)))
			sane(t, f.Add(anyFix(t, place, 6), now))
		}
		fix := gps.NewFix()
		fix.Receiver, fix.Mode, fix.AccuracyM = "r1", gps.Mode3D, 5
		fix.Lat, fix.Lon, fix.SpeedMPS = 50.001, 10.001, 0
		var last gps.Point
		for range 40 {
			now += 1e9
			r := f.Add(fix, now)
			sane(t, r)
			if len(r.Points) > 0 {
				last = r.Points[len(r.Points)-1]
			}
		}
		if last.TimeNs != now || last.AccuracyM > 20 || metresOff(last, fix) > 20 {
			t.Fatalf("%+v at %d", last, now)
		}
	})
}

func metresOff(p gps.Point, f gps.Fix) float64 {
	plane := gps.NewPlane(gps.LLA{Lat: f.Lat, Lon: f.Lon})
	e := plane.ToENU(gps.LLA{Lat: p.Lat, Lon: p.Lon})
	return math.Sqrt(e.E*e.E + e.N*e.N + e.U*e.U)
}

// Names beyond those that a rig can have are refused, and make no room for
// themselves; a receiver that has not been heard for long does.
func TestManyNames(t *testing.T) {
	f := fusion.New(fusion.Options{})
	fix := gps.NewFix()
	fix.Mode, fix.Lat, fix.Lon, fix.AccuracyM = gps.Mode3D, 47, 8, 5
	var refused int
	for i := range 1000 {
		fix.Receiver = fmt.Sprint("r", i)
		r := f.Add(fix, ns(float64(i)*0.01))
		sane(t, r)
		if r.Rejected {
			refused++
		}
	}
	if refused != 992 || len(f.Status(ns(10)).Receivers) != 8 {
		t.Errorf("%d were refused", refused)
	}
	fix.Receiver = "r0"
	for s := 10.0; s < 200; s++ {
		sane(t, f.Add(fix, ns(s)))
	}
	fix.Receiver = "new"
	if r := f.Add(fix, ns(200)); r.Rejected {
		t.Error(r.Why)
	}
	s := f.Status(ns(200))
	if len(s.Receivers) != 8 || s.Active != gps.FusedName {
		t.Errorf("%+v", s)
	}
}

// A receiver that floods the filter costs no more than one of 50 Hz, and others
// still count.
func TestFlood(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	w := straight(20, 10)
	flood := good("flood")
	flood.every, flood.latency = 0.001, 0
	other := good("other")
	f := fusion.New(fusion.Options{})
	var refused, most int
	for _, a := range hear(rng, w, &home, 20, flood, other) {
		r := f.Add(a.fix, ns(a.t))
		sane(t, r)
		most = max(most, len(r.Points))
		if r.Rejected {
			refused++
		}
	}
	if refused < 18800 || most > 130 {
		t.Errorf("%d were refused, up to %d points at once", refused, most)
	}
	for _, r := range f.Status(ns(20)).Receivers {
		if r.Name == "other" && r.Accepted < 19 {
			t.Errorf("%+v", r)
		}
	}
}
