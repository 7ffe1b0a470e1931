package frames_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
)

// However many frames come in the time of one fix.
func TestGateHoldsNoMoreThanItMay(t *testing.T) {
	const limit = 16 << 20
	r := newRig(home)
	r.fix(road{speed: 20}.point(200 * gateSecond))
	r.nowNs = 200*gateSecond + 1
	data := make([]byte, 1000)
	held := 0
	for range 1000 {
		b := capture.NewBatch()
		b.Live, b.ClockOffsetNs = true, gateOffset
		for range capture.MaxBatchFrames {
			b.Append(200*gateSecond+1+gateOffset, capture.LinkTypeRadiotap, 0, data)
		}
		held += b.MemBytes()
		r.gate.Push(b)
		for _, b := range r.gate.Ready() {
			held -= b.MemBytes()
			b.Release()
		}
		if held > limit {
			t.Fatalf("holds %d bytes", held)
		}
	}
	if held < limit/2 {
		t.Errorf("holds only %d bytes", held)
	}
	for _, b := range r.gate.Flush() {
		b.Release()
	}
}

// Whatever the way, whatever the receiver leaves out: no frame that was heard
// inside a zone gets through, none gets lost or overtakes another.
func TestGateLetsNothingOutOfAZone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(home)
		var pushed, got []int64
		inside := map[int64]bool{}
		metres, ns := rapid.Float64Range(-3000, 3000).Draw(t, "start"), 1000*gateSecond
		speed, target, fixed := 0.0, 0.0, false
		take := func(batches []*capture.Batch) {
			for _, b := range batches {
				for i := range b.Len() {
					got = append(got, b.Frame(i).TimeNs-gateOffset)
				}
				b.Release()
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 4).Draw(t, "turn") == 0 {
				target = rapid.Float64Range(-30, 30).Draw(t, "speed")
				fixed = rapid.Bool().Draw(t, "fixed")
			}
			dt := rapid.SampledFrom([]int64{gateSecond / 4, gateSecond, 5 * gateSecond}).Draw(t, "dt")
			ns += dt
			for range dt / (gateSecond / 20) { // it brakes with 6 m/s² at most
				speed += min(max(target-speed, -0.3), 0.3)
				metres += speed / 20
			}
			r.nowNs = ns
			if fixed {
				p := road{}.point(ns)
				p.Lat, p.VelNorth, p.AccelMPS2 = 52+metres/gateDegreeM, speed, 10
				r.fix(p)
			}
			n := rapid.IntRange(0, 3).Draw(t, "frames")
			var times []int64
			for range n {
				ns++
				times = append(times, ns)
				inside[ns] = math.Abs(metres) < 200
			}
			pushed = append(pushed, times...)
			r.gate.Push(heard(times...))
			if rapid.Bool().Draw(t, "ready") {
				take(r.gate.Ready())
			}
		}
		take(r.gate.Flush())
		if uint64(len(pushed)-len(got)) != r.gate.Hidden() {
			t.Errorf("pushed %d, got %d, hidden %d", len(pushed), len(got), r.gate.Hidden())
		}
		for i, ns := range got {
			if inside[ns] {
				t.Errorf("frame at %d came out of the zone", ns)
			}
			if i > 0 && got[i-1] >= ns {
				t.Errorf("frame at %d came behind %d", ns, got[i-1])
			}
		}
	})
}

func BenchmarkGate(b *testing.B) {
	r := newRig(home)
	drive := road{speed: 20}
	for s := int64(200); s <= 210; s++ {
		r.fix(drive.point(s * gateSecond))
	}
	r.nowNs = 300 * gateSecond
	data := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		batch := capture.NewBatch()
		batch.Live, batch.ClockOffsetNs = true, gateOffset
		for range capture.MaxBatchFrames {
			batch.Append(205*gateSecond+gateOffset, capture.LinkTypeRadiotap, 0, data)
		}
		r.gate.Push(batch)
		for _, done := range r.gate.Ready() {
			done.Release()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/capture.MaxBatchFrames, "ns/frame")
}
