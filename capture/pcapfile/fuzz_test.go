package pcapfile_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/internal/fault"
)

// Any content is an error or frames within the limits, and comes to an end.
func FuzzReader(f *testing.F) {
	beacons, err := os.ReadFile("testdata/beacons.pcap")
	if err != nil {
		f.Fatal(err)
	}
	ng := pcapngOf(f, someFrames(3))
	f.Add(beacons)
	f.Add(ng)
	f.Add(gzipped(f, beacons))
	f.Add(gzipped(f, ng))
	f.Add(join(pcapHeader(big, 0xa1b23c4d, 4, 192), pcapRecord(big, 1, 2, 4, 5, "data")))
	f.Add(join(section(big, 1, 0), iface(big, 127, 3, option(big, 9, 0x94), option(big, 14, 0, 0, 0, 0, 0, 0, 0, 9)),
		block(big, 3, []byte("\x00\x00\x00\x05simple")), section(little, 1, 0), iface(little, 105, 0), enhanced(little, 0, 1<<40, "data")))
	f.Fuzz(func(t *testing.T, content []byte) {
		r, err := pcapfile.NewReader("fuzz", bytes.NewReader(content), pcapfile.Options{})
		if err != nil {
			if r != nil || fault.CodeOf(err) != fault.SourceCorrupt {
				t.Fatalf("reader %v, error %v", r, err)
			}
			return
		}
		for {
			b, err := r.ReadBatch(t.Context())
			if err != nil {
				if b != nil || !errors.Is(err, io.EOF) && fault.CodeOf(err) != fault.SourceCorrupt {
					t.Fatalf("batch %v, error %v", b, err)
				}
				return
			}
			if b.Len() == 0 {
				t.Fatal("batch without frames")
			}
			for i := range b.Len() {
				fr := b.Frame(i)
				if len(fr.Data) > capture.MaxFrameBytes || int64(fr.OrigLen) < int64(len(fr.Data)) || fr.TimeNs < 0 {
					t.Fatalf("frame of %d bytes, originally %d, at %d ns", len(fr.Data), fr.OrigLen, fr.TimeNs)
				}
			}
			b.Release()
		}
	})
}
