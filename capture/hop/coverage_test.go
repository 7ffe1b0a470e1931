package hop_test

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

func TestTransmittersAreRecentOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, hop.Plan{Channels: list(1)}, &tuner{})
		wait(time.Minute)
		hear(r.cover, heard{at: time.Minute, from: 1}, heard{at: time.Minute, from: 2})
		wait(5 * time.Minute)
		hear(r.cover, heard{at: 6 * time.Minute, from: 2}, heard{at: 6 * time.Minute, from: 3})
		for _, want := range []int{3, 2, 0} {
			s := r.cover.Snapshot()
			if s.Transmitters != want || s.Channels[0].Transmitters != want || s.Channels[0].Found != 3 {
				t.Errorf("after %v: %d transmitters, want %d; %+v", time.Since(epoch), s.Transmitters, want, s.Channels[0])
			}
			wait(5*time.Minute + time.Second)
		}
	})
}

// Whoever invents addresses, and whoever invents channels, gets no memory.
func TestCoverageIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 5000
		channels := make([]capture.Channel, many)
		for i := range channels {
			channels[i].FreqMHz = 1000 + i
		}
		r := start(t, hop.Plan{Channels: channels, Rate: 100}, &tuner{})
		wait(many * hop.MinDwell)
		if err := r.Lock(t.Context(), channels[0]); err != nil {
			t.Fatal(err)
		}
		now := time.Since(epoch)
		frames := make([]heard, 0, 64)
		for from := range 100_000 {
			frames = append(frames, heard{at: now, from: from})
			if len(frames) == cap(frames) {
				hear(r.cover, frames...)
				frames = frames[:0]
			}
		}
		s := r.cover.Snapshot()
		if len(s.Channels) != 4096 || s.Transmitters > 16384 || s.Transmitters < 16000 {
			t.Errorf("%d channels, %d transmitters", len(s.Channels), s.Transmitters)
		}
	})
}

func TestCoverageFromManySides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, hop.Plan{Channels: list(5), Rate: 50, Adaptive: true}, &tuner{})
		var all sync.WaitGroup
		for g := range 4 {
			all.Go(func() {
				for i := range 200 {
					<-time.After(time.Millisecond)
					switch g {
					case 0:
						hear(r.cover, heard{at: time.Since(epoch), from: i})
					case 1:
						r.cover.Snapshot()
					case 2:
						r.Status()
						r.SetPlan(hop.Plan{Channels: list(i % 9), Rate: float64(i), Adaptive: i%2 == 0})
					case 3:
						r.Retry()
						if i%10 == 0 {
							_ = r.Lock(t.Context(), list(3)[i%3])
							r.Unlock()
						}
					}
				}
			})
		}
		all.Wait()
		if s := r.cover.Snapshot(); s.Transmitters != 200 {
			t.Errorf("%d transmitters", s.Transmitters)
		}
	})
}

func TestSnapshotAsJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := list(2)
		r := start(t, hop.Plan{Channels: l, Rate: 1}, &tuner{
			takes: func(int) time.Duration { return 20 * time.Millisecond }, fails: refuse(l[1]),
		})
		wait(4 * time.Second)
		hear(r.cover, heard{at: time.Second})
		got, err := json.MarshalIndent(r.cover.Snapshot(), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		want := `{
 "since": "2000-01-01T00:00:00Z",
 "until": "2000-01-01T00:00:04Z",
 "channels": [
  {
   "channel": "1",
   "freq_mhz": 2412,
   "visits": 1,
   "dwell_ns": 3980000000,
   "share": 0.995,
   "mean_switch_ns": 20000000,
   "max_switch_ns": 20000000,
   "refused": 0,
   "failed": 0,
   "last_error": "",
   "frames": 1,
   "transmitters": 1,
   "found": 1
  },
  {
   "channel": "2",
   "freq_mhz": 2417,
   "visits": 0,
   "dwell_ns": 0,
   "share": 0,
   "mean_switch_ns": 0,
   "max_switch_ns": 0,
   "refused": 1,
   "failed": 0,
   "last_error": "tune to 2: disabled",
   "frames": 0,
   "transmitters": 0,
   "found": 0
  }
 ],
 "unknown_frames": 0,
 "transmitters": 1
}`
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("JSON (-want +got):\n%s", diff)
		}
		if m := r.cover.Snapshot().MeanSwitch(); m != 20*time.Millisecond {
			t.Errorf("mean switch %v", m)
		}
		if m := hop.NewCoverage(nil).Snapshot().MeanSwitch(); m != 0 {
			t.Errorf("mean switch of nothing %v", m)
		}
	})
}

func TestHeardAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := walked(t, boottime)
		b := batch(heard{at: time.Second}, heard{at: 2 * time.Second, freq: 2437, from: 5})
		defer b.Release()
		if n := testing.AllocsPerRun(100, func() { c.Heard(b) }); n != 0 {
			t.Errorf("%v allocations per batch", n)
		}
	})
}
