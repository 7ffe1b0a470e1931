//go:build vm && linux

package actors

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// TestVMEveryChannelIsVisited counts visits on a radio of software that a
// server makes hop over 38 channels ten times a second: within any number of
// hops each channel has had its share of them, give or take none but the
// cycle that is not over.
func TestVMEveryChannelIsVisited(t *testing.T) {
	var names []string
	for _, first := range []struct{ from, to, step int }{{1, 11, 1}, {36, 64, 4}, {100, 140, 4}, {149, 165, 4}} {
		for n := first.from; n <= first.to; n += first.step {
			names = append(names, fmt.Sprint(n))
		}
	}
	names = append(names, "1W6e", "5W6e", "9W6e")
	r := hopping(t, vmtest.RadioOptions{})
	uuid := r.only(t).UUID
	if len(names) != 38 {
		t.Fatalf("%d channels", len(names))
	}
	for _, shuffle := range []bool{true, false} {
		before := r.commanded(t, uuid, kismet.Hop{Rate: 10, Shuffle: shuffle, Channels: names})
		cycles := 3
		if !shuffle {
			cycles = 1
		}
		counts, hops := r.visits(t, before, cycles*len(names))
		lines := make([]string, 0, len(names))
		for _, name := range names {
			n := counts[name]
			lines = append(lines, fmt.Sprintf("%s: %d", name, n))
			if least := hops / len(names); n < least || n > least+1 || n == 0 {
				t.Errorf("channel %s was visited %d times in %d hops over %d channels", name, n, hops, len(names))
			}
			delete(counts, name)
		}
		t.Logf("%d hops, shuffled %v: %s", hops, shuffle, strings.Join(lines, ", "))
		if len(counts) > 0 {
			t.Errorf("visited, and not in the list: %v", counts)
		}
	}
	st := r.Status().Sources[0].Radio
	if st.Hop.Failures > 0 || len(st.Hop.Refused) > 0 {
		t.Errorf("hop status %+v", st.Hop)
	}
	for _, c := range st.Coverage.Channels {
		if c.MeanSwitch <= 0 || c.Dwell <= 0 {
			t.Errorf("channel %s: mean switch %v, dwell %v", c.Name, c.MeanSwitch, c.Dwell)
		}
	}
}

// TestVMEveryListedChannelIsTuned makes a radio, this one with channel contexts,
// hop over all that it lists: the kernel refuses none of it.
func TestVMEveryListedChannelIsTuned(t *testing.T) {
	r := hopping(t, vmtest.RadioOptions{ChanCtx: true})
	src := r.only(t)
	before := r.commanded(t, src.UUID, kismet.Hop{Rate: 100, Channels: src.Channels})
	counts, hops := r.visits(t, before, len(src.Channels))
	for _, name := range src.Channels {
		if counts[name] == 0 {
			t.Errorf("channel %s was not visited in %d hops", name, hops)
		}
	}
	st := r.Status().Sources[0].Radio
	for _, refused := range st.Hop.Refused {
		t.Errorf("listed and refused: %v: %v", refused.Channel, refused.Err)
	}
	t.Logf("%d channels, %d hops, switching takes %v", len(src.Channels), hops, st.Coverage.MeanSwitch())
}

// hopping is a rig with one radio, which its server has opened.
func hopping(t *testing.T, o vmtest.RadioOptions) *testRig {
	t.Helper()
	radio := vmtest.NewRadio(t, o)
	r := startRig(t, kismettest.Config{HopRate: -1}, false, configs.Config{
		StateDir: t.TempDir(), Sources: []configs.Source{radioOf(t, radio.Interface)},
	})
	if err := r.srv.Wait(vmtest.Context(t), func(s *kismettest.Server) bool { return len(s.Sources()) == 1 && s.Sources()[0].Listed }); err != nil {
		t.Fatalf("%v\n%s", err, r.log)
	}
	return r
}

// commanded has the server command to hop, and returns the coverage once the
// radio reports that it does.
func (r *testRig) commanded(t *testing.T, uuid string, h kismet.Hop) hop.Snapshot {
	t.Helper()
	if err := r.srv.SetHop(uuid, h); err != nil {
		t.Fatal(err)
	}
	err := r.srv.Wait(vmtest.Context(t), func(s *kismettest.Server) bool { return s.Sources()[0].Pending == 0 })
	if err != nil {
		t.Fatalf("%v\n%s", err, r.log)
	}
	if got := r.only(t).Hop; got.Rate < h.Rate*0.9 || got.Rate > h.Rate*1.1 || !slices.Equal(got.Channels, h.Channels) {
		t.Errorf("commanded %+v, and the server is told %+v", h, got)
	}
	return r.Status().Sources[0].Radio.Coverage
}

// visits waits until the radio has hopped so often since a snapshot, and
// returns how often it came to each channel, by Kismet's names, and to all.
func (r *testRig) visits(t *testing.T, since hop.Snapshot, hops int) (counts map[string]int, sum int) {
	t.Helper()
	was := map[capture.Channel]uint64{}
	for _, c := range since.Channels {
		was[c.Channel] = c.Visits
	}
	const step = 40 // hops, for which one is patient enough
	for goal := min(step, hops); sum < hops; goal = min(goal+step, hops) {
		vmtest.Wait(t, fmt.Sprintf("%d hops were made", goal), func() bool {
			counts, sum = map[string]int{}, 0
			for _, c := range r.Status().Sources[0].Radio.Coverage.Channels {
				if n := int(c.Visits - was[c.Channel]); n > 0 {
					counts[c.Name] = n
					sum += n
				}
			}
			return sum >= goal
		})
	}
	return counts, sum
}
