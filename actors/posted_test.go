package actors

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/uplink/kismettest"
)

// Who posts positions may be years off, and does not set the clock: the server
// goes on to stamp frames on arrival. The positions count all the same.
func TestPostedTimesDoNotSetTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.setClock(0, false)
		g := gpsOf()
		g.Receivers = []configs.Receiver{{Name: "phone", Type: configs.ReceiverMeta, Expire: configs.DefaultExpire}}
		d := startDrive(t, machine, kismettest.Config{}, "wlan0", g)
		phone, ok := d.shared.metaReceiver("phone")
		if !ok {
			t.Fatal("no such receiver")
		}
		for range 60 {
			u := meta.NewUpdate(machine.place(machine.boottime()))
			u.TimeNs = machine.utc(machine.boottime()) - int64(180*24*time.Hour)
			u.SpeedMPS, u.CourseDeg, u.AccuracyM = fakeSpeed, 90, 5
			if err := phone.Post(u); err != nil {
				t.Fatal(err)
			}
			elapse(time.Second)
		}
		src := d.only(t)
		if d.Status().GPS.Clock.Known() || src.Options["timestamp"] != "true" || src.Sessions != 1 {
			t.Errorf("clock %+v, announced as %s\n%s", d.Status().GPS.Clock, src.Announced, d.log)
		}
		frames := d.frames(t)
		if f := frames[len(frames)-1]; f.GPS == nil || machine.off(f.boot, f.GPS.Lat, f.GPS.Lon) > fakeSpeed {
			t.Errorf("the last frame: %+v", f.GPS)
		}
	})
}

// A machine that knows the time takes no posted position from another day: it
// would be one of now.
func TestOldPostedPositionIsNoPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		g := gpsOf()
		g.Receivers = []configs.Receiver{{Name: "phone", Type: configs.ReceiverMeta, Expire: configs.DefaultExpire}}
		d := startDrive(t, machine, kismettest.Config{}, "wlan0", g)
		phone, _ := d.shared.metaReceiver("phone")
		u := meta.NewUpdate(machine.place(machine.boottime()))
		u.TimeNs = machine.utc(machine.boottime()) - int64(2*time.Minute)
		if err := phone.Post(u); err != nil {
			t.Fatal(err)
		}
		elapse(5 * time.Second)
		for _, f := range d.frames(t) {
			if f.GPS != nil {
				t.Fatalf("frame %d is said to be from %+v", f.number, f.GPS)
			}
		}
		if !strings.Contains(d.log.String(), "it is an old position") {
			t.Errorf("the log does not say why\n%s", d.log)
		}
	})
}
