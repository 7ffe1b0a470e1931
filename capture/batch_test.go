package capture_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
)

// What goes in comes out, in order, cut to MaxFrameBytes and no further; a
// batch refuses a frame only at one of its limits, and then stays as it was.
func TestBatchKeepsWhatItTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := capture.NewBatchSize(rapid.IntRange(-1, 2*capture.MaxBatchBytes).Draw(t, "hint"))
		defer b.Release()
		// Small, around the slab sizes, and beyond what is kept.
		size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(3000, 5000), rapid.IntRange(16000, 17000))
		var want []capture.Frame
		total := 0
		for i := range rapid.IntRange(0, 80).Draw(t, "frames") {
			f := capture.Frame{
				TimeNs:   rapid.Int64().Draw(t, "time"),
				OrigLen:  rapid.Uint32().Draw(t, "origLen"),
				LinkType: capture.LinkType(rapid.Uint32().Draw(t, "linkType")),
				Data:     bytes.Repeat([]byte{byte(i + 1)}, size.Draw(t, "size")),
			}
			kept := min(len(f.Data), capture.MaxFrameBytes)
			room := len(want) < capture.MaxBatchFrames && total+kept <= capture.MaxBatchBytes
			if took := b.Append(f.TimeNs, f.LinkType, f.OrigLen, f.Data); took != room {
				t.Fatalf("frame %d of %d bytes: Append = %v with %d frames and %d bytes in", i, len(f.Data), took, len(want), total)
			}
			if !room {
				continue
			}
			f.OrigLen = max(f.OrigLen, uint32(len(f.Data)))
			f.Data = f.Data[:kept]
			total += kept
			want = append(want, f)
		}
		checkFrames(t, b, want, total)
	})
}

func checkFrames(t *rapid.T, b *capture.Batch, want []capture.Frame, total int) {
	if b.Len() != len(want) || b.DataBytes() != total {
		t.Fatalf("%d frames, %d bytes, want %d, %d", b.Len(), b.DataBytes(), len(want), total)
	}
	if m := b.MemBytes(); m <= total || m > capture.MaxBatchMemBytes {
		t.Fatalf("MemBytes = %d for %d bytes of frames", m, total)
	}
	for i, w := range want {
		got := b.Frame(i)
		if !bytes.Equal(got.Data, w.Data) || cap(got.Data) != len(got.Data) {
			t.Fatalf("frame %d: %d bytes with room for %d, want %d other bytes", i, len(got.Data), cap(got.Data), len(w.Data))
		}
		got.Data, w.Data = nil, nil
		if diff := cmp.Diff(w, got); diff != "" {
			t.Fatalf("frame %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestBatchGrowsWithItsFrames(t *testing.T) {
	b := capture.NewBatch()
	defer b.Release()
	before := b.MemBytes()
	if before > 8<<10 {
		t.Errorf("an empty batch holds %d bytes", before)
	}
	for b.Append(0, capture.LinkTypeRadiotap, 0, make([]byte, 1024)) {
	}
	if b.Len() != 64 || b.DataBytes() != capture.MaxBatchBytes || b.MemBytes() <= before {
		t.Errorf("full: %d frames, %d bytes in %d (empty %d)", b.Len(), b.DataBytes(), b.MemBytes(), before)
	}
	if b.MemBytes() != capture.MaxBatchMemBytes {
		t.Errorf("a full batch holds %d bytes, MaxBatchMemBytes is %d", b.MemBytes(), capture.MaxBatchMemBytes)
	}
}

func TestEmptyBatchTakesAnyFrame(t *testing.T) {
	b := capture.NewBatch()
	defer b.Release()
	if !b.Append(1, 1, 0, make([]byte, 1<<20)) {
		t.Fatal("refused")
	}
	if f := b.Frame(0); len(f.Data) != capture.MaxFrameBytes || f.OrigLen != 1<<20 {
		t.Errorf("kept %d bytes of %d", len(f.Data), f.OrigLen)
	}
}

// A new batch carries nothing over from the life before.
func TestNewBatchIsEmpty(t *testing.T) {
	for range 100 {
		b := capture.NewBatch()
		if b.Len() != 0 || b.DataBytes() != 0 || b.Live || b.ClockOffsetNs != 0 {
			t.Fatalf("new batch: %d frames, %d bytes, offset %d", b.Len(), b.DataBytes(), b.ClockOffsetNs)
		}
		b.Live, b.ClockOffsetNs = true, 7
		b.Append(1, 2, 3, []byte("frame"))
		b.Release()
	}
}

func TestMemBytesCountsTheWholeBatch(t *testing.T) {
	b := capture.NewBatch()
	defer b.Release()
	slab := capture.MaxBatchMemBytes - capture.MaxBatchBytes
	if size := int(reflect.TypeFor[capture.Batch]().Size()); size > slab {
		t.Errorf("a Batch has %d bytes, MemBytes counts %d", size, slab)
	}
}

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		if got := recover(); got != want {
			t.Errorf("panic %v, want %q", got, want)
		}
	}()
	f()
}

func TestReleaseTwicePanics(t *testing.T) {
	b := capture.NewBatch()
	b.Release()
	mustPanic(t, "capture: batch released twice", b.Release)
}

func TestAppendToReleasedBatchPanics(t *testing.T) {
	b := capture.NewBatch()
	b.Release()
	mustPanic(t, "capture: append to a released batch", func() { b.Append(0, 0, 0, nil) })
}

func TestReleasedBatchHasNoFrames(t *testing.T) {
	b := capture.NewBatch()
	b.Append(0, 0, 0, []byte("x"))
	b.Release()
	if b.Len() != 0 || b.DataBytes() != 0 {
		t.Errorf("%d frames, %d bytes", b.Len(), b.DataBytes())
	}
}

func BenchmarkBatch(b *testing.B) {
	data := make([]byte, 540)
	b.ReportAllocs()
	for b.Loop() {
		batch := capture.NewBatchSize(64 * len(data))
		for batch.Append(1, capture.LinkTypeRadiotap, 540, data) {
		}
		batch.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(64*b.N), "ns/frame")
}
