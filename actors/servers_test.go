package actors

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// startPair starts a rig with a radio and two servers.
func startPair(t *testing.T) (r *testRig, first, second *kismettest.Server) {
	t.Helper()
	first, second = newServer(t, kismettest.Config{}), newServer(t, kismettest.Config{Profile: kismettest.T23})
	world := newFakeWorld(2412)
	world.plug("wlan0")
	dialers := []*uplink.Dialer{dialerTo(first, "first"), dialerTo(second, "second")}
	r = startRigTo(t, world, world.watch, first, dialers, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
	return r, first, second
}

// goAway makes a server refuse connections and end those it has.
func goAway(t *testing.T, srv *kismettest.Server) {
	t.Helper()
	if err := srv.Refuse(true); err != nil {
		t.Fatal(err)
	}
	for _, src := range srv.Sources() {
		srv.Reset(src.UUID)
	}
}

// everyFrame returns the numbers of the frames that any of the servers has,
// each once, and fails where one is missing.
func everyFrame(t *testing.T, r *testRig, servers ...*kismettest.Server) (total, twice int) {
	t.Helper()
	seen := map[int]int{}
	most := -1
	for _, srv := range servers {
		for _, src := range srv.Sources() {
			for _, f := range srv.Frames(src.UUID) {
				n := heardNumber(f.Content)
				seen[n]++
				most = max(most, n)
			}
		}
	}
	for n := range most + 1 {
		if seen[n] == 0 {
			t.Fatalf("frame %d of %d is missing\n%s", n, most, r.log)
		}
		twice += seen[n] - 1
	}
	return most + 1, twice
}

func TestTheNextServerTakesOverAndTheFirstIsReturnedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, first, second := startPair(t)
		elapse(time.Minute)
		if st := r.Status().Sources[0].Link; st.ServerName != "first" || st.State != LinkStreaming || second.Accepted() != 0 {
			t.Fatalf("at the start: %+v", st)
		}
		goAway(t, first)
		elapse(10 * time.Second)
		if st := r.Status().Sources[0].Link; st.ServerName != "second" || st.State != LinkStreaming || st.Protocol != "v2" {
			t.Fatalf("10 s after the first went: %+v\n%s", st, r.log)
		}
		elapse(time.Minute)
		if err := first.Refuse(false); err != nil {
			t.Fatal(err)
		}
		elapse(2 * time.Minute)
		if st := r.Status().Sources[0].Link; st.ServerName != "first" || st.State != LinkStreaming || st.Protocol != "v3" {
			t.Fatalf("2 min after the first is back: %+v\n%s", st, r.log)
		}
		st := r.Status().Sources[0].Frames
		total, twice := everyFrame(t, r, first, second)
		if uint64(total) < st.Acked || uint64(twice) > st.Resent || st.Dropped != 0 {
			t.Errorf("the servers have %d frames, %d twice; status %+v", total, twice, st)
		}
	})
}

func TestAnotherNetworkIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		world.plug("wlan0")
		refuse := func(srv *kismettest.Server) {
			if err := srv.Refuse(true); err != nil {
				t.Fatal(err)
			}
		}
		r := startRigIn(t, world, kismettest.Config{}, refuse, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(5 * time.Minute) // waits are long by now
		if st := r.Status().Sources[0].Link; st.State != LinkWaiting || fault.CodeOf(st.Err) != fault.LinkRefused {
			t.Fatalf("without a server: %+v", st)
		}
		if err := r.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		r.network <- "default route over wwan0 is new"
		elapse(100 * time.Millisecond)
		if st := r.Status().Sources[0].Link; st.State != LinkStreaming {
			t.Errorf("100 ms after the network came: %+v\n%s", st, r.log)
		}
	})
}

// Two rigs have a source each with the same UUID: the server gives the place of
// one to the other, again and again, and each says what is the matter.
func TestASecondSensorWithTheSameUUIDIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, kismettest.Config{})
		var rigs []*testRig
		for range 2 {
			world := newFakeWorld(2412)
			world.plug("wlan0")
			rigs = append(rigs, startRigTo(t, world, world.watch, srv, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}}))
		}
		elapse(time.Minute)
		named := 0
		for _, r := range rigs {
			if strings.Contains(r.log.String(), string(fault.LinkReplaced)) {
				named++
			}
		}
		if named != 2 {
			t.Errorf("%d of 2 rigs name the other\n%s\n%s", named, rigs[0].log, rigs[1].log)
		}
	})
}
