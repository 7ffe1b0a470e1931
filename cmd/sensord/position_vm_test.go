//go:build vm && linux

package main_test

import (
	"math"
	"net"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismettest"
)

// The machine's clock, which nothing synchronises, is off by this.
const clockOff = 1000 * time.Hour

const (
	driveLat     = 52.0
	driveSpeed   = 30.0     // m/s to the east, 108 km/h
	metresDegree = 68_677.6 // of longitude, there
)

// An eastward is what the machine moves along since then. Its clock is the true
// one.
type eastward struct {
	start time.Time
	now   func() time.Time
}

func newEastward(now func() time.Time) eastward { return eastward{now(), now} }

// lon is where it is at a true time.
func (r eastward) lon(at time.Time) float64 {
	return 5 + driveSpeed*at.Sub(r.start).Seconds()/metresDegree
}

// feed sends a fix a second over UDP, as a receiver does, until it is stopped.
// It returns the time of the last one.
func (r eastward) feed(t *testing.T, port string) (stop func() time.Time) {
	t.Helper()
	conn, err := net.Dial("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	end, ended := make(chan struct{}), make(chan time.Time)
	go func() {
		defer conn.Close()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		var last time.Time
		for {
			select {
			case <-end:
				ended <- last
				return
			case <-tick.C:
				last = r.now().Truncate(time.Millisecond)
				f := gps.NewFix()
				f.Mode, f.TimeNs, f.Lat, f.Lon = gps.Mode3D, last.UnixNano(), driveLat, r.lon(last)
				f.AltMSL, f.AltHAE, f.SpeedMPS, f.CourseDeg, f.HDOP, f.Satellites = 20, 65, driveSpeed, 90, 0.9, 11
				f.AccuracyM = 2.4
				b := nmea.AppendRMC(nil, "GN", f)
				b = nmea.AppendGGA(b, "GN", f)
				b = nmea.AppendGST(b, "GN", f)
				_, _ = conn.Write(b) // nobody may listen yet
			}
		}
	}()
	return func() time.Time { close(end); return <-ended }
}

// TestVMPositions has a radio hear a network while the machine moves at 108 km/h:
// each frame comes with the place and the true time of its hearing, and without
// a place once the receiver has fallen silent.
func TestVMPositions(t *testing.T) {
	network(t, "six", 6)
	r := vmtest.NewRadio(t, vmtest.RadioOptions{})
	config := unhurried()
	config.APIKeys = map[string]string{keyDatasource: kismettest.RoleDatasource}
	srv := serve(t, config)
	key := write(t, t.TempDir(), "key", keyDatasource+"\n")
	p := installed().start(t, invocation{
		args: []string{
			"--connect", srv.Addr, "--state-dir", t.TempDir(), "--log-format", "text",
			"--source", r.Interface + ":channel=6,channel_hop=false", "--gps", "udp:port=10110,name=puck",
		},
		env: []string{"SENSORD_APIKEY_FILE=" + key},
	})
	uuid := uuidOf(r)
	opened(t, srv, uuid)
	way := newEastward(func() time.Time { return time.Now().Add(clockOff) })
	stop := way.feed(t, "10110")

	located := func(since time.Time) func(kismettest.Source) bool {
		return func(kismettest.Source) bool {
			n := 0
			for _, f := range srv.Frames(uuid) {
				if f.GPS != nil && heardAt(f).After(since) {
					n++
				}
			}
			return n >= 100
		}
	}
	src := until(t, srv, uuid, "100 frames have a place", located(time.Time{}))
	if src.Options["timestamp"] != "false" || src.Sessions != 2 {
		t.Errorf("timestamp=%s in %d sessions: want false, in the one behind that in which the time was not known", src.Options["timestamp"], src.Sessions)
	}
	last := stop()
	until(t, srv, uuid, "frames from long behind the last fix have arrived", func(kismettest.Source) bool {
		all := srv.Frames(uuid)
		return heardAt(all[len(all)-1]).After(last.Add(8 * time.Second))
	})
	stop = way.feed(t, "10110")
	again := time.Now().Add(clockOff)
	until(t, srv, uuid, "frames have a place again", located(again))
	stop()
	way.check(t, srv, uuid, last, again)
	p.finish(t)
}

func heardAt(f kismettest.Frame) time.Time { return time.Unix(int64(f.Sec), int64(f.Usec)*1000) }

func (r eastward) check(t *testing.T, srv *kismettest.Server, uuid string, last, again time.Time) {
	t.Helper()
	worst := 0.0
	for _, f := range srv.Frames(uuid) {
		at := heardAt(f)
		if f.GPS == nil {
			continue
		}
		if at.After(last.Add(3100*time.Millisecond)) && at.Before(again) {
			t.Errorf("a frame from %v behind the last fix has a place", at.Sub(last))
		}
		off := math.Hypot((f.GPS.Lon-r.lon(at))*metresDegree, (f.GPS.Lat-driveLat)*111_264.9)
		worst = max(worst, off)
		if off > 3 {
			t.Errorf("a frame from %v is %.1f m off", at, off)
		}
		if f.GPS.Type != gps.Kind || f.GPS.Name != "puck" || f.GPS.Precision <= 0 || f.GPS.Precision > 30 {
			t.Errorf("block %+v", f.GPS)
		}
	}
	t.Logf("the worst place is %.2f m off", worst)
}
