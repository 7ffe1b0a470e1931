package actors

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestRadioUnpluggedAndBack(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		world := newFakeWorld(2412, 2437)
		world.plug("wlan0")
		other := world.plug("wlan1")
		cfg := configs.Config{Sources: []configs.Source{radioOf(t, "wlan0"), radioOf(t, "wlan1")}}
		r := startRigIn(t, world, kismettest.Config{Profile: p, HopRate: 5}, nil, tcp, cfg)
		elapse(10 * time.Second)
		world.unplug("wlan0")
		elapse(time.Minute)
		st := r.Status().Sources
		if st[0].Capture != CaptureWaiting || fault.CodeOf(st[0].Radio.Err) != fault.RadioMissing {
			t.Fatalf("while away: %v %v", st[0].Capture, st[0].Radio.Err)
		}
		if st[0].Link.State != LinkStreaming || st[1].Capture != CaptureRunning {
			t.Errorf("link %v, the other %v", st[0].Link.State, st[1].Capture)
		}
		world.plug("wlan0")
		elapse(2*time.Second + reopenMin)
		if st := r.Status().Sources[0]; st.Capture != CaptureRunning {
			t.Fatalf("two seconds behind plugging in: %v", st.Capture)
		}
		elapse(time.Minute)
		for _, s := range r.Status().Sources {
			src, _ := r.srv.Source(s.UUID.String())
			numbers := r.numbers(s.UUID)
			if !slices.IsSorted(numbers) || numbers[len(numbers)-1] != len(numbers)-1 {
				t.Errorf("%s: %d frames, the last is %d", s.Name, len(numbers), numbers[len(numbers)-1])
			}
			if s.Link.Links != 1 || s.Frames.Dropped != 0 || !src.Hopping {
				t.Errorf("%+v", s)
			}
			if wants := s.Name == "wlan0"; told(src, "unplugged") != wants || told(src, "is back") != wants {
				t.Errorf("%s was told %+v", s.Name, src.Messages)
			}
		}
		if n := world.opened["wlan1"]; n != 1 || other.closed {
			t.Errorf("the other radio was opened %d times", n)
		}
	})
}

// A program that fights for the radio is named a few times a minute, not as often
// as it strikes.
func TestRadioThatIsLostAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		world.plug("wlan0")
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(10 * time.Second)
		for range 180 {
			busy := world.radios["wlan0"]
			world.plug("wlan0")
			busy.fail(fault.Newf(fault.RadioBusy, "radio wlan0", "wlan0 came up"))
			elapse(time.Second)
		}
		if n := strings.Count(r.log.String(), "wlan0 came up"); n < maxLosses || n > 4*maxLosses {
			t.Errorf("in 3 minutes the log has it %d times", n)
		}
		if src := r.only(t); len(src.Messages) > 8*maxLosses || src.Frames == 0 {
			t.Errorf("the server was told %d times: %+v", len(src.Messages), src.Messages)
		}
	})
}

func TestRadioThatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(time.Hour)
		if n := len(r.srv.Sources()); n != 0 {
			t.Fatalf("%d sources announced without a radio", n)
		}
		if n := strings.Count(r.log.String(), "level=WARN"); n != 1 {
			t.Errorf("an hour of waiting gave %d warnings:\n%s", n, r.log)
		}
		world.plug("wlan0")
		elapse(10 * time.Second)
		if src := r.only(t); src.UUID != "5FE308BD-0000-0000-0000-020000000000" || src.Frames == 0 {
			t.Errorf("source %+v", src)
		}
	})
}

func TestNoSecondAttemptAtARadio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{NoRetry: true, Sources: []configs.Source{radioOf(t, "wlan0")}})
		if err := r.wait(t, time.Minute); fault.CodeOf(err) != fault.RadioMissing {
			t.Errorf("without a radio it ended with %v", err)
		}
		world.plug("wlan0")
		r = startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{NoRetry: true, Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(10 * time.Second)
		world.unplug("wlan0")
		if err := r.wait(t, time.Minute); fault.CodeOf(err) != fault.RadioGone {
			t.Errorf("unplugged it ended with %v\n%s", err, r.log)
		}
		if st := r.Status().Sources[0].Frames; st.Acked == 0 || st.Acked != st.Captured {
			t.Errorf("what it had captured: %+v", st)
		}
	})
}

func TestTwoRadiosWithOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		world.plug("wlan0")
		world.plug("wlan1")
		world.macs["wlan1"] = world.macs["wlan0"]
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0"), radioOf(t, "wlan1")}})
		elapse(time.Minute)
		if src := r.only(t); !src.Running {
			t.Errorf("source %+v", src)
		}
		if !strings.Contains(r.log.String(), "another source of this rig has the same UUID") {
			t.Errorf("log:\n%s", r.log)
		}
	})
}
