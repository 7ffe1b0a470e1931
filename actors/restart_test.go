package actors

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink/kismettest"
)

// An actor that panics starts again by itself, and what its parent keeps for
// it survives: nothing is read twice, nothing is lost, and what it captures
// meanwhile is sent.
func TestActorsThatPanicStartAgainWithoutLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 20_000)+":pps=1000") // 20 s
		away := func(s *kismettest.Server) { _ = s.Refuse(true) }
		r := startFaultyRig(t, kismettest.Config{}, away, false, configs.Config{Once: true, Sources: []configs.Source{a}})
		crash := func(name string, message any) {
			r.system.Root.Send(actor.NewPID(r.pid.Address, name), message)
		}
		for range 5 {
			elapse(time.Second)
			crash("rig/source-1/uplink", ServerAnswer{}) // no link: a nil pointer
			elapse(time.Second)
			crash("rig/source-1", Batch{}) // no frames: a nil pointer
		}
		if err := r.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		if err := r.wait(t, 10*time.Minute); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		if diff := cmp.Diff(upTo(20_000), r.numbers(a.UUID)); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		if n := r.Status().Restarts; n != 10 {
			t.Errorf("%d restarts, want 10\n%s", n, r.log)
		}
		if !strings.Contains(r.log.String(), "actor failed and starts again") {
			t.Errorf("the log is silent about it:\n%s", r.log)
		}
	})
}

func TestRestartWaitGrowsAndStaysWithinItsLimits(t *testing.T) {
	for failures := range 100 {
		most := min(restartMin<<min(max(failures, 1), 16), restartMax)
		for range 100 {
			if w := restartWait(failures); w < restartMin || w > most {
				t.Fatalf("failure %d: waits %v, want %v to %v", failures, w, restartMin, most)
			}
		}
	}
}
