package frames_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// bench is a log whose every frame goes to disk, and is read back from there.
type bench struct {
	log   *frames.Log
	rig   *spool.Rig
	round func(final bool) time.Duration
	data  []byte
}

func newBench(t testing.TB, sync spool.Sync) *bench {
	t.Helper()
	rig, err := spool.Open(spool.Options{Dir: t.TempDir(), Sync: sync})
	if err != nil {
		t.Fatal(err)
	}
	store, err := rig.Source(wlan, "roof", "linuxwifi", true)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	log := frames.NewLog(frames.Options{MemoryBytes: 8 << 20, Now: func() int64 { return int64(time.Since(began)) + 1 }})
	log.Attach(store)
	return &bench{log: log, rig: rig, round: log.Spiller(), data: make([]byte, 350)}
}

// turn takes 4096 frames through the log: 4 MB of memory, written, pushed out of
// memory by what follows, and read back behind it.
const turnFrames = 64 * capture.MaxBatchFrames

func (b *bench) turn(t testing.TB, lag int) {
	for range 64 {
		batch := capture.NewBatchSize(64 * 350)
		for range capture.MaxBatchFrames {
			batch.Append(1, capture.LinkTypeRadiotap, 0, b.data)
		}
		b.log.Append(batch)
	}
	b.round(false)
	for b.log.Backlog().Frames > uint64(lag) {
		c, ok := b.log.Next()
		if !ok {
			t.Fatal("nothing to send")
		}
		b.log.Sent(c, c.Len())
		b.log.Ack(c.Seq(0) + frames.Seq(c.Len()))
	}
}

func BenchmarkLogThroughDisk(b *testing.B) {
	for _, sync := range []spool.Sync{spool.Never, spool.Every, spool.Always} {
		b.Run(string(sync), func(b *testing.B) {
			k := newBench(b, sync)
			for range 4 {
				k.turn(b, 3*turnFrames) // so that memory has let go of what is read
			}
			b.ReportAllocs()
			for b.Loop() {
				k.turn(b, 3*turnFrames)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/turnFrames, "ns/frame")
			if s := k.log.Stats(); s.Dropped > 0 {
				b.Fatalf("%+v", s)
			}
			k.log.Discard()
			if err := k.rig.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
