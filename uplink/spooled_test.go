package uplink_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
	"github.com/sensord/sensord/uplink/kismettest"
)

// keeping gives the source a log on disk, as on a boot of its own, until stop.
func (m *moving) keeping(t testing.TB, dir, boot string) (stop func()) {
	t.Helper()
	rig, err := spool.Open(spool.Options{Dir: dir, BootID: boot})
	if err != nil {
		t.Fatal(err)
	}
	store, err := rig.Source(m.session.UUID, "roof", "linuxwifi", true)
	if err != nil {
		t.Fatal(err)
	}
	log := frames.NewLog(frames.Options{MemoryBytes: 128 << 10, After: 2 * time.Second, Tracker: m.session.Tracker, Now: m.boottime})
	log.Attach(store)
	m.session.Log = log
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- log.Spill(ctx) }()
	return func() {
		cancel()
		if err := errors.Join(<-done, rig.Close()); err != nil {
			t.Error(err)
		}
		if lost := log.Discard(); lost > 0 {
			t.Errorf("%d frames lost at the end", lost)
		}
	}
}

const (
	boot1 = "4ad6a2f2-0000-4000-8000-000000000001"
	boot2 = "4ad6a2f2-0000-4000-8000-000000000002"
)

// What a run without a server left on disk waits for a session in which the
// server keeps our times, and what is captured since waits behind it. Then all
// of it leaves at the pace, in order.
func TestKeptFramesLeaveInOrderOnceTheTimeIsKnown(t *testing.T) {
	for _, p := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		for _, boot := range []string{boot1, boot2} {
			synctest.Test(t, func(t *testing.T) {
				m := newMoving(t)
				m.rig = newRig(t, kismettest.Config{Profile: p}, false)
				m.session.Boottime, m.session.Pacer = m.boottime, uplink.NewPacer(uplink.ReplayLimits{FramesPerSecond: 1000})
				dir := t.TempDir()
				stop := m.keeping(t, dir, boot1)
				m.hearsFor(20*time.Second, 500)
				kept := m.next
				stop()

				stop = m.keeping(t, dir, boot)
				defer stop()
				m.session.HoldLate = true
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- m.link(ctx) }()
				m.hearsFor(10*time.Second, 100)
				m.wantHeard(t, "while the server stamps arrival", 0)
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Error(err)
				}

				m.session.HoldLate, m.session.Timed = false, true
				ctx, cancel = context.WithCancel(t.Context())
				go func() { ended <- m.link(ctx) }()
				arrived := m.hearsFor(15*time.Second, 100)
				if n := arrived[4]; n < 4500 || n > 5500 {
					t.Errorf("%d frames in 5 s at 1000 a second", n)
				}
				elapse(100 * time.Millisecond)
				m.wantAllInOrder(t)
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				if s := m.session.Log.Stats(); s.Recovered != uint64(kept) || s.Dropped != 0 {
					t.Errorf("%d kept: %+v", kept, s)
				}
			})
		}
	}
}
