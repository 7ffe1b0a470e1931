//go:build !race

package frames_test

import (
	"testing"

	"github.com/sensord/sensord/uplink/frames/spool"
)

// What there is now and then, a segment's files for one, is less than one
// allocation in twenty frames.
func TestFramesGoThroughTheDiskWithoutAllocations(t *testing.T) {
	k := newBench(t, spool.Every)
	for range 8 {
		k.turn(t, 3*turnFrames)
	}
	allocs := testing.AllocsPerRun(10, func() { k.turn(t, 3*turnFrames) })
	if allocs > turnFrames/20 {
		t.Errorf("%.0f allocations for %d frames", allocs, turnFrames)
	}
	k.log.Discard()
	if err := k.rig.Close(); err != nil {
		t.Fatal(err)
	}
}
