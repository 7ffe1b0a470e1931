package uplink_test

import (
	"context"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A moving rig is at longitude 0.001 for each second of CLOCK_BOOTTIME.
type moving struct {
	*rig
	start   time.Time
	builder *gps.Builder
}

func newMoving(t testing.TB) *moving {
	m := &moving{rig: newRig(t, kismettest.Config{}, false), start: time.Now(), builder: gps.NewBuilder(gps.TrackOptions{})}
	m.builder.SetClock(gps.ClockState{Source: gps.ClockSystem, OffsetNs: wallOffset})
	m.session.Boottime = m.boottime
	m.session.Timed = true
	return m
}

const (
	wallOffset = 1_795_400_000_000_000_000
	perSecond  = 0.001 // degrees of longitude, on the equator
	metres     = 111_319.5
)

func (m *moving) boottime() int64 { return int64(time.Since(m.start)) + 1e9 }

// fix says where the rig was at a time of CLOCK_BOOTTIME.
func (m *moving) fix(atNs int64) {
	m.builder.Add([]gps.Point{{
		TimeNs: atNs, Lat: 0, Lon: perSecond * float64(atNs) / 1e9, AltMSL: 5,
		VelEast: perSecond * metres, AccuracyM: 2, VelAccuracyMPS: 0.1, AccelMPS2: 1, CourseDeg: 90, Receiver: "puck",
	}})
	m.builder.SetPace(time.Second, 200*time.Millisecond)
	m.session.Tracker.Publish(m.builder.Track())
}

// fixedAt is the track of a sensor that stays where it is.
func fixedAt(lat, lon, alt float64) *gps.Track {
	b := gps.NewBuilder(gps.TrackOptions{})
	p := gps.NewFixed(lat, lon, alt, "roof")
	b.SetFixed(&p)
	return b.Track()
}

// hears appends a frame that is captured now.
func (m *moving) hears() {
	data := make([]byte, 200)
	binary.BigEndian.PutUint64(data[8:], uint64(m.next))
	m.next++
	b := capture.NewBatch()
	b.Live, b.ClockOffsetNs = true, wallOffset
	b.Append(m.boottime()+wallOffset, capture.LinkTypeRadiotap, 0, data)
	m.session.Log.Append(b)
}

// run starts the link, and returns when frames may flow.
func (m *moving) run(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = m.link(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	elapse(300 * time.Millisecond)
}

func (m *moving) heard() []kismettest.Frame { return m.srv.Frames(testUUID) }

// wantHeard checks how many frames are with the server now.
func (m *moving) wantHeard(t *testing.T, when string, n int) {
	t.Helper()
	if got := len(m.heard()); got != n {
		t.Errorf("%s the server has %d frames, want %d", when, got, n)
	}
}

// place checks that a frame went out with the place of its time.
func (m *moving) place(t *testing.T, i int) {
	t.Helper()
	f := m.heard()[i]
	want := perSecond * float64(int64(f.Sec)*1e9+int64(f.Usec)*1e3-wallOffset) / 1e9
	if f.GPS == nil {
		t.Errorf("frame %d has no place", i)
	} else if off := (f.GPS.Lon - want) * metres; off > 0.5 || off < -0.5 {
		t.Errorf("frame %d is %.1f m off", i, off)
	}
}

func TestFramesWaitForTheNextFix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMoving(t)
		m.fix(0)
		m.fix(1e9)
		m.run(t)
		m.hears()
		elapse(400 * time.Millisecond)
		m.wantHeard(t, "before the fix", 0)
		m.fix(2e9)
		elapse(50 * time.Millisecond)
		m.wantHeard(t, "behind the fix", 1)
		m.place(t, 0)
	})
}

func TestFramesWaitNoLongerThanTheyMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMoving(t)
		m.fix(0)
		m.fix(1e9)
		m.run(t)
		m.hears() // the next fix is due within 1.2 s of it, and does not come
		elapse(1100 * time.Millisecond)
		m.wantHeard(t, "while a fix may come", 0)
		elapse(200 * time.Millisecond)
		m.wantHeard(t, "when none came", 1)
		m.place(t, 0)
	})
}

func TestFramesDoNotWait(t *testing.T) {
	for name, let := range map[string]func(*moving){
		"when the server stamps arrival": func(m *moving) { m.session.Timed = false },
		"without a receiver": func(m *moving) {
			m.builder = gps.NewBuilder(gps.TrackOptions{})
			m.session.Tracker.Publish(m.builder.Track())
		},
		"with a fixed position": func(m *moving) { m.session.Tracker.Publish(fixedAt(1, 2, 3)) },
		"when the receiver is gone": func(m *moving) {
			m.builder.SetPace(0, 0)
			m.session.Tracker.Publish(m.builder.Track())
		},
		"while the log is more than half full": func(m *moving) { m.session.Log = frames.NewLog(frames.Options{MemoryBytes: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMoving(t)
				m.fix(0)
				m.fix(1e9)
				let(m)
				m.run(t)
				m.hears()
				elapse(50 * time.Millisecond)
				m.wantHeard(t, "at once", 1)
			})
		})
	}
}

// The end of a source is not held up by a fix that may come.
func TestFramesDoNotWaitOnceTheLogIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMoving(t)
		m.fix(0)
		m.fix(1e9)
		m.run(t)
		m.hears()
		m.session.Log.Close()
		elapse(50 * time.Millisecond)
		m.wantHeard(t, "at once", 1)
		m.place(t, 0)
	})
}

// metagps= makes the server use its own copy of the position: a block beside
// it would be the one that counts on some servers, and not on others.
func TestNoBlockIsSentWhereTheServerHasACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMoving(t)
		m.session.Unplaced = true
		m.fix(0)
		m.fix(1e9)
		m.run(t)
		m.hears()
		m.fix(2e9)
		elapse(50 * time.Millisecond)
		m.wantHeard(t, "at once", 1)
		if g := m.heard()[0].GPS; g != nil {
			t.Errorf("a block was sent: %+v", g)
		}
	})
}

// A frame that was captured before the clock was set goes out with its true
// time, and from its true place.
func TestFramesFromBeforeAStepOfTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMoving(t)
		m.fix(0)
		m.fix(1e9)
		b := capture.NewBatch()
		b.Live = true // and an offset of 0: it is 1970
		b.Append(500_000_000, capture.LinkTypeRadiotap, 0, make([]byte, 200))
		m.session.Log.Append(b)
		m.next++
		m.run(t)
		m.wantHeard(t, "at once", 1)
		if f := m.heard()[0]; int64(f.Sec)*1e9+int64(f.Usec)*1e3 != wallOffset+500_000_000 {
			t.Errorf("it is said to be from %d.%06d", f.Sec, f.Usec)
		}
		m.place(t, 0)
	})
}
