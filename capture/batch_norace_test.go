//go:build !race

package capture_test

import (
	"testing"

	"github.com/sensord/sensord/capture"
)

// Under the race detector pools forget on purpose, so this is for the others.
func TestBatchAllocatesNothing(t *testing.T) {
	data := make([]byte, 540)
	allocs := testing.AllocsPerRun(200, func() {
		b := capture.NewBatch() // grows through every size
		for b.Append(1, capture.LinkTypeRadiotap, 540, data) {
		}
		if b.Len() != capture.MaxBatchFrames {
			t.Fatalf("%d frames", b.Len())
		}
		b.Release()
	})
	if allocs != 0 {
		t.Errorf("%v allocations per batch, want 0", allocs)
	}
}
