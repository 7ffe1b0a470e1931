package frames_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// drive is a track along the equator at 10 m/s from the time fromNs on, one
// point a second.
func drive(fromNs int64, seconds int, clock gps.ClockState, fixed *gps.Position) *gps.Track {
	b := gps.NewBuilder(gps.TrackOptions{Predict: 2 * time.Second, LimitM: 80})
	var points []gps.Point
	for i := range seconds {
		at := fromNs + int64(i)*1e9
		points = append(points, gps.Point{
			TimeNs: at, Lat: 0, Lon: lonAt(at), AltMSL: 12, VelEast: 10, CourseDeg: 90,
			AccuracyM: 3, VelAccuracyMPS: 0.5, AccelMPS2: 1, Receiver: "puck",
		})
	}
	b.Add(points)
	b.SetClock(clock)
	b.SetFixed(fixed)
	return b.Track()
}

// lonAt is where the drive is at a time.
func lonAt(bootNs int64) float64 { return float64(bootNs) / 1e9 * 10 / 6378137 * 180 / math.Pi }

// liveBatch has n frames, one each 100 ms from bootNs on, captured while the
// system clock was offsetNs ahead of CLOCK_BOOTTIME.
func liveBatch(bootNs, offsetNs int64, n int) *capture.Batch {
	b := capture.NewBatch()
	b.Live, b.ClockOffsetNs = true, offsetNs
	for i := range n {
		b.Append(bootNs+offsetNs+int64(i)*1e8, capture.LinkTypeRadiotap, 0, make([]byte, 100))
	}
	return b
}

type placed struct {
	TimeNs int64
	Lon    float64 // rounded to 1e-6 degrees, 0.1 m; NaN without a position
}

func place(f *frames.Located) placed {
	p := placed{TimeNs: f.TimeNs, Lon: math.NaN()}
	if f.HasPosition {
		p.Lon = math.Round(f.Position.Lon*1e6) / 1e6
	}
	return p
}

// locate sends everything and returns where and when it was.
func locate(l *frames.Log, track *gps.Track) (all []placed) {
	for {
		c, ok := l.Next()
		if !ok {
			return all
		}
		locator := c.Locator(wlan, track, false)
		for i := range c.Len() {
			f := locator.Locate(i)
			all = append(all, place(&f))
		}
		l.Sent(c, c.Len())
	}
}

// The second run is in the same boot, or in another one, whose clock says
// nothing of the first. In the first the clock was not set when the frames were
// captured, and GPS had the time later.
func TestFramesOfAnEarlierRunAreTimedAndPlaced(t *testing.T) {
	const (
		utc    = int64(1_790_000_000e9) // when the first boot began
		boot   = "4ad6a2f2-0000-4000-8000-000000000001"
		second = "4ad6a2f2-0000-4000-8000-000000000002"
	)
	fixed := gps.NewFixed(1, 2, 3, "fixed")
	nan := math.NaN()
	tests := []struct {
		name       string
		boot       string
		first      *gps.Track // of the first run; the clock becomes known in it
		zone       []gps.Zone
		wantLon    func(bootNs int64) float64
		second     *gps.Track
		wantOffset int64
	}{
		{name: "same boot", boot: boot, first: drive(80e9, 40, gps.ClockState{}, nil), wantLon: lonAt, wantOffset: utc},
		{name: "other boot", boot: second, first: drive(80e9, 40, gps.ClockState{}, nil), wantLon: lonAt, wantOffset: utc},
		{
			name: "other boot, which has a track of its own", boot: second, first: drive(80e9, 40, gps.ClockState{}, nil),
			second: drive(50e9, 100, gps.ClockState{OffsetNs: 77, Source: gps.ClockGPS}, &fixed), wantLon: lonAt, wantOffset: utc,
		},
		{
			name: "a fixed position", boot: second, first: drive(0, 0, gps.ClockState{}, &fixed),
			wantLon: func(int64) float64 { return 2 }, wantOffset: utc,
		},
		{
			name: "a zone", boot: second, first: drive(80e9, 40, gps.ClockState{}, nil),
			zone: []gps.Zone{{Lat: 0, Lon: lonAt(100e9), RadiusM: 1e5}}, wantLon: func(int64) float64 { return nan }, wantOffset: utc,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				began := time.Now()
				tracker := &gps.Tracker{}
				tracker.Publish(tt.first)
				r := start(t, dir, func(s *spool.Options, f *frames.Options) {
					s.BootID, f.Tracker, f.Zones = boot, tracker, tt.zone
					f.Now = func() int64 { return 100e9 + int64(time.Since(began)) }
				})
				r.log.Append(liveBatch(100e9, 1000, 20)) // the clock says 1970
				wait(5 * time.Second)
				known := gps.ClockState{OffsetNs: utc, ErrorNs: 1e6, Source: gps.ClockGPS}
				f, ok := tt.first.Fixed()
				if ok {
					tracker.Publish(drive(0, 0, known, &f))
				} else {
					tracker.Publish(drive(80e9, 40, known, nil))
				}
				wait(5 * time.Second)
				r.end()

				var want []placed
				for i := range 20 {
					at := int64(100e9) + int64(i)*1e8
					want = append(want, placed{TimeNs: at + tt.wantOffset, Lon: math.Round(tt.wantLon(at)*1e6) / 1e6})
				}
				var read []placed
				err := frames.ReadSpool(dir, wlan, func(f *frames.Located) error {
					read = append(read, place(f))
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				compare(t, "export", want, read)

				r = start(t, dir, func(s *spool.Options, f *frames.Options) {
					s.BootID, f.Tracker = tt.boot, &gps.Tracker{}
				})
				compare(t, "second run", want, locate(r.log, tt.second))
				r.end()
			})
		})
	}
}

// compare allows 1 m: the first and the last point of a track are all it has.
func compare(t *testing.T, what string, want, got []placed) {
	t.Helper()
	near := cmp.Comparer(func(a, b float64) bool {
		return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-5
	})
	if diff := cmp.Diff(want, got, near); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestZonesHideNothingElse(t *testing.T) {
	l := frames.NewLog(frames.Options{MemoryBytes: 1 << 20})
	l.Append(batchOf(0, 10, 10))
	l.Hide(3)
	s := l.Stats()
	if s.Captured != 13 || s.Hidden != 3 || s.DroppedBy[frames.DropPrivacy] != 3 || s.Dropped != 3 || s.Waiting != 10 {
		t.Errorf("%+v", s)
	}
}
