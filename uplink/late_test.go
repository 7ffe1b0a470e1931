package uplink_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// newLate is a live source with room for a long absence of the server, and a
// pacer.
func newLate(t testing.TB, limits uplink.ReplayLimits) *moving {
	m := newMoving(t)
	m.session.Log = frames.NewLog(frames.Options{MemoryBytes: 256 << 20, Now: m.boottime})
	m.session.Pacer = uplink.NewPacer(limits)
	return m
}

// connect makes a link that runs until the test ends.
func (m *moving) connect(t testing.TB) *uplink.Link {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := m.dialer.Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := m.session
	s.Heard = func(e uplink.Event) {
		if e, ok := e.(uplink.OpenAsked); ok {
			l.Answer(kismet.OpenReport{Seq: e.Seq, OK: true, LinkType: 127, UUID: testUUID})
		}
	}
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, s) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	return l
}

// hearsFor captures so many frames a second for a while, and returns how many
// the server had behind each second.
func (m *moving) hearsFor(d time.Duration, perSecond int) (arrived []int) {
	const grain = 20 * time.Millisecond
	for at := time.Duration(0); at < d; at += grain {
		elapse(grain)
		for range perSecond / int(time.Second/grain) {
			m.hears()
		}
		if (at+grain)%time.Second == 0 {
			src, _ := m.srv.Source(testUUID)
			arrived = append(arrived, src.Frames)
		}
	}
	return arrived
}

func (m *moving) wantAllInOrder(t *testing.T) {
	t.Helper()
	got, twice := m.arrived()
	if diff := cmp.Diff(upTo(m.next), got); diff != "" || twice != 0 {
		t.Errorf("%d frames twice; frames (-want +got):\n%s", twice, diff)
	}
}

// The server was away for a minute. What waited leaves at the pace, what is
// captured meanwhile behind it, and the link knows how long that takes.
func TestBacklogLeavesAtThePaceAndLiveFramesBehindIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{FramesPerSecond: 5000, BytesPerSecond: 4 << 20})
		m.hearsFor(time.Minute, 1000)
		l := m.connect(t)
		start := time.Now()
		last, caughtUp := 0, time.Duration(0)
		for range 40 {
			got := m.hearsFor(time.Second, 1000)[0]
			if behind := m.next - got; behind < 1000 && caughtUp == 0 {
				caughtUp = time.Since(start)
			}
			if n := got - last; caughtUp == 0 && n > 5600 {
				t.Errorf("%d frames in a second, of a backlog", n)
			}
			last = got
			if since := time.Since(start); since == 5*time.Second {
				// 60 000 frames at 4 000 a second more than are captured.
				if left, ok := l.CatchUp(); !ok || left < 8*time.Second || left > 12*time.Second {
					t.Errorf("caught up in %v, %t; want about 10 s", left, ok)
				}
			}
		}
		if caughtUp < 13*time.Second || caughtUp > 17*time.Second {
			t.Errorf("caught up after %v, want about 15 s", caughtUp)
		}
		if left, ok := l.CatchUp(); left != 0 || !ok {
			t.Errorf("when nothing is late it is caught up in %v, %t", left, ok)
		}
		elapse(time.Second)
		m.wantAllInOrder(t)
	})
}

func TestPaceIsOneForTheRig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newLate(t, uplink.ReplayLimits{FramesPerSecond: 1000})
		b := newLate(t, uplink.ReplayLimits{})
		b.session.Pacer = a.session.Pacer
		a.hearsFor(10*time.Second, 2000)
		b.hearsFor(10*time.Second, 2000)
		a.connect(t)
		b.connect(t)
		elapse(10 * time.Second)
		na, nb := len(a.heard()), len(b.heard())
		if na+nb > 11_000 || na+nb < 9_000 || na < 3000 || nb < 3000 {
			t.Errorf("%d and %d frames in 10 s at 1000 a second", na, nb)
		}
	})
}

func TestBytesAreBoundedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{FramesPerSecond: 5000, BytesPerSecond: 25_000})
		m.hearsFor(10*time.Second, 1000)
		m.connect(t)
		elapse(10 * time.Second)
		if n := len(m.heard()); n < 900 || n > 1300 { // of about 235 bytes
			t.Errorf("%d frames in 10 s at 25 kB/s", n)
		}
	})
}

// A backlog ends, whatever the limits: it leaves faster than it grows.
func TestBacklogLeavesFasterThanItGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{FramesPerSecond: 500, BytesPerSecond: 100_000})
		m.hearsFor(5*time.Second, 2000)
		m.connect(t)
		m.hearsFor(40*time.Second, 2000)
		elapse(time.Second)
		m.wantAllInOrder(t)
	})
}

func TestFramesInTimeAndFilesAreNotPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{FramesPerSecond: 1, BytesPerSecond: 1})
		m.connect(t)
		m.hearsFor(10*time.Second, 500)
		elapse(100 * time.Millisecond)
		m.wantAllInOrder(t)
	})
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{FramesPerSecond: 1, BytesPerSecond: 1})
		m.capture(5000)
		m.connect(t)
		elapse(2 * time.Second)
		m.wantAllInOrder(t)
	})
}

// Where the server stamps frames on arrival, late ones wait, and what is behind
// them; a session in which it keeps our times takes them all.
func TestLateFramesAreHeldWhereTheServerStampsArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{})
		m.session.Timed, m.session.HoldLate = false, true
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- m.link(ctx) }()
		m.hearsFor(5*time.Second, 100)
		elapse(time.Second) // until they are confirmed
		m.wantAllInOrder(t)
		in := m.next
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}

		m.hearsFor(5*time.Second, 100)
		l := m.connect(t)
		m.hearsFor(5*time.Second, 100)
		if n := len(m.heard()); n != in || !l.HoldsLate() {
			t.Errorf("%d late frames were sent; holds them: %t", n-in, l.HoldsLate())
		}
		l.Close()
		synctest.Wait() // until the log is rewound
		m.session.Timed, m.session.HoldLate = true, false
		l = m.connect(t)
		elapse(time.Second)
		m.wantAllInOrder(t)
		if l.HoldsLate() {
			t.Error("still says that it holds frames")
		}
	})
}

// A server that has no time for more than 1500 frames a second drops the rest.
// The pace goes down until it does not, and up again once it has more time.
func TestPaceFollowsWhatTheServerDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newLate(t, uplink.ReplayLimits{FramesPerSecond: 6000, BytesPerSecond: 4 << 20})
		m.hearsFor(50*time.Second, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		const most = 1500
		var dropped, asked atomic.Uint64
		heard := make(chan uplink.PaceChange, 100)
		done := make(chan error, 1)
		go func() {
			done <- m.session.Pacer.Watch(ctx, func(context.Context) (uint64, error) {
				asked.Add(1)
				return dropped.Load(), nil
			}, func(c uplink.PaceChange) { heard <- c })
		}()
		m.connect(t)
		last := 0
		for range 400 {
			elapse(time.Second)
			src, _ := m.srv.Source(testUUID)
			dropped.Add(uint64(max(0, src.Frames-last-most)))
			last = src.Frames
			if last == m.next {
				break
			}
		}
		elapse(5 * time.Minute) // nothing is dropped any more
		if l := m.session.Pacer.Limits(); l.FramesPerSecond != 6000 || last != m.next {
			t.Errorf("long behind the last drop %+v, %d of %d frames", l, last, m.next)
		}
		asked.Store(0)
		elapse(time.Minute)
		if n := asked.Load(); n != 0 {
			t.Errorf("asked %d times while nothing was late", n)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(heard)
		var rates []float64
		up := 0
		for c := range heard {
			if c.Slower {
				rates = append(rates, c.Limits.FramesPerSecond)
			} else {
				up++
			}
			if c.Slower != (c.Dropped > 0) {
				t.Errorf("%+v", c)
			}
		}
		if len(rates) < 2 || rates[0] != 3000 || rates[1] != 1500 || up == 0 {
			t.Errorf("slower to %v, faster %d times", rates, up)
		}
	})
}
