//go:build !lite

package bus_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/internal/fault"
)

// BenchmarkWatcher is somebody who looks at a fleet of a thousand rigs once a
// second, as `sensord fleet` does, while each says ten times a second where it
// is. An operation is a position that came; ns/op is the CPU time that it costs
// who looks.
func BenchmarkWatcher(b *testing.B) {
	f := fleetBench{rigs: 1000, mode: bus.Join, whole: true}
	hub := startHubProcess(b)
	creds := hub.issue(b, f.rigs)
	w, err := bus.Dial(bus.WatchOptions{
		URLs: []string{"nats://" + hub.Client}, CredsFile: credsFile(creds, watcherName), Fleet: testFleet,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	fleet := f.start(b, hub, creds)
	<-time.After(fleetCalm)
	var view bus.FleetView
	var cpuNs, positions int64
	for b.Loop() {
		look := time.NewTicker(time.Second)
		done := make(chan int64, 1)
		before := ownCost(b)
		go func() {
			var n int64
			for _, p := range fleet {
				p.tell(b, fmt.Sprint("publish ", fleetRate, " ", fleetSpan))
			}
			for _, p := range fleet {
				var said published
				p.read(b, &said)
				n += int64(said.Positions)
			}
			done <- n
		}()
		for talking := true; talking; {
			select {
			case <-look.C:
				view = w.View()
			case n := <-done:
				positions += n
				talking = false
			}
		}
		look.Stop()
		cpuNs += ownCost(b).since(before).CPUNs
	}
	b.ReportMetric(float64(cpuNs)/float64(positions), "ns/op")
	b.ReportMetric(100*float64(cpuNs)/float64(int64(b.N)*int64(fleetSpan)), "watcher-cpu-%")
	b.ReportMetric(float64(view.Count.Heard), "rigs")
	b.ReportMetric(float64(view.Refused), "refused")
	if view.Count.Heard != f.rigs {
		b.Errorf("%d of %d rigs are heard: %s", view.Count.Heard, f.rigs, view.Sentence)
	}
}

// BenchmarkRival is F3: two rigs at a hub say that they have a source with the
// same UUID. An operation ends when both know of the other, by name.
func BenchmarkRival(b *testing.B) {
	for _, mode := range []bus.Mode{bus.Join, bus.Leaf} {
		b.Run(fmt.Sprintf("leaf=%t", mode == bus.Leaf), func(b *testing.B) { benchRival(b, mode) })
	}
}

func benchRival(b *testing.B, mode bus.Mode) {
	hub := startHubProcess(b)
	with := rigsWith{Mode: mode, URL: "nats://" + hub.Client, Creds: hub.issue(b, 2), N: 2, Whole: true}
	if mode == bus.Leaf {
		with.URL, with.StoreDir = "nats://"+hub.Leaf, b.TempDir()
	}
	named := [2]chan string{make(chan string, 16), make(chan string, 16)} // UUIDs, by the rig that was told
	r := &rigs{rigsWith: with, notify: func(rig int, c bus.Change) {
		if c.Code == fault.BusClaimed && c.Err != nil {
			named[rig] <- c.Object
		}
	}}
	stop, err := r.run(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	if s := r.joined(b.Context(), mode == bus.Leaf); s.Error != "" {
		b.Fatalf("%+v", s)
	}
	var worst time.Duration
	for i := 0; b.Loop(); i++ {
		uuid := fmt.Sprintf("5FE308BD-0000-0000-0000-%012X", i)
		begin := time.Now()
		for _, one := range r.buses {
			one.Claim([]bus.ClaimRequest{{UUID: uuid, Source: "wlan0"}})
		}
		limit := time.After(time.Minute)
		for rig := range named {
			for told := ""; told != "uuid "+uuid; {
				select {
				case told = <-named[rig]:
				case <-limit:
					b.Fatalf("rig %d is not told of %s", rig, uuid)
				}
			}
		}
		worst = max(worst, time.Since(begin))
	}
	b.ReportMetric(float64(worst)/1e6, "worst-ms")
}
