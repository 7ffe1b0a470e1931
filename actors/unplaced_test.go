package actors

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// twoDevices is a gpsd with a device that falls silent, and one that jumps away
// and back after that.
type twoDevices struct {
	*fakeReceiver
	silentNs, jumpsNs int64
}

func (r *twoDevices) Run(ctx context.Context, tell func(gps.Event)) error {
	return r.fakeReceiver.Run(ctx, func(e gps.Event) {
		f, ok := e.(gps.Fix)
		if !ok {
			tell(e)
			return
		}
		if f.Device = "/dev/a"; f.ReceivedNs < r.silentNs {
			tell(f)
		}
		f.Device = "/dev/b"
		if f.ReceivedNs > r.jumpsNs && f.ReceivedNs/int64(time.Second)%4 < 2 {
			f.Lat += 0.005
		}
		tell(f)
	})
}

// What the second device of a receiver does counts as the receiver's: it goes
// before the next receiver in the list, and jumps of it are shown.
func TestSecondDeviceIsTheReceiversToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		began := machine.boottime()
		puck := &twoDevices{machine.plugReceiver("puck"), began + int64(20*time.Second), began + int64(40*time.Second)}
		machine.plugReceiver("phone").latency = 100 * time.Millisecond
		g := gpsOf("puck", "phone")
		g.Mode = configs.GPSPriority
		world := newFakeWorld(2412)
		world.machine = machine
		world.plug("wlan0")
		r := &testRig{log: &logLines{}}
		opts := r.options(world, nil, nil, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}, GPS: g})
		opts.Positions = true
		opts.receive = func(c configs.Receiver, s *shared) (fixer, error) {
			if c.Name == "puck" {
				return puck, nil
			}
			return machine.receive(c, s)
		}
		if err := r.begin(t, opts); err != nil {
			t.Fatal(err)
		}
		elapse(38 * time.Second)
		if p := r.Status().Position; p.Receiver != "puck /dev/b" {
			t.Errorf("the position is by %q\n%s", p.Receiver, r.log)
		}
		elapse(20 * time.Second)
		s := r.Status()
		f, heard := s.GPS.Fused("puck")
		if !heard || f.Rejected == 0 || f.Accepted < 50 || !strings.HasPrefix(f.Why, "/dev/b: ") || !strings.Contains(f.Why, " m off") {
			t.Errorf("puck: %+v\n%s", f, r.log)
		}
		if got := r.Report().GPS.Receivers[0].Rejected; got != f.Rejected {
			t.Errorf("%d rejected are reported instead of %d", got, f.Rejected)
		}
		if f, heard := s.GPS.Fused("phone"); !heard || f.Rejected != 0 {
			t.Errorf("phone: %+v", f)
		}
		if _, heard := s.GPS.Fused("mouse"); heard {
			t.Error("there is no mouse")
		}
	})
}

// The reason is that of the latest rejection, whichever device was heard last.
func TestReasonIsTheLatestOfAllDevices(t *testing.T) {
	g := GPSStatus{Fusion: fusion.Status{Receivers: []fusion.Receiver{
		{Name: "puck", Of: "puck", Accepted: 1, Rejected: 2, Unused: 4, LastNs: 30, Why: "early", WhyNs: 5},
		{Name: "puck b", Of: "puck", Accepted: 10, Rejected: 20, Unused: 40, LastNs: 20, Why: "late", WhyNs: 20},
		{Name: "puck c", Of: "puck", LastNs: 10, State: fusion.StateSearching},
		{Name: "puck d", Of: "puck d", Rejected: 100, Why: "another receiver's", WhyNs: 99},
	}}}
	f, _ := g.Fused("puck")
	if f.Accepted != 11 || f.Rejected != 22 || f.Unused != 44 || f.LastNs != 30 || f.Why != "b: late" || f.Name != "puck" {
		t.Errorf("%+v", f)
	}
}

