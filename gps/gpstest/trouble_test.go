package gpstest_test

import (
	"math"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpstest"
)

// Under a roof there is no fix, but for a receiver that goes straight on for a
// moment; before it positions creep away, after it they come back from beside.
func TestRoofs(t *testing.T) {
	m := quiet(gpstest.Puck("puck"))
	m.Coast = 3 * time.Second
	var crept, open, none, coasted float64
	for seed := uint64(1); seed <= 10; seed++ {
		d := gpstest.Simulate(scenario(t, "garage").Truth(seed), []gpstest.Model{m}, seed)
		var fixes []gps.Fix
		for _, a := range d.Arrivals {
			if a.Fix.Mode == gps.ModeNone && !math.IsNaN(a.Fix.Lat) {
				t.Fatal("a place without a fix")
			}
			fixes = append(fixes, a.Fix)
		}
		for i, f := range fixes {
			if f.Mode == gps.ModeNone {
				none++
				continue
			}
			e, o, _, _ := off(d, f)
			beforeRoof := i+5 < len(fixes) && fixes[i+5].Mode == gps.ModeNone
			switch {
			case f.Satellites == 3:
				coasted++
			case beforeRoof:
				crept = max(crept, math.Hypot(e, o))
			case i > 10 && fixes[i-10].HasPosition():
				open = max(open, math.Hypot(e, o))
			}
		}
	}
	if none < 200 || coasted < 10 || crept < 8 || open > 12 {
		t.Errorf("%v epochs without a fix, %v gone straight on; at worst %.1f m off before a roof, %.1f m else", none, coasted, crept, open)
	}
}

// Echoes and cells put fixes far beside the truth, some of them without saying
// so; a phone that has none says nothing at all.
func TestJumpsAndGaps(t *testing.T) {
	var n, lies, told, frozen, gaps float64
	for seed := uint64(1); seed <= 20; seed++ {
		d := gpstest.Simulate(scenario(t, "motorway").Truth(seed), []gpstest.Model{gpstest.Phone("phone")}, seed)
		last := d.BootNs
		for _, a := range d.Arrivals {
			if a.Fix.Mode == gps.ModeNone {
				t.Fatal("a silent phone says that it has no fix")
			}
			if a.AtNs-last > int64(4*time.Second) {
				gaps++
			}
			last = a.AtNs
			e, o, _, truth := off(d, a.Fix)
			n++
			switch far := math.Hypot(e, o); {
			case math.IsNaN(a.Fix.SpeedMPS):
				frozen++
			case far > 45 && a.Fix.AccuracyM < 15:
				lies++
				if math.Abs(a.Fix.SpeedMPS-truth.SpeedMPS) > 1.5 {
					t.Errorf("Doppler is off by %.1f m/s", a.Fix.SpeedMPS-truth.SpeedMPS)
				}
			case far > 45:
				told++
			}
		}
	}
	if lies < 20 || told < 20 || frozen < 20 || gaps < 8 || (lies+told+frozen)/n > 0.04 {
		t.Errorf("of %v fixes %v lie, %v tell, %v stand at a cell; %v gaps", n, lies, told, frozen, gaps)
	}
}
