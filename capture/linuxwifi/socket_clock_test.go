package linuxwifi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
)

// Readings of one offset differ by microseconds; the batches of a quiet radio
// share memory only if that does not show.
func TestOffsetIsSteadyWhileTheClockIs(t *testing.T) {
	var c clock
	c.look()
	want := c.offsetNs
	for range 1000 {
		c.at = c.at.Add(-time.Second) // it is old: read it anew
		if c.look(); c.offsetNs != want && max(c.offsetNs-want, want-c.offsetNs) < steady {
			t.Fatalf("offset %d, and then %d", want, c.offsetNs)
		}
	}
}

func TestOffsetFollowsAStep(t *testing.T) {
	var c clock
	c.look()
	setBefore(&c, -time.Hour)
	c.look()
	want, _ := clockOffset()
	if max(c.offsetNs-want, want-c.offsetNs) > int64(time.Minute) {
		t.Errorf("offset %d behind a step to %d", c.offsetNs, want)
	}
}

// setBefore makes it as if the time had been set since the clock was read, and had
// been off by so much before.
func setBefore(c *clock, by time.Duration) {
	c.offsetNs += int64(by)
	c.at = c.at.Add(-time.Second)
}

// Whatever the clock is set to, and however long frames wait before they are
// read, each is found to be of the clock that its time was taken from, if the
// clock was set by more than that.
func TestEachFrameIsOfItsClock(t *testing.T) {
	const ms = int64(time.Millisecond)
	rapid.Check(t, func(t *rapid.T) {
		backlog := rapid.SampledFrom([]int64{0, 80 * ms, 3000 * ms}).Draw(t, "backlog")
		now, offset := 100_000*ms, rapid.SampledFrom([]int64{0, 1_795_402_800_000 * ms}).Draw(t, "offset")
		c := clock{offsetNs: offset, fromNs: -1 << 62, bootNs: now, seenNs: now}
		type waiting struct{ boot, offset int64 }
		var ring []waiting
		setNs := now // when it was set last
		direction := rapid.SampledFrom([]int64{-1, 1}).Draw(t, "direction")
		for range rapid.IntRange(1, 100).Draw(t, "events") {
			// The clock is looked at each 100 ms at least, whether there are frames or not.
			now += rapid.Int64Range(0, 100).Draw(t, "dt") * ms
			if now-c.seenNs > 100*ms {
				now = c.seenNs + 100*ms
			}
			switch rapid.SampledFrom([]string{"frame", "frame", "frame", "read", "look", "set"}).Draw(t, "event") {
			case "frame":
				ring = append(ring, waiting{now, offset})
			case "set":
				if now-setNs > backlog/3+200*ms && c.offsetNs == offset {
					by := backlog + rapid.Int64Range(300, 10_000_000).Draw(t, "by")*ms
					offset, setNs = offset+by*direction, now
				}
			case "look":
				c.read(offset+rapid.Int64Range(-50, 50).Draw(t, "noise")*1000, now)
			case "read":
				c.read(offset, now)
				for len(ring) > 0 && (now-ring[0].boot > backlog || rapid.Bool().Draw(t, "more")) {
					f := ring[0]
					ring = ring[1:]
					if got := c.of(f.boot+f.offset, now) - f.offset; max(got, -got) > steady {
						t.Fatalf("a frame of %v ago is %v off", time.Duration(now-f.boot), time.Duration(got))
					}
				}
			}
			// No frame waits for longer.
			for len(ring) > 0 && now-ring[0].boot > backlog+100*ms {
				ring = ring[1:]
			}
		}
	})
}

