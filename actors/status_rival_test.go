package actors

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/web"
)

// namesRival reports whether a status says, first of all, that another sensor
// has the source's UUID.
func namesRival(s *web.Status) bool {
	return s.State == web.StateImpaired && len(s.Problems) > 0 && s.Problems[0].Code == string(fault.LinkReplaced) &&
		strings.HasPrefix(s.Sentence, "RECORDING, BUT ") && strings.Contains(s.Sentence, "another sensor uses this source's UUID")
}

// Of two rigs with one UUID each says so as long as they take turns, also while
// its own link is up, and for a minute from then on.
func TestARivalIsInTheStatusWhileTheLinkIsUp(t *testing.T) {
	for _, p := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		t.Run(p.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, kismettest.Config{Profile: p})
				var rigs []*testRig
				for range 2 {
					world := newFakeWorld(2412)
					world.plug("wlan0")
					rigs = append(rigs, startRigTo(t, world, world.watch, srv, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
						Sources: []configs.Source{radioOf(t, "wlan0")},
						Spool:   configs.Spool{Dir: t.TempDir(), After: 2 * time.Second, SyncEvery: time.Second, Sync: configs.SyncEvery},
					}))
				}
				elapse(time.Minute)
				up := 0
				for range 120 {
					elapse(631 * time.Millisecond)
					for _, r := range rigs {
						s := r.Report()
						if !namesRival(&s) {
							t.Fatalf("link %s: %s %+v\n%s", s.Sources[0].Link.State, s.Sentence, s.Problems, r.log)
						}
						if s.Sources[0].Link.State == LinkStreaming.String() {
							up++
						}
					}
				}
				if up == 0 {
					t.Error("no link was ever up")
				}
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				_ = rigs[1].Stop(ctx)
				over := rigs[0].Status().Sources[0].Link.ReplacedAt.Add(replacedKnown)
				elapse(time.Until(over) - time.Second)
				if s := rigs[0].Report(); !namesRival(&s) {
					t.Errorf("59 s after the last turn: %s", s.Sentence)
				}
				elapse(2 * time.Second)
				if s := rigs[0].Report(); s.State != web.StateRecording || s.Sources[0].Link.Replaced != nil || len(s.Problems) > 0 {
					t.Errorf("61 s after the last turn: %s %+v\n%s", s.Sentence, s.Problems, rigs[0].log)
				}
			})
		})
	}
}

// A file is not kept on disk, and its status does not say that it is.
func TestAFileIsNotToldToBeKeptOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		world.machine = newFakeMachine()
		world.plug("wlan0")
		refuse := func(srv *kismettest.Server) {
			if err := srv.Refuse(true); err != nil {
				t.Fatal(err)
			}
		}
		file := sourceOf(t, writePcap(t, "a.pcap", 100_000)+":realtime=true")
		file.Name = "file"
		r := startRigIn(t, world, kismettest.Config{}, refuse, false, configs.Config{
			Sources: []configs.Source{radioOf(t, "wlan0"), file},
			Spool:   configs.Spool{Dir: t.TempDir(), After: 2 * time.Second, SyncEvery: time.Second, Sync: configs.SyncEvery},
		})
		for range 20 {
			elapse(time.Second)
			s := r.Report()
			radio, file := s.Sources[0], s.Sources[1]
			if !radio.Spooled || file.Spooled || strings.Contains(s.Sentence, "kept on disk") {
				t.Fatalf("%t %t: %s", radio.Spooled, file.Spooled, s.Sentence)
			}
		}
		s := r.Report()
		if file := s.Sources[1]; file.Capture != CaptureRunning.String() || file.Frames.OnDisk != 0 || s.Sources[0].Frames.OnDisk == 0 {
			t.Errorf("%+v", s.Sources)
		}
		if s.State != web.StateImpaired || !strings.HasSuffix(s.Sentence, "what is heard waits in memory only") {
			t.Errorf("%s", s.Sentence)
		}
	})
}
