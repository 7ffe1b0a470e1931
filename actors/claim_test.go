package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames/spool"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A radio is known by its address only once it is open. Where another sensord
// has what was kept of it, it does not capture without: it waits, says why, and
// keeps frames on disk when the other one has ended.
func TestARadioWaitsForItsSpool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		world := newFakeWorld(2412)
		world.machine = newFakeMachine()
		world.plug("wlan0")
		other, err := spool.Open(spool.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Source(capture.WifiUUID(world.macs["wlan0"]), "roof", capture.TypeLinuxWifi, true); err != nil {
			t.Fatal(err)
		}
		srv := newServer(t, kismettest.Config{})
		r := startRigTo(t, world, world.watch, srv, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
			Sources: []configs.Source{radioOf(t, "wlan0")},
			Spool:   configs.Spool{MemoryBytes: 1 << 20, Dir: dir, SizeBytes: 1 << 30, After: 2 * time.Second, Sync: configs.SyncEvery, SyncEvery: time.Second},
		})
		elapse(time.Minute)
		report := r.Report()
		src := report.Sources[0]
		if src.Frames.Captured != 0 || src.Problem == nil || src.Problem.Code != string(fault.SpoolLocked) {
			t.Errorf("without its spool: %+v, problem %v\n%s", src, src.Problem, r.log)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		elapse(10 * time.Second)
		goAway(t, srv)
		elapse(10 * time.Second)
		if f := r.Report().Sources[0].Frames; f.Captured == 0 || f.OnDisk == 0 {
			t.Errorf("once it has its spool: %+v\n%s", f, r.log)
		}
	})
}

// The end of a radio that is another's twin is told by the status.
func TestReportOfATwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		world.plug("wlan0")
		world.plug("wlan1")
		world.macs["wlan1"] = world.macs["wlan0"]
		r := startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0"), radioOf(t, "wlan1")}})
		elapse(10 * time.Second)
		told := 0
		report := r.Report()
		for _, src := range report.Sources {
			if src.Problem != nil && src.Problem.Code == string(fault.ConfigSource) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d of the twins have a problem: %+v", told, report.Sources)
		}
	})
}

// What was sent is counted on behind the end of the actor.
func TestReportCountsWhatAnEarlierUplinkSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		world.plug("wlan0")
		r := startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(20 * time.Second)
		before := r.Report().Sources[0].Link
		if before.Sent == nil || *before.Sent == 0 {
			t.Fatalf("streaming: %+v", before)
		}
		goAway(t, r.srv)
		elapse(10 * time.Millisecond)
		r.system.Root.Send(actor.NewPID(r.pid.Address, "rig/source-1/uplink"), ServerAnswer{}) // no link: a nil pointer
		if err := r.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		elapse(5 * time.Second)
		after := r.Report().Sources[0].Link
		if after.Sent == nil || *after.Sent < *before.Sent {
			t.Errorf("5 s behind its end: %+v, was %+v", after, before)
		}
	})
}