// The reader was away while the clock was set several times: nobody had read a
// frame since.
func TestFramesOfSeveralClocks(t *testing.T) {
	const ms, second = int64(time.Millisecond), int64(time.Second)
	for _, offsets := range [][]int64{
		{0, 10 * second, 20 * second, 30 * second},
		{90 * second, 80 * second, 70 * second, 60 * second},
		{0, 100 * second, 50 * second, 1_795_402_800 * second},
		{50 * second, 0, 50 * second, 0},
	} {
		const start, each = 1000 * second, 500 * ms
		c := clock{offsetNs: offsets[0], fromNs: -1 << 62, bootNs: start, seenNs: start}
		type waiting struct{ boot, offset int64 }
		var ring []waiting
		now := start
		for _, offset := range offsets {
			for end := now + each; now < end; now += 10 * ms {
				if now%(50*ms) == 0 {
					c.read(offset, now)
				}
				ring = append(ring, waiting{now + ms, offset})
			}
		}
		for _, f := range ring {
			if got := c.of(f.boot+f.offset, now); got != f.offset {
				t.Errorf("%v: a frame of %v ago is taken for one of offset %v instead of %v",
					offsets, time.Duration(now-f.boot), time.Duration(got), time.Duration(f.offset))
			}
		}
	}
}

// Processors put frames into the ring side by side, not quite in order.
func TestFramesOfTwoClocksOutOfOrder(t *testing.T) {
	const second = int64(time.Second)
	c := clock{offsetNs: 500 * second, fromNs: -1 << 62, bootNs: 100 * second, seenNs: 100 * second}
	c.read(0, 100*second+50e6)
	now := 100*second + 80e6
	for _, f := range []struct{ boot, offset int64 }{{now - 10e6, 0}, {now - 40e6, 500 * second}, {now - 5e6, 0}} {
		if got := c.of(f.boot+f.offset, now); got != f.offset {
			t.Errorf("offset %v instead of %v", time.Duration(got), time.Duration(f.offset))
		}
	}
}

// heldFrames is a source whose frames have arrived.
type heldFrames []rawFrame

func (h *heldFrames) arrived() bool { return len(*h) > 0 }
func (h *heldFrames) peek() (rawFrame, bool) {
	if len(*h) == 0 {
		return rawFrame{}, false
	}
	return (*h)[0], true
}
func (h *heldFrames) advance()        { *h = (*h)[1:] }
func (h *heldFrames) hint() int       { return 0 }
func (h *heldFrames) damaged() uint64 { return 0 }
func (h *heldFrames) failure() error  { return nil }
func (h *heldFrames) close() error    { return nil }

// Frames that waited while the clock was set go out in batches of the clock that
// they were stamped by.
func TestBatchesAreOfOneClock(t *testing.T) {
	for _, by := range []time.Duration{-24 * 365 * time.Hour, -time.Minute, time.Minute, 24 * 365 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			var held heldFrames
			s := &Socket{frames: &held, linkType: capture.LinkTypeIEEE80211}
			s.clock.look()
			now, after := int64(bootTime()), s.clock.offsetNs
			setBefore(&s.clock, by)
			before := s.clock.offsetNs
			s.clock.seenNs = now - int64(20*time.Millisecond)
			s.clock.bootNs = s.clock.seenNs
			// Two readings are not quite the same.
			since := func(boot int64) time.Duration { return time.Duration(boot - now).Round(time.Millisecond) }
			want := map[time.Duration]int{}
			for i := range int64(20) {
				boot, offset := now-(40-2*i)*int64(time.Millisecond), before
				if i >= 15 {
					offset = after
				}
				held = append(held, rawFrame{timeNs: boot + offset, origLen: 4, data: []byte{1, 2, 3, 4}})
				want[since(boot)]++
			}
			got, sizes := map[time.Duration]int{}, []int{}
			for len(held) > 0 {
				b, _ := s.collect()
				sizes = append(sizes, b.Len())
				for i := range b.Len() {
					got[since(b.Frame(i).TimeNs-b.ClockOffsetNs)]++
				}
				b.Release()
			}
			if diff := cmp.Diff([]int{15, 5}, sizes); diff != "" {
				t.Errorf("batches (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("when frames came (-want +got):\n%s", diff)
			}
			// Later it is forgotten.
			now = int64(bootTime()) + 2*settled
			if s.clock.of(now+after, now); s.clock.eras != 0 {
				t.Errorf("%d offsets are kept", s.clock.eras)
			}
		})
	}
}
