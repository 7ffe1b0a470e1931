//go:build !lite

package bus_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
)

// eventEvery is how many positions a rig tells between two events.
const eventEvery = 5

// talk has each rig say where it is so many times a second, until hush, and how
// it is, as a rig does for as long as it runs.
func (r *rigs) talk(ctx context.Context, rate int) {
	stop, done := make(chan struct{}), make(chan struct{})
	r.hush = sync.OnceFunc(func() {
		close(stop)
		<-done
	})
	go func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-tick.C:
			case <-stop:
				close(done)
				r.live(ctx)
				return
			}
			r.each(func(b *bus.Bus, rig int) {
				r.say(b, i)
				if i%rate == 0 {
					b.PublishStatus(aStatus(rig))
				}
			})
		}
	}()
}

// live has each rig say how it is, from which the hub knows whose store it is to
// fetch.
func (r *rigs) live(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.each(func(b *bus.Bus, rig int) { b.PublishStatus(aStatus(rig)) })
		case <-ctx.Done():
			return
		}
	}
}

func (r *rigs) each(do func(b *bus.Bus, rig int)) {
	for i, b := range r.buses {
		do(b, r.First+i)
	}
}

// say has a rig say where it is, and now and then that something happened.
func (r *rigs) say(b *bus.Bus, i int) {
	b.PublishPosition(aPosition(i))
	r.positions.Add(1)
	if i%eventEvery == 0 {
		b.PublishEvent(&pb.Event{TimeNs: time.Now().UnixNano(), Severity: pb.Event_INFO, Text: fmt.Sprint("event ", i)})
		r.events.Add(1)
	}
}
