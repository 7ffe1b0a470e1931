package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A radio that is being opened, or closed because it was lost, is put back
// before the rig has ended: with the process that would end in the middle.
func TestRigEndsWhenItsRadiosArePutBack(t *testing.T) {
	for name, tt := range map[string]struct {
		opening, closing time.Duration
		unplug           bool
	}{
		"captures":      {0, 8 * time.Second, false},
		"is opened":     {8 * time.Second, 2 * time.Second, false},
		"was just lost": {0, 8 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := newFakeWorld(2412)
				radios := []*fakeRadio{world.plug("wlan0"), world.plug("wlan1")}
				world.opening = tt.opening
				for _, r := range radios {
					r.closing = tt.closing
				}
				r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false,
					configs.Config{Sources: []configs.Source{radioOf(t, "wlan0"), radioOf(t, "wlan1")}})
				elapse(5 * time.Second)
				if tt.unplug {
					world.unplug("wlan0")
					world.unplug("wlan1")
					elapse(time.Second)
				}
				began := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_ = r.Stop(ctx)
				}()
				elapse(1500 * time.Millisecond)
				_ = r.Status() // which somebody may want meanwhile
				if took := time.Since(began); took > 2*time.Second {
					t.Errorf("the status took %v", took)
				}
				<-ended
				if took := time.Since(began); took > 14*time.Second {
					t.Errorf("stopping took %v", took)
				}
				for _, r := range radios {
					if !r.closed {
						t.Error("the rig has ended, and a radio is not put back")
					}
				}
			})
		})
	}
}
