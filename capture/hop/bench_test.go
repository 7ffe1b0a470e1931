package hop_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

func BenchmarkHeard(b *testing.B) {
	for _, bm := range []struct {
		name  string
		talks int
	}{{"100 transmitters", 100}, {"invented transmitters", 1 << 30}} {
		b.Run(bm.name, func(b *testing.B) {
			c := hop.NewCoverage(nil)
			h := hop.New(hop.Plan{Channels: list(11), Rate: 100}, &tuner{}, c, nil)
			done := make(chan error, 1)
			go func() { done <- h.Run(b.Context()) }()
			b.Cleanup(func() {
				if err := <-done; err != nil {
					b.Error(err)
				}
			})
			batches := make([]*capture.Batch, 64)
			for i := range batches {
				batches[i] = capture.NewBatch()
				batches[i].ClockOffsetNs = 1
				for j := range capture.MaxBatchFrames {
					f := heard{freq: 2412, from: (i*capture.MaxBatchFrames + j) * 7919 % bm.talks}
					batches[i].Append(time.Now().UnixNano(), capture.LinkTypeRadiotap, 0, f.beacon())
				}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				c.Heard(batches[i%len(batches)])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/capture.MaxBatchFrames, "ns/frame")
		})
	}
}
