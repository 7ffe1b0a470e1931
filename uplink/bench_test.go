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

// framePath returns a function that takes one batch of 64 frames the whole way
// that is ours: into the log, located, encoded, accounted for, acknowledged.
func framePath(v kismet.Version) func() {
	log := frames.NewLog(16 << 20)
	tracker := &gps.Tracker{}
	tracker.Publish(gps.FixedTrack(gps.Position{
		Lat: 52.1, Lon: 4.3, AltMSL: 10, SpeedMPS: 10, Heading: 90, AccuracyM: math.NaN(), Kind: "sensord", Receiver: "puck",
	}))
	w := writer{
		Link:      &Link{conn: nowhere{}, version: v, window: newWindow(v, NewLender(8<<20), epoch)},
		session:   Session{Log: log, Tracker: tracker},
		streaming: true,
	}
	data := make([]byte, 300)
	return func() {
		b := capture.NewBatch()
		for range capture.MaxBatchFrames {
			b.Append(1_700_000_000_000_000_000, capture.LinkTypeRadiotap, 300, data)
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

// A frame costs no allocation; a batch may cost a few for its bookkeeping.
func TestFramePathAllocatesPerBatchAtMost(t *testing.T) {
	for _, v := range versions {
		step := framePath(v)
		step()
		const most = capture.MaxBatchFrames / 8
		if n := testing.AllocsPerRun(200, step); n > most {
			t.Errorf("%v: %.1f allocations per batch of %d frames, want at most %d", v, n, capture.MaxBatchFrames, most)
		}
	}
}

func BenchmarkFramePath(b *testing.B) {
	for _, v := range versions {
		b.Run(v.String(), func(b *testing.B) {
			step := framePath(v)
			b.ReportAllocs()
			for b.Loop() {
				step()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/capture.MaxBatchFrames, "ns/frame")
		})
	}
}
