//go:build !race

package frames_test

import (
	"testing"

	"github.com/sensord/sensord/capture"
)

// The race detector makes pools forget, which counts as allocations.
func TestGateAllocatesNothing(t *testing.T) {
	r := newRig(home)
	drive := road{speed: 20}
	for s := int64(90); s <= 110; s++ {
		r.fix(drive.point(s * gateSecond))
	}
	r.nowNs = 300 * gateSecond
	data := make([]byte, 300)
	for name, s := range map[string]int64{"shown": 200, "hidden": 100, "proved": 180, "doubted": 114} {
		if n := testing.AllocsPerRun(100, func() {
			b := capture.NewBatch()
			b.Live, b.ClockOffsetNs = true, gateOffset
			for range capture.MaxBatchFrames {
				b.Append(s*gateSecond+gateOffset, capture.LinkTypeRadiotap, 0, data)
			}
			r.gate.Push(b)
			for _, b := range r.gate.Ready() {
				b.Release()
			}
		}); n != 0 {
			t.Errorf("%s: %g allocations a batch", name, n)
		}
	}
}
