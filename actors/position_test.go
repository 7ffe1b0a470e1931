package actors

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// gpsOf is the configuration of receivers that are gpsd's, by name.
func gpsOf(names ...string) configs.GPS {
	g := configs.GPS{
		Mode: configs.GPSFusion, Motion: configs.MotionCar, Predict: configs.DefaultPredict, LimitM: configs.DefaultLimitM,
		MetaGPS: configs.MetaGPS{Interval: time.Second, Create: true},
	}
	for _, name := range names {
		g.Receivers = append(g.Receivers, configs.Receiver{Name: name, Type: configs.ReceiverGPSD})
	}
	return g
}

// A driven rig is one with one radio that hears a frame every 50 ms.
type driven struct {
	*testRig
	machine *fakeMachine
	radio   *fakeRadio
}

func startDrive(t *testing.T, machine *fakeMachine, server kismettest.Config, definition string, g configs.GPS) *driven {
	t.Helper()
	return startBrokenDrive(t, machine, server, nil, definition, g)
}

func startBrokenDrive(t *testing.T, machine *fakeMachine, server kismettest.Config, breakIt func(*kismettest.Server), definition string, g configs.GPS) *driven {
	t.Helper()
	world := newFakeWorld(2412)
	world.machine = machine
	d := &driven{machine: machine, radio: world.plug("wlan0")}
	d.testRig = startRigIn(t, world, server, breakIt, false, configs.Config{Sources: []configs.Source{radioOf(t, definition)}, GPS: g})
	return d
}

// frame is what arrived of one, with what is true of it.
type heardFrame struct {
	kismettest.Frame
	number int
	boot   int64 // CLOCK_BOOTTIME of its capture
}

// frames returns what arrived, each frame once, in order. Frame n is captured
// 50 ms behind frame n-1, and the first 50 ms behind the radio's opening.
func (d *driven) frames(t *testing.T) []heardFrame {
	t.Helper()
	var list []heardFrame
	for _, f := range d.srv.Frames(d.only(t).UUID) {
		n := heardNumber(f.Content)
		if n < len(list) {
			continue // resent
		}
		if n > len(list) {
			t.Fatalf("frame %d is missing\n%s", len(list), d.log)
		}
		list = append(list, heardFrame{f, n, int64(time.Hour) + int64(n+1)*int64(d.radio.every)})
	}
	return list
}

func (f *heardFrame) ns() int64 { return int64(f.Sec)*1e9 + int64(f.Usec)*1e3 }

func TestEachFrameGoesOutWithThePlaceOfItsTime(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		world := newFakeWorld(2412)
		world.machine = machine
		d := &driven{machine: machine, radio: world.plug("wlan0")}
		d.testRig = startRigIn(t, world, kismettest.Config{Profile: p}, nil, tcp, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}, GPS: gpsOf("puck")})
		elapse(60 * time.Second)
		if got := d.only(t).Options["timestamp"]; got != "false" {
			t.Errorf("announced with timestamp=%s", got)
		}
		var placed int
		for _, f := range d.frames(t) {
			if diff := f.ns() - machine.utc(f.boot); diff < -1000 || diff > 1000 {
				t.Fatalf("frame %d has a time %v off", f.number, time.Duration(diff))
			}
			if f.GPS == nil {
				if f.boot > int64(time.Hour+3*time.Second) {
					t.Fatalf("frame %d has no place\n%s", f.number, d.log)
				}
				continue
			}
			placed++
			if off := machine.off(f.boot, f.GPS.Lat, f.GPS.Lon); off > 1 {
				t.Fatalf("frame %d is %.1f m off", f.number, off)
			}
			if f.GPS.Type != gps.Kind || f.GPS.Name != "puck" || f.GPS.Sec != f.Sec || f.GPS.Usec != f.Usec {
				t.Fatalf("frame %d: %+v", f.number, f.GPS)
			}
			if f.boot > int64(time.Hour+10*time.Second) && (f.GPS.Fix != 3 || math.Abs(f.GPS.AltM-12) > 0.1 || f.GPS.SpeedKMH < 107 || f.GPS.SpeedKMH > 109 || f.GPS.Heading < 89 || f.GPS.Heading > 91 || f.GPS.Precision <= 0 || f.GPS.Precision > 10) {
				t.Fatalf("frame %d: %+v", f.number, f.GPS)
			}
		}
		if placed < 1000 {
			t.Errorf("%d frames have a place", placed)
		}
		if s := d.Status().GPS; len(s.Receivers) != 1 || s.Receivers[0].State != ReceiverFix || !s.Receivers[0].LatencyKnown ||
			s.Receivers[0].Latency < 250*time.Millisecond || s.Receivers[0].Latency > 350*time.Millisecond {
			t.Errorf("status %+v", s.Receivers)
		}
	})
}

