package hop_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

// A world is what there is to hear: transmitters that now and then send, each
// on its channel. It is told when a radio arrives where, and lets its coverage
// hear what was sent on the channel before meanwhile.
type world struct {
	rnd     *rand.Rand
	channel map[capture.Channel][]*transmitter
	heard   map[int]bool // different transmitters
	here    capture.Channel
	since   time.Time
	cover   func() *hop.Coverage
}

type transmitter struct {
	id    int
	every time.Duration // on average
	next  time.Time
}

// newWorld has crowd[i] transmitters on channel i of the list.
func newWorld(seed uint64, channels []capture.Channel, crowd []int) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 1)), channel: map[capture.Channel][]*transmitter{}, heard: map[int]bool{}}
	id := 0
	for i, c := range channels {
		for range crowd[i] {
			id++
			x := &transmitter{id: id, every: time.Duration(float64(time.Minute) * (1 + 59*w.rnd.Float64()))}
			x.next = epoch.Add(w.pause(x))
			w.channel[c] = append(w.channel[c], x)
		}
	}
	return w
}

func (w *world) pause(x *transmitter) time.Duration {
	return time.Duration(w.rnd.ExpFloat64() * float64(x.every))
}

func (w *world) arrive(c capture.Channel, now time.Time) {
	var frames []heard
	for _, x := range w.channel[w.here] {
		sent := false
		for !x.next.After(now) {
			if !x.next.Before(w.since) {
				sent = true
			}
			x.next = x.next.Add(w.pause(x))
		}
		if sent {
			w.heard[x.id] = true
			frames = append(frames, heard{at: w.since.Sub(epoch), from: x.id})
		}
	}
	for part := range slices.Chunk(frames, capture.MaxBatchFrames) {
		hear(w.cover(), part...)
	}
	w.here, w.since = c, now
}

// explore returns how many different transmitters an hour in a world gives.
func explore(t *testing.T, seed uint64, crowd []int, adaptive bool) (found int, share []float64) {
	synctest.Test(t, func(t *testing.T) {
		p := hop.Plan{Channels: list(len(crowd)), Rate: 2, Shuffle: true, Adaptive: adaptive}
		w := newWorld(seed, p.Channels, crowd)
		radio := &tuner{takes: func(int) time.Duration { return 10 * time.Millisecond }, heard: w.arrive}
		var r *rig
		ready := make(chan struct{})
		w.cover = func() *hop.Coverage {
			<-ready
			return r.cover
		}
		r = start(t, p, radio)
		close(ready)
		wait(time.Hour)
		visits(t, p, radio.done(), p.Cycle(), time.Hour)
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		found = len(w.heard)
		for _, c := range r.cover.Snapshot().Channels {
			share = append(share, c.Share)
		}
	})
	return found, share
}

func TestAdaptiveFindsMoreWhereTheWorldIsSkewed(t *testing.T) {
	skewed := make([]int, 38)
	for i := range skewed {
		skewed[i] = 3
	}
	skewed[0], skewed[5], skewed[10], skewed[20] = 250, 400, 300, 120
	lonely := make([]int, 38)
	lonely[7] = 300
	for _, tc := range []struct {
		name  string
		crowd []int
		gain  float64 // at least
	}{
		{"skewed", skewed, 2},
		{"one channel", lonely, 3},
		{"even", slices.Repeat([]int{60}, 38), 0.95},
	} {
		var equal, adaptive int
		for seed := range uint64(2) {
			found, _ := explore(t, seed, tc.crowd, false)
			equal += found
			found, share := explore(t, seed, tc.crowd, true)
			adaptive += found
			if least := slices.Min(share); least < 0.95*0.5/38 {
				t.Errorf("%s, seed %d: a channel got %.4f of the time", tc.name, seed, least)
			}
			if most := slices.Max(share); most > 0.36 {
				t.Errorf("%s, seed %d: a channel got %.4f of the time", tc.name, seed, most)
			}
		}
		t.Logf("%s: in an hour equal dwell finds %d, adaptive %d", tc.name, equal, adaptive)
		if gain := float64(adaptive) / float64(equal); gain < tc.gain {
			t.Errorf("%s: adaptive finds %.2f times as many, want %.2f", tc.name, gain, tc.gain)
		}
	}
}

// Whatever is heard and wherever, every channel comes within the cycle and
// keeps its floor.
func TestAdaptiveVisitsEveryChannelWithinTheCycle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(rt, "channels")
		p := hop.Plan{
			Channels: list(n), Rate: rapid.Float64Range(1, 50).Draw(rt, "rate"), Adaptive: true,
			Shuffle: rapid.Bool().Draw(rt, "shuffle"), Skip: rapid.IntRange(0, n).Draw(rt, "skip"),
		}
		moods := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 12).Draw(rt, "moods")
		floods := rapid.SliceOfN(rapid.IntRange(0, 64), n, n).Draw(rt, "floods")
		synctest.Test(t, func(t *testing.T) {
			id := 0
			var r *rig
			ready := make(chan struct{})
			radio := &tuner{}
			radio.heard = func(c capture.Channel, at time.Time) {
				<-ready
				flood := floods[(c.FreqMHz-2412)/5]
				switch moods[int(at.Sub(epoch)/p.Cycle())%len(moods)] {
				case 1: // silence
					flood = 0
				case 2: // the other way round
					flood = 64 - flood
				}
				frames := make([]heard, flood)
				for i := range frames {
					id++
					frames[i] = heard{at: at.Sub(epoch), from: id}
				}
				hear(r.cover, frames...)
			}
			r = start(t, p, radio)
			close(ready)
			wait(15 * p.Cycle())
			if n > 1 {
				visits(t, p, radio.done(), p.Cycle(), 15*p.Cycle())
			}
			floor := 0.45 / float64(n)
			for _, c := range r.cover.Snapshot().Channels {
				if c.Share < floor {
					t.Errorf("%s got %.4f of the time, the floor is %.4f", c.Name, c.Share, floor)
				}
			}
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.Logf("plan %+v, moods %v, floods %v", p, moods, floods)
			}
		})
	})
}
