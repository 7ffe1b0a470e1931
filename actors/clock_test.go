package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// A machine without a clock of its own boots in 1970, learns the time from GPS
// and is set by NTP later. Frames keep their true times and places through it,
// also those captured before anything was known.
func TestFramesKeepTimeAndPlaceThroughStepsOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.setClock(-fakeUTC, false) // it counts from 1970
		puck := machine.plugReceiver("puck")
		puck.unplug()
		away := func(s *kismettest.Server) {
			if err := s.Refuse(true); err != nil {
				t.Fatal(err)
			}
		}
		d := startBrokenDrive(t, machine, kismettest.Config{}, away, "wlan0", gpsOf("puck"))
		elapse(10 * time.Second)
		puck.replug()
		elapse(10 * time.Second)
		if err := d.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		elapse(20 * time.Second)
		machine.setClock(0, true) // NTP
		elapse(20 * time.Second)
		machine.setClock(time.Hour, false) // somebody sets it, and GPS is there still
		elapse(20 * time.Second)

		if got := d.only(t).Options["timestamp"]; got != "false" {
			t.Errorf("announced with timestamp=%s", got)
		}
		worst, placed := time.Duration(0), 0
		for _, f := range d.frames(t) {
			worst = max(worst, time.Duration(max(f.ns()-machine.utc(f.boot), machine.utc(f.boot)-f.ns())))
			if f.GPS != nil {
				placed++
				// Without a clock to compare with, a receiver's latency is not known.
				if off := machine.off(f.boot, f.GPS.Lat, f.GPS.Lon); off > fakeSpeed*0.35 {
					t.Fatalf("frame %d is %.1f m off", f.number, off)
				}
			}
		}
		if worst > 500*time.Millisecond {
			t.Errorf("a frame's time is %v off", worst)
		}
		if placed < 1200 {
			t.Errorf("%d frames have a place", placed)
		}
	})
}

// The server stamps arrival as long as nobody knows the time, and is told anew
// when somebody does: once.
func TestOnePlannedReconnectWhenTheTimeIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.setClock(-fakeUTC, false)
		puck := machine.plugReceiver("puck")
		puck.unplug()
		d := startDrive(t, machine, kismettest.Config{}, "wlan0", gpsOf("puck"))
		elapse(10 * time.Second)
		if src := d.only(t); src.Options["timestamp"] != "true" || src.Sessions != 1 {
			t.Fatalf("announced with timestamp=%s, %d sessions", src.Options["timestamp"], src.Sessions)
		}
		puck.replug()
		elapse(time.Minute)
		src := d.only(t)
		if src.Options["timestamp"] != "false" || src.Sessions != 2 || !src.Running {
			t.Fatalf("announced with timestamp=%s, %d sessions\n%s", src.Options["timestamp"], src.Sessions, d.log)
		}
		d.frames(t) // none is missing
	})
}

// What the user wrote about timestamps counts.
func TestTimestampOptionIsTheUsersWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		d := startDrive(t, machine, kismettest.Config{}, "wlan0:timestamp=true", gpsOf("puck"))
		elapse(time.Minute)
		src := d.only(t)
		if src.Options["timestamp"] != "true" || src.Sessions != 1 {
			t.Errorf("announced with timestamp=%s, %d sessions", src.Options["timestamp"], src.Sessions)
		}
		if f := d.frames(t); f[len(f)-1].GPS == nil {
			t.Error("frames have no place")
		}
	})
}
