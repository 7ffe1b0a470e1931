package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A file has no place but a fixed one: inside a zone all of it is hidden.
func TestAFileFromAZoneIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fixed := gps.NewFixed(52.1, 4.3, 10, "roof")
		src := sourceOf(t, writePcap(t, "home.pcap", 1000))
		r := startRig(t, kismettest.Config{}, false, configs.Config{
			Once: true, Sources: []configs.Source{src}, GPS: configs.GPS{Fixed: &fixed},
			Privacy: configs.Privacy{Zones: []gps.Zone{{Lat: 52.1, Lon: 4.3, RadiusM: 100}}},
		})
		if err := r.wait(t, time.Minute); err != nil {
			t.Errorf("nothing was lost, and the rig ends with %v", err)
		}
		if st := r.Status().Sources[0].Frames; st.Hidden != 1000 || st.Captured != 1000 || st.Dropped != 1000 || len(r.srv.Frames(src.UUID.String())) != 0 {
			t.Errorf("%d frames arrived; %+v", len(r.srv.Frames(src.UUID.String())), st)
		}
	})
}

// The machine drives through a circle of 300 m: what it hears there is not told,
// everything else is, and nothing before its first fix.
func TestNothingIsToldOfAZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		world := newFakeWorld(2412)
		world.machine = machine
		d := &driven{radio: world.plug("wlan0")}
		// It is there a minute after the start, for 20 s.
		centre := machine.boottime() + int64(time.Minute)
		lat, lon := machine.place(centre)
		zone := gps.Zone{Name: "home", Lat: lat, Lon: lon, RadiusM: 300}
		d.testRig = startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{
			Sources: []configs.Source{radioOf(t, "wlan0")}, GPS: gpsOf("puck"), Privacy: configs.Privacy{Zones: []gps.Zone{zone}},
		})
		elapse(2 * time.Minute)

		told, before, behind := 0, 0, 0
		for _, f := range d.srv.Frames(d.only(t).UUID) {
			at := int64(time.Hour) + int64(heardNumber(f.Content)+1)*int64(d.radio.every)
			told++
			off := time.Duration(at - centre)
			switch {
			case off.Abs() < 10*time.Second:
				t.Fatalf("a frame of %v around the centre is told", off)
			case off < 0:
				before++
			default:
				behind++
			}
			if f.GPS == nil {
				t.Fatalf("a frame of %v has no place", off)
			}
		}
		st := d.Status().Sources[0].Frames
		if before < 45*20 || behind < 45*20 {
			t.Errorf("%d frames before the zone and %d behind it are told", before, behind)
		}
		if hidden := st.DroppedBy[frames.DropPrivacy]; hidden != st.Hidden || hidden < 20*20 || hidden > 27*20 {
			t.Errorf("%d frames are hidden, status %+v", hidden, st)
		}
		if st.Captured != st.Acked+st.Dropped+st.Waiting {
			t.Errorf("not every frame is accounted for: %+v", st)
		}
	})
}
