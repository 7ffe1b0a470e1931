package uplink

import (
	"math"
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// nowhere is a transport that takes everything at once.
type nowhere struct{ conn }

func (nowhere) WriteFrame([]byte) error          { return nil }
func (nowhere) Flush() error                     { return nil }
func (nowhere) SetWriteDeadline(time.Time) error { return nil }

// fixedTrack is of a sensor that stays where it is.
func fixedTrack() *gps.Track {
	b := gps.NewBuilder(gps.TrackOptions{})
	b.SetFixed(&gps.Position{
		Lat: 52.1, Lon: 4.3, AltMSL: 10, SpeedMPS: 10, Heading: 90, AccuracyM: math.NaN(), Kind: "sensord", Receiver: "puck",
	})
	return b.Track()
}

// liveTrack is of a sensor that has moved for two hours, with a fix a second.
func liveTrack() *gps.Track {
	b := gps.NewBuilder(gps.TrackOptions{})
	for i := range 7200 {
		b.Add([]gps.Point{{
			TimeNs: int64(i) * 1e9, Lat: 52, Lon: 4 + float64(i)*1e-4, AltMSL: 10, VelEast: 7, VelNorth: 0.1, CourseDeg: 90,
			AccuracyM: 2, VelAccuracyMPS: 0.2, AccelMPS2: 1, Receiver: "puck",
		}})
	}
	b.SetPace(time.Second, 200*time.Millisecond)
	b.SetClock(gps.ClockState{Source: gps.ClockGPS, OffsetNs: wallOffset + 5})
	return b.Track()
}

// wallOffset is the system clock's, of frames that are captured live.
const wallOffset = 1_700_000_000_000_000_000

// framePath returns a function that takes one batch of 64 frames the whole way
// that is ours: into the log, located, encoded, accounted for, acknowledged. Live
// frames leave so long behind their capture; 0 are those of a file.
func framePath(v kismet.Version, track *gps.Track, behind time.Duration) func() {
	live, at := behind > 0, int64(0)
	log := frames.NewLog(frames.Options{MemoryBytes: 16 << 20})
	tracker := &gps.Tracker{}
	tracker.Publish(track)
	w := writer{
		Link: &Link{conn: nowhere{}, version: v, window: newWindow(v, NewLender(8<<20), epoch)},
		session: Session{
			Log: log, Tracker: tracker, Timed: live, Boottime: func() int64 { return at + int64(behind) },
			Pacer: NewPacer(ReplayLimits{FramesPerSecond: 1e12, BytesPerSecond: 1 << 60}),
		},
		streaming: true,
	}
	data := make([]byte, 300)
	return func() {
		b := capture.NewBatch()
		b.Live, b.ClockOffsetNs = live, wallOffset
		for range capture.MaxBatchFrames {
			at = (at + 1e6) % 7000e9
			b.Append(wallOffset+at, capture.LinkTypeRadiotap, 300, data)
		}
		log.Append(b)
		for more := true; more; {
			more, _ = w.frames()
		}
		w.window.ping(log.SentTo(), epoch)
		var upTo frames.Seq
		for w.window.outstanding() > 0 {
			upTo, _ = w.window.pong(w.window.pings[0].id, epoch)
		}
		log.Ack(upTo)
	}
}

var versions = []kismet.Version{kismet.V2, kismet.V3}

// A frame costs no allocation, wherever its position comes from; a batch may
// cost a few for its bookkeeping.
func TestFramePathAllocatesPerBatchAtMost(t *testing.T) {
	for _, v := range versions {
		for name, step := range map[string]func(){
			"fixed": framePath(v, fixedTrack(), 0), "live": framePath(v, liveTrack(), time.Second), "late": framePath(v, liveTrack(), time.Minute),
		} {
			step()
			const most = capture.MaxBatchFrames / 8
			if n := testing.AllocsPerRun(200, step); n > most {
				t.Errorf("%v, %s: %.1f allocations per batch of %d frames, want at most %d", v, name, n, capture.MaxBatchFrames, most)
			}
		}
	}
}

func BenchmarkFramePath(b *testing.B) {
	for _, v := range versions {
		b.Run(v.String(), func(b *testing.B) { benchmarkFramePath(b, framePath(v, fixedTrack(), 0)) })
		b.Run(v.String()+"/live", func(b *testing.B) { benchmarkFramePath(b, framePath(v, liveTrack(), time.Second)) })
		b.Run(v.String()+"/late", func(b *testing.B) { benchmarkFramePath(b, framePath(v, liveTrack(), time.Minute)) })
	}
}

func benchmarkFramePath(b *testing.B, step func()) {
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/capture.MaxBatchFrames, "ns/frame")
}
