package gpstest_test

import (
	"math"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpstest"
)

// place is where a state is, by the geodesy of gps, which is not the simulator's.
func place(s gpstest.State) gps.ECEF {
	return gps.LLA{Lat: s.Lat, Lon: s.Lon, HeightM: s.AltHAE}.ECEF()
}

func angle(a, b float64) float64 {
	d := math.Mod(a-b+540, 360) - 180
	if d < -180 {
		d += 360
	}
	return math.Abs(d)
}

// The truth moves as its own velocity says, without steps in place, speed or
// course, and no faster, harder or tighter than somebody drives.
func TestTruthIsSmooth(t *testing.T) {
	const h = 20 * time.Millisecond
	for _, s := range gpstest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			for seed := range uint64(2) {
				truth := s.Truth(seed + 1)
				end := min(truth.Duration(), 10*time.Minute)
				if end < 170*time.Second {
					t.Fatalf("seed %d goes on for %v", seed+1, end)
				}
				last := truth.At(0)
				for at := h; at < end; at += h {
					now, half := truth.At(at), truth.At(at-h/2)
					a, b := place(last), place(now)
					moved := math.Sqrt((b.X-a.X)*(b.X-a.X) + (b.Y-a.Y)*(b.Y-a.Y) + (b.Z-a.Z)*(b.Z-a.Z))
					speed := math.Hypot(half.SpeedMPS, half.VelUp)
					if d := math.Abs(moved/h.Seconds() - speed); d > 1e-3 {
						t.Fatalf("seed %d, %v: moved at %.4f m/s and says %.4f", seed+1, at, moved/h.Seconds(), speed)
					}
					accel := (now.SpeedMPS - last.SpeedMPS) / h.Seconds()
					sideways := math.Abs(half.TurnDPS) * math.Pi / 180 * half.SpeedMPS
					if math.Abs(accel) > 3 || sideways > 3 || now.SpeedMPS > 37 {
						t.Fatalf("seed %d, %v: %.1f m/s, %.2f m/s² ahead, %.2f m/s² sideways", seed+1, at, now.SpeedMPS, accel, sideways)
					}
					nearPole := math.Abs(now.Lat) > 89.9
					if d := angle(now.CourseDeg, last.CourseDeg); d > 3 && !nearPole {
						t.Fatalf("seed %d, %v: course steps by %.1f degrees", seed+1, at, d)
					}
					if d := angle(now.CourseDeg, compass(now.VelEast, now.VelNorth)); now.SpeedMPS > 0.5 && d > 0.3 {
						t.Fatalf("seed %d, %v: course %.2f, moves towards %.2f", seed+1, at, now.CourseDeg, compass(now.VelEast, now.VelNorth))
					}
					last = now
				}
			}
		})
	}
}

func compass(east, north float64) float64 { return math.Atan2(east, north) * 180 / math.Pi }

// Each scenario has in it what it is about.
func TestScenariosAreWhatTheySay(t *testing.T) {
	type seen struct {
		fastest, sharpest, standing, hidden float64 // m/s, degrees/s, seconds, seconds without a fix
		apart                               float64 // metres from begin to end
		west, east                          bool    // of the antimeridian
		north                               float64
	}
	look := func(name string, seed uint64) (o seen) {
		s, ok := gpstest.Find(name)
		if !ok {
			t.Fatalf("no scenario %s", name)
		}
		d := s.Drive(seed)
		for at := time.Duration(0); at < d.Truth.Duration(); at += 100 * time.Millisecond {
			s := d.Truth.At(at)
			o.fastest, o.sharpest = max(o.fastest, s.SpeedMPS), max(o.sharpest, math.Abs(s.TurnDPS))
			o.west, o.east, o.north = o.west || s.Lon > 0, o.east || s.Lon < 0, max(o.north, s.Lat)
			if s.SpeedMPS < 0.01 {
				o.standing += 0.1
			}
		}
		for _, a := range d.Arrivals {
			if a.Fix.Mode == gps.ModeNone && a.Fix.Receiver == d.Models[0].Name {
				o.hidden++
			}
		}
		a, b := place(d.Truth.At(0)), place(d.Truth.At(d.Truth.Duration()))
		o.apart = math.Sqrt((b.X-a.X)*(b.X-a.X) + (b.Y-a.Y)*(b.Y-a.Y) + (b.Z-a.Z)*(b.Z-a.Z))
		return o
	}
	for _, tt := range []struct {
		name string
		ok   func(o seen) bool
	}{
		{"straight", func(o seen) bool { return o.fastest > 29.5 && o.fastest < 30.5 && o.sharpest < 1 && o.apart > 5000 }},
		{"turns", func(o seen) bool { return o.sharpest > 15 && o.standing > 3 && o.hidden == 0 }},
		{"circles", func(o seen) bool { return o.sharpest > 15 && o.standing == 0 }},
		{"city", func(o seen) bool { return o.sharpest > 15 && o.standing > 10 }},
		{"motorway", func(o seen) bool { return o.fastest > 27 }},
		{"tunnel", func(o seen) bool { return o.hidden > 10 && o.hidden < 250 }},
		{"garage", func(o seen) bool { return o.hidden > 20 && o.standing > 10 }},
		{"ferry", func(o seen) bool { return o.standing > 30 && o.hidden == 0 }},
		{"crossing", func(o seen) bool { return o.hidden > 2200 && o.apart > 20_000 }},
		{"jam", func(o seen) bool { return o.standing > 60 && o.sharpest < 1 }},
		{"walk", func(o seen) bool { return o.fastest < 2 && o.sharpest > 15 }},
		{"phones", func(o seen) bool { return o.fastest > 25 && o.sharpest > 15 }},
		{"old", func(o seen) bool { return o.sharpest > 15 && o.hidden == 0 }},
		{"dateline", func(o seen) bool { return o.west && o.east }},
		{"pole", func(o seen) bool { return o.north > 89.9997 }},
	} {
		for seed := uint64(1); seed <= 3; seed++ {
			if o := look(tt.name, seed); !tt.ok(o) {
				t.Errorf("%s, seed %d: %+v", tt.name, seed, o)
			}
		}
	}
}