// Without a fix there is no block: not even an old one.
func TestPlacesEndSoonBehindTheLastFixAndComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		puck := machine.plugReceiver("puck")
		d := startDrive(t, machine, kismettest.Config{}, "wlan0", gpsOf("puck"))
		elapse(20 * time.Second)
		puck.unplug()
		last := machine.boottime() / 1e9 * 1e9 // the last fix was for this second, or the one before
		elapse(20 * time.Second)
		if s := d.Status().GPS.Receivers[0]; s.State != ReceiverAway || fault.CodeOf(s.Err) != fault.GPSLost || s.Age < 19*time.Second {
			t.Errorf("unplugged: %+v", s)
		}
		puck.replug()
		elapse(20 * time.Second)

		var after, back int
		for _, f := range d.frames(t) {
			since := time.Duration(f.boot - last)
			switch {
			case f.GPS == nil && since > -10*time.Second && since <= time.Second:
				t.Errorf("frame %d, %v before the end, has no place", f.number, -since)
			case f.GPS == nil:
			case since > configs.DefaultPredict && since < 20*time.Second:
				t.Errorf("frame %d, %v behind the last fix, has a place", f.number, since)
			case since > time.Second && since < 20*time.Second:
				after++
			case since > 28*time.Second:
				back++
				if off := machine.off(f.boot, f.GPS.Lat, f.GPS.Lon); off > 2 {
					t.Errorf("frame %d is %.1f m off", f.number, off)
				}
			}
		}
		if after == 0 || back < 200 {
			t.Errorf("%d frames have a predicted place, %d one behind the gap", after, back)
		}
		for _, text := range []string{"the receiver has a fix", "no position from this receiver", "gps.lost"} {
			if !strings.Contains(d.log.String(), text) {
				t.Errorf("the log does not say %q\n%s", text, d.log)
			}
		}
	})
}

// Of two receivers one goes: the position goes on, without a step.
func TestPositionGoesOnWithTheOtherReceiver(t *testing.T) {
	for _, mode := range []configs.GPSMode{configs.GPSFusion, configs.GPSPriority} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machine := newFakeMachine()
				puck, phone := machine.plugReceiver("puck"), machine.plugReceiver("phone")
				phone.north, phone.latency = 8, 700*time.Millisecond
				g := gpsOf("puck", "phone")
				g.Mode = mode
				d := startDrive(t, machine, kismettest.Config{}, "wlan0", g)
				elapse(30 * time.Second)
				puck.unplug()
				elapse(30 * time.Second)
				var before *heardFrame
				for _, f := range d.frames(t) {
					if f.boot < int64(time.Hour+5*time.Second) {
						continue
					}
					if f.GPS == nil {
						t.Fatalf("frame %d has no place\n%s", f.number, d.log)
					}
					// 50 ms are 1.5 m on the road.
					if before != nil && machine.off(before.boot, f.GPS.Lat, f.GPS.Lon)-machine.off(before.boot, before.GPS.Lat, before.GPS.Lon) > 1.5+0.5 {
						t.Fatalf("a step at frame %d", f.number)
					}
					before = &f
				}
			})
		})
	}
}

// Frames of capture files have nothing to do with where the rig is now.
func TestLiveTrackNeverAppliesToFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		world := newFakeWorld(2412)
		world.machine = machine
		file := sourceOf(t, writePcap(t, "a.pcap", 100)+":pps=10")
		r := startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{Sources: []configs.Source{file}, GPS: gpsOf("puck"), Once: true})
		if err := r.wait(t, time.Minute); err != nil {
			t.Fatal(err)
		}
		for _, f := range r.srv.Frames(file.UUID.String()) {
			if f.GPS != nil {
				t.Fatalf("a frame of a file is said to be from %+v", f.GPS)
			}
		}
		if src, _ := r.srv.Source(file.UUID.String()); src.Options["timestamp"] != "" {
			t.Errorf("a file is announced with timestamp=%s", src.Options["timestamp"])
		}
	})
}
