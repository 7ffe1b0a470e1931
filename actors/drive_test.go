package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpstest"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A player is a receiver that says what one of a simulated drive's did, when
// it did.
type player struct {
	drive *gpstest.Drive
	name  string
	now   func() int64
}

func (p *player) Object() string { return "player " + p.name }
func (p *player) Detail() string { return "simulated" }

func (p *player) Run(ctx context.Context, tell func(gps.Event)) error {
	for _, a := range p.drive.Arrivals {
		if a.Fix.Receiver != p.name {
			continue
		}
		select {
		case <-in(time.Duration(a.AtNs - p.now())):
			tell(a.Fix)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

// A whole drive through a whole rig: receivers with honest noise, latency and
// gaps, a radio that hears a frame every 50 ms, a server. What counts is the
// position in the data report of each frame, against the truth at its time.
func TestPositionsOfADriveAsTheServerHasThem(t *testing.T) {
	for _, tt := range []struct {
		scenario string
		rmse     float64 // metres; the first two are what 1 Hz and 108 km/h are about
		inside   float64 // at least this share within the claimed radius
		none     float64 // at most this share without a position
	}{
		{"straight", 1, 0.93, 0},
		{"turns", 2, 0.93, 0},
		{"motorway", 5, 0.85, 0.01}, // one drive has few independent errors: docs/positions.md has many
	} {
		t.Run(tt.scenario, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				scenario, ok := gpstest.Find(tt.scenario)
				if !ok {
					t.Fatal("no such scenario")
				}
				drive := scenario.Drive(1)
				machine := newFakeMachine()
				machine.follow(drive)
				world := newFakeWorld(2412)
				world.machine = machine
				d := &driven{machine: machine, radio: world.plug("wlan0")}
				d.testRig = startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}, GPS: gpsOf(machine.played()...)})
				length := min(drive.Truth.Duration(), 5*time.Minute)
				elapse(length)

				var grade gpstest.Grader
				for _, f := range d.frames(t) {
					at := f.ns() - drive.OffsetNs()
					if at < drive.BootNs+int64(10*time.Second) {
						continue // the filter has just begun
					}
					var p gps.Position
					if f.GPS != nil {
						p = gps.Position{Lat: f.GPS.Lat, Lon: f.GPS.Lon, AccuracyM: f.GPS.Precision}
					}
					grade.Add(drive.At(at), p, f.GPS != nil)
				}
				g := grade.Grade()
				t.Logf("%d frames, RMSE %.2f m, 95 %% %.2f m, worst %.2f m, inside %.3f, none %.3f", g.Frames, g.RMSE, g.P95, g.Worst, g.Inside, g.None)
				if g.Frames < int(length/d.radio.every)*9/10 {
					t.Errorf("only %d frames", g.Frames)
				}
				if g.RMSE > tt.rmse || g.Inside < tt.inside || g.Gross > 0 || g.None > tt.none {
					t.Errorf("want an RMSE of at most %v m, %v inside, %v without a position, and no gross error", tt.rmse, tt.inside, tt.none)
				}
			})
		})
	}
}
