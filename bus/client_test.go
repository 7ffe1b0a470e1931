//go:build !lite

package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// A rig is a bus that runs, and what it tells.
type rig struct {
	*bus.Bus
	cancel context.CancelFunc
	ended  chan error

	mu      sync.Mutex
	changes []bus.Change
	now     []bus.Change // that are not over
}

// rigOptions are those of a rig with a server of its own in a directory.
func rigOptions(tb testing.TB, name string) bus.Options {
	return bus.Options{
		Fleet: "fleet", Rig: name, RigID: "id-of-" + name, Version: "test",
		Mode: bus.Embedded, StoreDir: tb.TempDir(), StoreBytes: 8 << 20, Claims: true,
		Now: boottime, UTC: systemUTC,
	}
}

// startRig runs a bus until the test, or its stop, ends it.
func startRig(tb testing.TB, o bus.Options) *rig {
	tb.Helper()
	r := &rig{ended: make(chan error, 1)}
	o.Notify = r.notify
	var err error
	if r.Bus, err = bus.New(o); err != nil {
		tb.Fatal(err)
	}
	r.run()
	tb.Cleanup(r.stop)
	return r
}

func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.ended <- r.Run(ctx) }()
}

func (r *rig) stop() {
	if r.cancel != nil {
		r.cancel()
		<-r.ended //nolint:errcheck // it is the context's
		r.cancel = nil
	}
}

func (r *rig) notify(c bus.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, c)
	if c.Err != nil {
		r.now = append(r.now, c)
		return
	}
	for i, n := range r.now {
		if n.Code == c.Code && n.Object == c.Object {
			r.now = append(r.now[:i], r.now[i+1:]...)
			return
		}
	}
}

// told returns what was told with a code: how often it began, and whether it is
// so now.
func (r *rig) told(code fault.Code) (began int, now error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.changes {
		if c.Code == code && c.Err != nil {
			began++
		}
	}
	for _, c := range r.now {
		if c.Code == code {
			now = c.Err
		}
	}
	return began, now
}

// says waits until the rig says something with a code, and returns it.
func (r *rig) says(tb testing.TB, code fault.Code) (said *fault.Error) {
	tb.Helper()
	bustest.Wait(tb, string(code), func() bool {
		_, err := r.told(code)
		return errors.As(err, &said)
	})
	return said
}

// saysNoMore waits until what was so with a code is over.
func (r *rig) saysNoMore(tb testing.TB, code fault.Code) {
	tb.Helper()
	bustest.Wait(tb, "the end of "+string(code), func() bool {
		_, err := r.told(code)
		return err == nil
	})
}

func (r *rig) connected(tb testing.TB) {
	tb.Helper()
	bustest.Wait(tb, "a connection", func() bool { return r.State().Connected })
}

// joined waits until a leaf has joined its hub.
func (r *rig) joined(tb testing.TB) {
	tb.Helper()
	bustest.Wait(tb, "the hub", func() bool { return r.State().Leaf.Connected })
}

// position is the i-th of a rig that goes north.
func position(i int) *pb.Position {
	lat, lon := 50+float64(i)*1e-5, 8.0
	return &pb.Position{Lat: &lat, Lon: &lon, By: "test"}
}

func event(i int) *pb.Event {
	return &pb.Event{Severity: pb.Event_INFO, Text: fmt.Sprintf("event %d", i)}
}

// box is what was heard, in order.
type box struct {
	mu   sync.Mutex
	msgs []bus.Message
}

func (b *box) put(m bus.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.msgs = append(b.msgs, m)
}

func (b *box) all() []bus.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]bus.Message(nil), b.msgs...)
}

// await waits for n messages and returns them.
func (b *box) await(tb testing.TB, n int) []bus.Message {
	tb.Helper()
	bustest.Wait(tb, fmt.Sprintf("%d messages", n), func() bool { return len(b.all()) >= n })
	return b.all()
}
