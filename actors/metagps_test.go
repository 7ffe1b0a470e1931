package actors

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

const adminKey = "ADMINADMINADMINADMINADMINADMIN00"

// startCopied starts a drive whose source has metagps=car, with a login for the
// server's REST.
func startCopied(t *testing.T, machine *fakeMachine, key string, create bool, every time.Duration) *driven {
	t.Helper()
	g := gpsOf("puck")
	g.MetaGPS = configs.MetaGPS{Interval: every, Create: create}
	world := newFakeWorld(2412)
	world.machine = machine
	d := &driven{machine: machine, radio: world.plug("wlan0")}
	d.testRig = startRigIn(t, world, kismettest.Config{APIKeys: map[string]string{adminKey: kismettest.RoleAdmin, webKey: kismettest.RoleWebGPS}}, nil, false, configs.Config{
		Sources: []configs.Source{radioOf(t, "wlan0:metagps=car")}, GPS: g,
		Servers: []configs.Server{{Name: "home", REST: configs.REST{URL: "http://kismet.test:2501", APIKey: configs.Secret(key)}}},
	})
	return d
}

const webKey = "WEBGPSWEBGPSWEBGPSWEBGPSWEBGPS00"

// The copy is made before the source is announced, serves that only, and is as
// fresh as told; no blocks are sent beside it. It stops with the position.
func TestServersCopyOfThePosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		puck := machine.plugReceiver("puck")
		d := startCopied(t, machine, adminKey, true, time.Second)
		elapse(30 * time.Second)
		if def, ok := d.srv.MetaGPS("car"); !ok || !strings.Contains(def, "dataonly=true") {
			t.Fatalf("the server has a meta GPS: %t, %q\n%s", ok, def, d.log)
		}
		updates := d.srv.MetaUpdates("car")
		if len(updates) < 25 || len(updates) > 30 {
			t.Errorf("%d updates in 30 s", len(updates))
		}
		last := updates[len(updates)-1]
		if off := machine.off(machine.boottime(), last.Lat, last.Lon); off > 1.1*fakeSpeed || last.Spd < 107 || last.Spd > 109 {
			t.Errorf("the last update is %.0f m old: %+v", off, last)
		}
		puck.unplug()
		elapse(10 * time.Second)
		n := len(d.srv.MetaUpdates("car"))
		elapse(30 * time.Second)
		if got := len(d.srv.MetaUpdates("car")); got != n {
			t.Errorf("%d updates without a position", got-n)
		}
		if c := d.Status().GPS.Copies; len(c) != 1 || !c[0].Stale || !c[0].Exists || c[0].Err != nil || c[0].Updates != uint64(n) {
			t.Errorf("status %+v", c)
		}
		for _, f := range d.frames(t) {
			if f.GPS != nil {
				t.Fatalf("frame %d has a block", f.number)
			}
		}
	})
}

// A copy that was never updated is, to a 2023 server, a place on the equator:
// without a position the source is announced without it, and anew when there
// is one.
func TestServersCopyBeforeThereIsAPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		puck := machine.plugReceiver("puck")
		puck.unplug()
		d := startCopied(t, machine, adminKey, true, time.Second)
		elapse(20 * time.Second)
		if src := d.only(t); src.Options["metagps"] != "" || src.Sessions != 1 {
			t.Errorf("announced as %s, in %d sessions", src.Announced, src.Sessions)
		}
		puck.replug()
		elapse(20 * time.Second)
		if src := d.only(t); src.Options["metagps"] != "car" || src.Sessions != 2 || len(d.srv.MetaUpdates("car")) == 0 {
			t.Errorf("announced as %s, in %d sessions\n%s", src.Announced, src.Sessions, d.log)
		}
		d.frames(t) // none is missing
	})
}

// A server that was started again has no copy: it is made before the source is
// announced, which would make one for the whole server.
func TestServersCopyIsThereBeforeEachAnnouncement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		d := startCopied(t, machine, adminKey, true, time.Minute)
		elapse(10 * time.Second)
		for range 5 {
			d.srv.ForgetMetaGPS()
			d.srv.Reset("")
			elapse(10 * time.Second)
			if def, _ := d.srv.MetaGPS("car"); !strings.Contains(def, "dataonly=true") {
				t.Fatalf("the server has %q\n%s", def, d.log)
			}
			if n := len(d.srv.MetaUpdates("car")); n == 0 {
				t.Fatalf("no update\n%s", d.log)
			}
		}
	})
}

// The role that is missing is named, once, and frames flow all the same.
func TestServersCopyWithoutTheRoleToUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		d := startCopied(t, machine, apiKey, false, time.Second)
		d.srv.AddMetaGPS("car")
		elapse(2 * time.Minute)
		if c := d.Status().GPS.Copies[0]; fault.CodeOf(c.Err) != fault.RESTRole || !strings.Contains(c.Err.Error(), "WEBGPS") || c.Updates != 0 {
			t.Errorf("status %+v", c)
		}
		if n := strings.Count(d.log.String(), "is not updated"); n != 1 {
			t.Errorf("said %d times\n%s", n, d.log)
		}
		if len(d.frames(t)) < 2000 {
			t.Error("frames do not flow")
		}
	})
}

// Who may not create it is told so; the server makes one for the announcement.
func TestServersCopyWithoutTheRoleToCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		d := startCopied(t, machine, webKey, true, time.Second)
		elapse(2 * time.Minute)
		if c := d.Status().GPS.Copies[0]; c.Err != nil || c.Updates < 100 {
			t.Errorf("status %+v", c)
		}
		log := d.log.String()
		if !strings.Contains(log, "rest.role") || !strings.Contains(log, "admin") || !strings.Contains(log, "is updated again") {
			t.Errorf("the log says\n%s", log)
		}
	})
}