// Who posts more seldom than positions are predicted has none in between, and is
// told why: the receiver itself has a fix until its update expires.
func TestSlowPosterIsToldWhyThereIsNoPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		g := gpsOf()
		g.Receivers = []configs.Receiver{{Name: "phone", Type: configs.ReceiverMeta, Expire: 30 * time.Second}}
		d := startDrive(t, machine, kismettest.Config{}, "wlan0", g)
		phone, _ := d.shared.metaReceiver("phone")
		post := func() {
			u := meta.NewUpdate(machine.place(machine.boottime()))
			u.SpeedMPS, u.CourseDeg, u.AccuracyM = fakeSpeed, 90, 5
			if err := phone.Post(u); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			post()
			elapse(2 * time.Second)
			if s := d.Status(); !s.HasPosition || s.GPS.Unplaced != nil {
				t.Fatalf("2 s behind a fix: %v, %v", s.HasPosition, s.GPS.Unplaced)
			}
			elapse(2 * time.Second)
			s, report := d.Status(), d.Report()
			const want = "gps: the last fix that counts is 4.2s old, and positions end 3s behind it (gps.predict)"
			if err := s.GPS.Unplaced; s.HasPosition || s.GPS.Receivers[0].State != ReceiverFix || err == nil || err.Error() != want || fault.CodeOf(err) != fault.GPSStale {
				t.Errorf("4 s behind a fix: %v, %v", s.HasPosition, err)
			}
			if p := report.GPS.Unplaced; p == nil || !strings.Contains(report.Sentence, "without a position: "+want) {
				t.Errorf("the report says %+v, %s", p, report.Sentence)
			}
			elapse(time.Second)
		}
		elapse(40 * time.Second)
		if s := d.Status(); s.GPS.Unplaced != nil || s.GPS.Receivers[0].State != ReceiverStale {
			t.Errorf("the receiver's own reason is enough: %v, %v", s.GPS.Receivers[0].State, s.GPS.Unplaced)
		}
	})
}

func TestWhyFixesMakeNoPosition(t *testing.T) {
	c := gpsOf("puck")
	const now = int64(time.Hour)
	track := func(age time.Duration) *gps.Track {
		b := gps.NewBuilder(gps.TrackOptions{})
		b.Add([]gps.Point{{TimeNs: now - int64(age), VelEast: math.NaN(), VelNorth: math.NaN(), AccuracyM: 5}})
		return b.Track()
	}
	jumping := fusion.Receiver{Name: "puck", Accepted: 9, State: fusion.StateRejected, Why: "140 m off"}
	steady := fusion.Receiver{Name: "puck", Accepted: 9, State: fusion.StateUsed}
	for _, tt := range []struct {
		name     string
		state    ReceiverState
		accuracy float64
		track    *gps.Track
		fused    []fusion.Receiver
		want     string
	}{
		{"no fix", ReceiverStale, 5, track(time.Minute), []fusion.Receiver{steady}, ""},
		{"old", ReceiverFix, 5, track(4200 * time.Millisecond), []fusion.Receiver{steady}, "gps: the last fix that counts is 4.2s old, and positions end 3s behind it (gps.predict)"},
		{"vague", ReceiverFix, 2400, track(time.Second), []fusion.Receiver{steady}, "gps: the best fix is good to 2400 m, and what is less certain than 100 m counts as unknown (gps.limit)"},
		{"vague together", ReceiverFix, math.NaN(), track(time.Second), []fusion.Receiver{steady}, "gps: what is made of the fixes is less certain than 100 m (gps.limit)"},
		{"jumps", ReceiverFix, 5, track(5 * time.Second), []fusion.Receiver{jumping}, "gps: fixes come, and are not believed: 140 m off"},
		{"none believed", ReceiverFix, 5, nil, nil, "gps: fixes come, and are not believed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := GPSStatus{Receivers: []ReceiverStatus{{Name: "puck", State: tt.state, Fix: gps.Fix{AccuracyM: tt.accuracy}}}, Fusion: fusion.Status{Receivers: tt.fused}}
			got, err := "", g.unplaced(tt.track, now, c)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want || err != nil && (fault.RemedyOf(err) == "" || fault.Exit(err) != fault.ExitRadio) {
				t.Errorf("got  %s (%s)\nwant %s", got, fault.RemedyOf(err), tt.want)
			}
		})
	}
}
