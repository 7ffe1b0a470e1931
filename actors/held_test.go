package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A machine whose clock nobody has ever set, and a line that breaks now and then:
// what is late by that leaves with the times of the machine's clock, each time,
// and never waits for the next look at the clock.
func TestFramesThatAShortBreakMadeLateDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.setClock(0, false)
		world := newFakeWorld(2412)
		world.machine = machine
		world.plug("wlan0")
		srv := newServer(t, kismettest.Config{})
		r := startRigTo(t, world, world.watch, srv, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
			Sources: []configs.Source{radioOf(t, "wlan0")},
			Spool:   configs.Spool{MemoryBytes: 1 << 20, Dir: t.TempDir(), SizeBytes: 1 << 30, After: 2 * time.Second, Sync: configs.SyncEvery, SyncEvery: time.Second},
		})
		elapse(10 * time.Second)
		for i := range 40 {
			for _, src := range srv.Sources() {
				srv.Reset(src.UUID)
			}
			elapse(15*time.Second + time.Duration(i)*7*time.Millisecond)
			if b := r.shared.sources[0].log.Backlog(); b.Age > 2*time.Second {
				t.Fatalf("15 s after break %d frames have waited for %v: %+v\n%s", i+1, b.Age, r.Status().Sources[0].Link, r.log)
			}
		}
	})
}
