//go:build !lite

package bus_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// A followed is what a follower of a rig tells.
type followed struct {
	*bus.Follower
	mu    sync.Mutex
	fixes []gps.Fix
}

func follow(t *testing.T, r *rig, o bus.FollowOptions) *followed {
	t.Helper()
	f := &followed{Follower: r.Follow(o)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- f.Run(ctx, func(e gps.Event) {
			if fix, ok := e.(gps.Fix); ok {
				f.mu.Lock()
				f.fixes = append(f.fixes, fix)
				f.mu.Unlock()
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return f
}

// all returns the fixes, after the n-th has come.
func (f *followed) all(t *testing.T, what string, n int) []gps.Fix {
	t.Helper()
	var fixes []gps.Fix
	bustest.Wait(t, what, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		fixes = append([]gps.Fix(nil), f.fixes...)
		return len(fixes) >= n
	})
	return fixes
}

// drive publishes positions of a rig, and of a meta GPS there, until the test
// ends.
func drive(t *testing.T, r *rig) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			r.PublishPosition(position(i))
			lat, lon := 10+float64(i)*1e-5, 8.0
			r.PublishMetaGPS(&pb.MetaGPS{Name: "phone", Lat: &lat, Lon: &lon})
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		tick.Stop()
	})
}

// A rig follows another and its meta GPS over a server, across a line that is
// cut; and who follows is not followed by the first.
func TestFollowingOverAServer(t *testing.T) {
	server := bustest.NATSServer(t, "")
	line := bustest.NewProxy(t, strings.TrimPrefix(server.URL, "nats://"))
	rover := startRig(t, joinOptions(t, "rover-1", server.URL))
	base := startRig(t, joinOptions(t, "base", "nats://"+line.Addr()))
	there, phone := follow(t, base, bus.FollowOptions{From: bus.Heard{Rig: "rover-1"}}), follow(t, base, bus.FollowOptions{From: bus.Heard{MetaGPS: "phone"}})
	back := follow(t, rover, bus.FollowOptions{From: bus.Heard{Rig: "base"}})
	drive(t, rover)

	fixes := there.all(t, "positions", 20)
	for i, f := range fixes {
		if f.Lat < 50 || f.Lat > 51 || f.TimeNs != 0 || f.MeasuredNs > f.ReceivedNs || f.AccuracyM < bus.AssumedAccuracyM {
			t.Fatalf("%+v", f)
		}
		if i > 0 && (f.MeasuredNs <= fixes[i-1].MeasuredNs || f.Lat <= fixes[i-1].Lat) {
			t.Fatalf("%+v comes behind %+v", f, fixes[i-1])
		}
	}
	// One position a tick: what a busy machine adds to the way of a message is
	// taken out again.
	last := fixes[len(fixes)-1]
	ticks := math.Round((last.Lat - fixes[0].Lat) / 1e-5)
	if apart := float64(last.MeasuredNs-fixes[0].MeasuredNs) / 1e9; apart < ticks*0.02*0.5 {
		t.Errorf("%g ticks in %g s", ticks, apart)
	}
	for _, f := range phone.all(t, "a phone", 5) {
		if f.Lat < 10 || f.Lat > 11 {
			t.Fatalf("the phone is at %+v", f)
		}
	}

	line.Cut()
	bustest.Wait(t, "the end of the connection", func() bool { return !base.State().Connected })
	line.Heal()
	n := len(there.all(t, "positions", 1))
	there.all(t, "more positions", n+20)

	base.PublishPosition(position(1)) // which is made of the rover's
	bustest.Wait(t, "the rover to hear of the base", func() bool { return rover.State().Heard > 0 })
	if fixes := back.all(t, "nothing", 0); len(fixes) > 0 {
		t.Errorf("the rover follows itself: %+v", fixes[0])
	}
}
