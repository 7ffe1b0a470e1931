package main

import (
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpstest"
	"github.com/sensord/sensord/uplink/kismet"
)

// demoSeed is the drive of the demo: through a town south-east of Berlin with
// red lights, then over a motorway with ramps. Nobody has built these roads.
const demoSeed = 5461

// drive is the drive along which a made-up capture is heard, and the log of the
// receiver that was there.
type drive struct {
	truth    *gpstest.Truth
	start    time.Time     // UTC, when the truth begins
	from, to time.Duration // into the truth: when the capture begins and ends
	log      string        // the receiver's, a file
}

const (
	driveReceiver = "puck"
	// driveLead and driveTail keep the capture away from where the receiver has
	// no fix: before its first ones, and around the tunnel at the end.
	driveLead = 5 * time.Second
	driveTail = 10 * time.Second
)

// newDrive drives, and writes the receiver's log into a directory.
func newDrive(dir string) (*drive, error) {
	way, _ := gpstest.Find("phones") // town, motorway, tunnel
	truth := way.Truth(demoSeed)
	sim := gpstest.Simulate(truth, []gpstest.Model{gpstest.Puck(driveReceiver)}, demoSeed)
	d := &drive{truth: truth, start: sim.Start, from: driveLead, to: truth.Duration(), log: filepath.Join(dir, "drive.nmea")}
	for _, a := range sim.Arrivals {
		if !a.Fix.HasPosition() {
			d.to = time.Unix(0, a.Fix.TimeNs).Sub(sim.Start)
			break
		}
	}
	d.to -= driveTail
	var log []byte
	for _, chunk := range sim.NMEA(driveReceiver) {
		log = append(log, chunk.Bytes...)
	}
	return d, os.WriteFile(d.log, log, 0o600)
}

// length is how long the capture takes on the road.
func (d *drive) length() time.Duration { return d.to - d.from }

// at is the truth at a frame's time.
func (d *drive) at(p *kismet.Packet) gpstest.State {
	return d.truth.At(time.Unix(int64(p.Sec), int64(p.Usec)*1000).Sub(d.start))
}

// What is further off than driveTolerance, or than driveExcess times what it
// claims to be, is misplaced. The first is wider than any street; the second,
// for errors as receivers have them, never comes by chance.
const (
	driveTolerance = 25.0 // metres
	driveExcess    = 3
)

// compare says how far a frame's position is from where the frame was heard, and
// whether that is what a position may be.
func (d *drive) compare(p *kismet.Packet, g *kismet.GPS) (offM float64, ok bool) {
	truth := d.at(p)
	offM = apart(truth.Lat, truth.Lon, g.Lat, g.Lon)
	return offM, g.Fix == 3 && g.Precision > 0 && g.Sec == p.Sec && g.Usec == p.Usec &&
		offM <= driveTolerance && offM <= driveExcess*g.Precision && math.Abs(g.AltM-truth.AltMSL) <= driveTolerance
}

// apart is the distance of two places on the ground, in metres, as the crow
// flies.
func apart(lat1, lon1, lat2, lon2 float64) float64 {
	a, b := gps.LLA{Lat: lat1, Lon: lon1}.ECEF(), gps.LLA{Lat: lat2, Lon: lon2}.ECEF()
	return math.Sqrt((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) + (a.Z-b.Z)*(a.Z-b.Z))
}
