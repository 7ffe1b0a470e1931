package actors

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink/kismettest"
)

// crash makes an actor panic with a message that is a nil pointer to it.
func (r *testRig) crash(name string, message any) {
	r.system.Root.Send(actor.NewPID(r.pid.Address, name), message)
}

func TestHopperThatPanicsHopsOn(t *testing.T) {
	for _, mode := range []configs.HopMode{configs.HopServer, configs.HopLocal, configs.HopSplit} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := newFakeWorld(2412, 2437, 2462)
				radio := world.plug("wlan0")
				cfg := radioOf(t, "wlan0")
				cfg.Hop.Mode = mode
				r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{cfg}})
				elapse(10 * time.Second)
				radio.mu.Lock()
				radio.panics = true
				radio.mu.Unlock()
				world.retuned("wlan0")
				elapse(5 * time.Second)
				radio.forget()
				elapse(5 * time.Second)
				if n := r.Status().Restarts; n != 1 {
					t.Fatalf("%d restarts\n%s", n, r.log)
				}
				if got := distinct(radio.visited()); len(got) != 3 {
					t.Errorf("behind the hopper's restart it visits %v", got)
				}
				if src := r.only(t); !src.Hopping {
					t.Errorf("the server believes %+v", src.Stats)
				}
			})
		})
	}
}

func TestNoticesComeBehindARestartOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412, 2437)
		world.plug("wlan0")
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(10 * time.Second)
		r.crash("rig/source-1", Batch{})
		elapse(20 * time.Second)
		world.retuned("wlan0")
		elapse(5 * time.Second)
		if src := r.only(t); !told(src, "another program tuned it") {
			t.Errorf("the server was told %+v\n%s", src.Messages, r.log)
		}
	})
}

// What a server pushed counts on behind a restart of the filter: it is not
// pushed again.
func TestPushedFilterOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		radio := world.plug("wlan0")
		wardrive := map[string]string{"filter_mgmt": "true"}
		r := startRigIn(t, world, kismettest.Config{HopRate: 5, WifiOptions: wardrive}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(10 * time.Second)
		r.crash("rig/filter", Refilter{})
		elapse(10 * time.Second)
		last := radio.filter()
		data := append([]byte{0, 0, 8, 0, 0, 0, 0, 0, 0x08, 0}, make([]byte, 60)...)
		if r.Status().Restarts != 1 || last.Keep(data, len(data)) != 0 {
			t.Errorf("data frames are kept, %d restarts", r.Status().Restarts)
		}
	})
}

// A program that hops over the same radio gives a notice every second. It may
// not keep a radio from the rest of its list, nor fill the log.
func TestRadioThatOthersTuneAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412, 2417, 2422, 2427, 2432, 2437, 2442, 2447, 2452, 2457, 2462, 5180, 5200, 5220, 5240, 5260, 5280, 5300, 5320)
		radio := world.plug("wlan0")
		other := world.plug("wlan1")
		cfg := radioOf(t, "wlan0:add_channels=\"999\"")
		also := radioOf(t, "wlan1")
		cfg.Hop.Mode, also.Hop.Mode = configs.HopSplit, configs.HopSplit
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{cfg, also}})
		elapse(10 * time.Second)
		radio.forget()
		other.forget()
		for range 60 {
			world.retuned("wlan0")
			elapse(time.Second)
		}
		if got := distinct(append(radio.visited(), other.visited()...)); len(got) != 19 {
			t.Errorf("it visits %v", got)
		}
		if n := strings.Count(r.log.String(), "\n"); n > 30 {
			t.Errorf("%d lines in the log:\n%s", n, r.log)
		}
	})
}

// A server's command that comes while the lock of before is taken up again gets
// its own answer.
func TestCommandWhileALockIsTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412, 2437, 2462)
		world.plug("wlan0")
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(5 * time.Second)
		src := r.only(t)
		if err := r.srv.SetChannel(src.UUID, "6"); err != nil {
			t.Fatal(err)
		}
		elapse(5 * time.Second)
		world.unplug("wlan0")
		elapse(3 * time.Second)
		slow := world.plug("wlan0")
		slow.slow = 1900 * time.Millisecond
		for r.Status().Sources[0].Capture != CaptureRunning {
			elapse(10 * time.Millisecond)
		}
		elapse(500 * time.Millisecond)
		if err := r.srv.SetChannel(src.UUID, "11"); err != nil {
			t.Fatal(err)
		}
		elapse(10 * time.Second)
		if src = r.only(t); src.Channel != "11" || src.Pending != 0 {
			t.Errorf("the server believes %+v, tuned %v", src.Stats, slow.Tuned())
		}
		if told(src, "another command") || strings.Contains(r.log.String(), "another command") {
			t.Errorf("a command was answered with what came of another:\n%s", r.log)
		}
	})
}

// More commands than fit wait for a radio that takes its time: each is
// answered, since a server gives up a source that does not answer.
func TestFloodOfCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412, 2437)
		world.plug("wlan0").slow = 100 * time.Millisecond
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(5 * time.Second)
		src := r.only(t)
		for i := range 3 * maxSteers {
			if err := r.srv.SetChannel(src.UUID, []string{"1", "6"}[i%2]); err != nil {
				t.Fatal(err)
			}
		}
		elapse(time.Minute)
		if src = r.only(t); src.Pending != 0 || !src.Running {
			t.Errorf("%d commands are not answered: %+v %s", src.Pending, src.Stats, src.Error)
		}
		if n := strings.Count(r.log.String(), "channel trouble"); n > 3 {
			t.Errorf("%d lines about it in the log", n)
		}
	})
}

func TestRadioOfASourceThatIsGivenUpIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		radios := []*fakeRadio{world.plug("wlan0"), world.plug("wlan1")}
		world.macs["wlan1"] = world.macs["wlan0"]
		startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0"), radioOf(t, "wlan1")}})
		elapse(time.Minute)
		if radios[0].closed == radios[1].closed {
			t.Errorf("closed: %v and %v, want one", radios[0].closed, radios[1].closed)
		}
	})
}

// Addresses that cannot be read for a while, as when a driver keeps the kernel
// busy, are followed again.
func TestAddressesAreFollowedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		radio := world.plug("wlan0")
		var asked atomic.Int32
		watch := func(ctx context.Context, tell func([]linuxwifi.LinkAddress, bool)) error {
			if asked.Add(1) <= 3 {
				return errors.New("no answer from the kernel in time")
			}
			tell([]linuxwifi.LinkAddress{{Name: "wlp3s0", MAC: net.HardwareAddr{2, 0, 0, 0, 9, 9}, Up: true}}, true)
			<-ctx.Done()
			return nil
		}
		r := startWatchedRig(t, world, watch, kismettest.Config{HopRate: 5}, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(2 * time.Minute)
		frame := append([]byte{0, 0, 8, 0, 0, 0, 0, 0, 0x80, 0, 0, 0}, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 9, 9, 0, 0, 1, 2, 3, 4}...)
		if radio.filter().Keep(frame, len(frame)) != 0 {
			t.Error("the machine's own frames are captured")
		}
		if n := strings.Count(r.log.String(), "addresses are not known"); n != 1 {
			t.Errorf("said %d times:\n%s", n, r.log)
		}
	})
}
