package frames_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// With room enough every frame arrives that was not in memory only when a
// process died, in order, whatever else happens.
func TestNothingThatIsOnDiskIsLostOrReordered(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		root := t.TempDir()
		memory := rapid.IntRange(3, 8).Draw(rt, "memory") * 100_000 // a batch fits behind the bell
		l := newLife(rt, root, spool.Options{
			SegmentBytes: int64(rapid.SampledFrom([]int{1 << 10, 20 << 10, 200 << 10}).Draw(rt, "segment")),
			Sync:         rapid.SampledFrom([]spool.Sync{spool.Never, spool.Always}).Draw(rt, "sync"),
			SyncEvery:    time.Nanosecond,
		}, frames.Options{MemoryBytes: memory, After: time.Second})
		defer func() { _ = l.rig.Close() }()
		actions := l.actions(memory)
		add := actions["append"]
		actions["append"] = func(t *rapid.T) {
			add(t)
			l.relieve()
		}
		rt.Repeat(actions)
		l.attach()
		l.log.Rewind()
		l.last = -1
		for l.send(func(n int) int { return n }) {
		}
		if s := l.log.Stats(); s.Dropped != s.Damaged || s.DroppedBy[frames.DropDamaged] != s.Damaged {
			rt.Fatalf("dropped: %+v", s)
		}
		for n := range l.captured {
			if !l.sent[n] && !l.gone[n] {
				rt.Fatalf("frame %d of %d never arrived", n, l.captured)
			}
		}
		l.log.Ack(l.log.SentTo())
		l.log.Close()
		l.spill(false)
		if s := l.log.Stats(); !s.Confirmed || s.Spilled != 0 {
			rt.Fatalf("not confirmed: %+v", s)
		}
	})
}

// With little room frames are dropped by the rule, each one is accounted for,
// and what is sent is in order.
func TestDroppedFramesAreCountedWithLittleRoom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		root := t.TempDir()
		memory := rapid.IntRange(1, 4).Draw(rt, "memory") * 70_000
		so := spool.Options{
			SegmentBytes: 30 << 10, SizeBytes: 200 << 10, Sync: spool.Never, SyncEvery: time.Nanosecond,
			Drop:   rapid.SampledFrom([]spool.Drop{spool.Oldest, spool.Newest}).Draw(rt, "drop"),
			MaxAge: time.Duration(rapid.IntRange(0, 1).Draw(rt, "age")) * 20 * time.Second,
		}
		l := newLife(rt, root, so, frames.Options{MemoryBytes: memory, After: time.Second})
		defer func() { _ = l.rig.Close() }()
		actions := l.actions(memory)
		delete(actions, "crash")
		delete(actions, "restart")
		delete(actions, "late")
		if rapid.Bool().Draw(rt, "late") {
			_ = l.rig.Close()
			l.later = true
			l.open()
		}
		actions["many"] = func(*rapid.T) {
			for range 10 {
				l.append(30, 600)
			}
		}
		rt.Repeat(actions)
		l.attach()
		l.log.Rewind()
		l.last = -1
		for l.send(func(n int) int { return n }) {
		}
		l.log.Ack(l.log.SentTo())
		s := l.log.Stats()
		if s.Waiting != 0 || s.Captured != s.Acked+s.Dropped || s.Spilled != 0 {
			rt.Fatalf("left over: %+v", s)
		}
	})
}
