//go:build !race

package linuxwifi_test

import (
	"testing"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

// Race builds keep no batches for the next use.
func TestFramesCostNoAllocation(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain, Filter: testFilter{kernel: kernelMask(1)}})
		frame := testFrame(1, 1, frameBytes)
		const frames, rounds = 500, 20
		perRound := testing.AllocsPerRun(rounds, func() {
			for range frames {
				if err := d.Write(frame); err != nil {
					t.Fatal(err)
				}
			}
			for got := 0; got < frames; {
				b, err := s.ReadBatch(ctx)
				if err != nil {
					t.Fatal(err)
				}
				got += b.Len()
				b.Release()
			}
		})
		// The pools lose what they hold at a collection.
		if perRound > 4 {
			t.Errorf("%v allocations for %d frames", perRound, frames)
		}
	})
}
