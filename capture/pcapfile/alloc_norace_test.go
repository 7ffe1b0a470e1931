//go:build !race

package pcapfile_test

import (
	"runtime"
	"testing"

	"github.com/sensord/sensord/capture/pcapfile"
)

// Under the race detector pools forget on purpose, so this is for the others.
func TestReadBatchAllocatesNothing(t *testing.T) {
	frames := benchFrames(64 * 120)
	for name, content := range map[string][]byte{"pcap": pcapOf(t, frames), "pcapng": pcapngOf(t, frames)} {
		for _, opts := range []pcapfile.Options{{}, {Realtime: true}} {
			r := newReader(t, content, opts)
			allocs := testing.AllocsPerRun(100, func() {
				b, err := r.ReadBatch(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				b.Release()
			})
			// A sleep may make a timer, for a whole batch.
			if allocs >= 1 && !opts.Realtime || allocs > 4 {
				t.Errorf("%s, %+v: %v allocations per batch, want 0", name, opts, allocs)
			}
		}
	}
}

// Whatever a file claims, opening and reading it takes the buffers and no more.
func TestHostileClaimsAllocateNothing(t *testing.T) {
	claim := pcapHeader(little, 0xa1b2c3d4, 4, 127)
	little.PutUint32(claim[16:], 1<<32-1)
	for name, content := range map[string][]byte{
		"pcap":   join(claim, pcapRecord(little, 0, 0, 1<<32-1, 1<<32-1, "x")),
		"pcapng": join(section(little, 1, 0), iface(little, 127, 1<<32-1), []byte{6, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff}, make([]byte, 99)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := newReader(t, content, pcapfile.Options{})
		if _, err := r.ReadBatch(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
		runtime.ReadMemStats(&after)
		got := after.TotalAlloc - before.TotalAlloc
		if got > 1<<20 {
			t.Errorf("%s: %d bytes", name, got)
		}
	}
}
