package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// An away is a rig that keeps frames on disk while its server is away.
type away struct {
	*driven
	world *fakeWorld
	dir   string
}

const (
	awayBurst  = 10 // frames each 50 ms
	awayMemory = 1 << 20
)

func startAway(t *testing.T, machine *fakeMachine, p kismettest.Profile) *away {
	t.Helper()
	world := newFakeWorld(2412)
	world.machine = machine
	a := &away{driven: &driven{machine: machine, radio: world.plug("wlan0")}, world: world, dir: t.TempDir()}
	a.radio.burst = awayBurst
	a.start(t, newServer(t, kismettest.Config{Profile: p}))
	return a
}

// start starts a rig, perhaps again, on what the last one kept.
func (a *away) start(t *testing.T, srv *kismettest.Server) {
	t.Helper()
	a.testRig = startRigTo(t, a.world, a.world.watch, srv, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
		Sources: []configs.Source{radioOf(t, "wlan0")}, GPS: gpsOf("puck"),
		Spool:  configs.Spool{MemoryBytes: awayMemory, Dir: a.dir, SizeBytes: 1 << 30, After: 2 * time.Second, Sync: configs.SyncEvery, SyncEvery: time.Second},
		Replay: configs.Replay{FramesPerSecond: 5000, BytesPerSecond: 4 << 20},
	})
}

// bounded lets time pass and sees that memory stays what it may be.
func (a *away) bounded(t *testing.T, d time.Duration) {
	t.Helper()
	for range d / (10 * time.Second) {
		elapse(10 * time.Second)
		st := a.Status().Sources[0].Frames
		if st.MemBytes > awayMemory+1<<18 || st.Dropped > 0 || st.DiskErr != nil {
			t.Fatalf("while the server is away: %+v\n%s", st, a.log)
		}
	}
}

// check sees that every frame arrived, in order of the first arrivals, each with
// the time and the place of its capture, but for those of which unplaced is true.
func (a *away) check(t *testing.T, resent uint64, unplaced func(number int) bool) {
	t.Helper()
	next, twice := 0, uint64(0)
	for _, f := range a.srv.Frames(a.only(t).UUID) {
		n := heardNumber(f.Content)
		switch {
		case n < next:
			twice++
			continue
		case n > next:
			t.Fatalf("frame %d is missing\n%s", next, a.log)
		}
		next++
		boot := int64(time.Hour) + int64(n/awayBurst+1)*int64(a.radio.every)
		h := heardFrame{f, n, boot}
		if off := time.Duration(h.ns() - a.machine.utc(boot)).Abs(); off > time.Millisecond {
			t.Fatalf("frame %d has a time %v off", n, off)
		}
		if f.GPS == nil {
			if !unplaced(n) {
				t.Fatalf("frame %d has no place", n)
			}
			continue
		}
		if off := a.machine.off(boot, f.GPS.Lat, f.GPS.Lon); off > 1.5 {
			t.Fatalf("frame %d is %.1f m off", n, off)
		}
	}
	// The last ones wait for a fix, and for their acknowledgement.
	if heard := int(a.radio.next.Load()); next < heard-2*20*awayBurst {
		t.Errorf("%d frames of %d arrived\n%s", next, heard, a.log)
	}
	if twice > resent {
		t.Errorf("%d frames arrived twice, and %d were sent again", twice, resent)
	}
}

func TestNothingIsLostWhileTheServerIsAwayForTenMinutes(t *testing.T) {
	for _, p := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		t.Run(p.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				machine := newFakeMachine()
				machine.plugReceiver("puck")
				a := startAway(t, machine, p)
				elapse(30 * time.Second)
				if st := a.Status().Sources[0].Frames; st.DiskBytes != 0 || st.Spilled != 0 {
					t.Errorf("on a healthy link there is something on disk: %+v", st)
				}
				goAway(t, a.srv)
				a.bounded(t, 4*time.Minute)

				// In the middle of it the rig is started again.
				before := a.radio.next.Load()
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				if err := a.Stop(ctx); err != nil {
					t.Fatalf("it stops with %v, and has lost nothing\n%s", err, a.log)
				}
				cancel()
				resent := a.Status().Sources[0].Frames.Resent
				if kept := a.Status().Sources[0].Frames.Kept; kept < before*3/4 {
					t.Errorf("%d frames are kept, %d were captured", kept, before)
				}
				a.start(t, a.srv)
				gap := int(a.radio.next.Load())
				a.bounded(t, 6*time.Minute)
				if st := a.Status().Sources[0]; fault.CodeOf(st.Link.Err) != fault.LinkRefused || st.Frames.Recovered < before*3/4 {
					t.Errorf("after the second start: %+v", st)
				}
				if err := a.srv.Refuse(false); err != nil {
					t.Fatal(err)
				}
				elapse(12 * time.Second) // a rig that never had a link dials this seldom
				if st := a.Status().Sources[0].Link; st.State != LinkStreaming {
					t.Errorf("after the server is back: %+v", st)
				}
				elapse(5 * time.Second)
				if st := a.Status().Sources[0].Link; !st.HasCatchUp || st.CatchUp < 3*time.Second || st.CatchUp > time.Minute {
					t.Errorf("it is to take %v (%v) until all is sent", st.CatchUp, st.HasCatchUp)
				}
				elapse(time.Minute)
				st := a.Status().Sources[0]
				if !st.Link.HasCatchUp || st.Link.CatchUp != 0 || st.Frames.Spilled != 0 || st.Frames.Dropped != 0 {
					t.Errorf("behind it all: %+v", st)
				}
				a.check(t, resent+st.Frames.Resent, func(n int) bool { return n < 5*20*awayBurst || n >= gap-awayBurst && n < gap+5*20*awayBurst })
			})
		})
	}
}
