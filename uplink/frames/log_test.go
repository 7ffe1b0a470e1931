package frames_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
)

// batchOf returns a batch whose frames carry the numbers from first on.
func batchOf(first, n, size int) *capture.Batch {
	b := capture.NewBatch()
	data := make([]byte, max(8, size))
	for i := range n {
		binary.BigEndian.PutUint64(data, uint64(first+i))
		if !b.Append(int64(first+i)*1000, capture.LinkTypeRadiotap, 0, data) {
			panic("batch full")
		}
	}
	return b
}

// send reads up to n chunks and returns the numbers the frames carry.
func send(l *frames.Log, chunks int) []int {
	var got []int
	for range chunks {
		c, ok := l.Next()
		if !ok {
			break
		}
		for i := range c.Len() {
			got = append(got, int(binary.BigEndian.Uint64(c.Frame(i).Data)))
		}
		l.Sent(c, c.Len())
	}
	return got
}

func seq(from, to int) []int {
	var s []int
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

func TestLogSendsInOrderAndAgainAfterRewind(t *testing.T) {
	l := frames.NewLog(frames.Options{MemoryBytes: 1 << 20})
	l.Append(batchOf(0, 10, 100))
	l.Append(batchOf(10, 10, 100))
	if diff := cmp.Diff(seq(0, 20), send(l, 9)); diff != "" {
		t.Fatalf("first time (-want +got):\n%s", diff)
	}
	l.Ack(13) // in the middle of the second batch
	if n := l.Rewind(); n != 7 {
		t.Fatalf("rewind puts up %d frames, want 7", n)
	}
	if diff := cmp.Diff(seq(13, 20), send(l, 9)); diff != "" {
		t.Fatalf("second time (-want +got):\n%s", diff)
	}
	l.Ack(20)
	want := frames.Stats{Captured: 20, Resent: 7, Acked: 20}
	if diff := cmp.Diff(want, l.Stats()); diff != "" {
		t.Fatalf("stats (-want +got):\n%s", diff)
	}
}

func TestLogSplitsAChunkWhereTheLinkEnded(t *testing.T) {
	l := frames.NewLog(frames.Options{MemoryBytes: 1 << 20})
	l.Append(batchOf(0, 10, 100))
	c, _ := l.Next()
	l.Sent(c, 4)
	c, _ = l.Next()
	if c.Seq(0) != 4 || c.Len() != 6 {
		t.Fatalf("next chunk is %d frames from %d, want 6 from 4", c.Len(), c.Seq(0))
	}
	l.Sent(c, 6)
}

func TestFullLogDropsTheOldestFramesThatAreNotOnTheirWay(t *testing.T) {
	const n = 40 // more than half a batch: these are not joined
	mem := batchOf(0, n, 100).MemBytes()
	l := frames.NewLog(frames.Options{MemoryBytes: 4 * mem})
	for i := range 4 {
		l.Append(batchOf(i*n, n, 100))
	}
	send(l, 1) // 0..39 in flight
	if got := l.Append(batchOf(4*n, n, 100)); got != n {
		t.Fatalf("dropped %d frames, want %d", got, n)
	}
	if diff := cmp.Diff(seq(2*n, 5*n), send(l, 9)); diff != "" {
		t.Fatalf("after the drop (-want +got):\n%s", diff)
	}
	// Everything is in flight: the newest must go.
	if got := l.Append(batchOf(5*n, n, 100)); got != n {
		t.Fatalf("dropped %d frames, want %d", got, n)
	}
	l.Ack(6 * n)
	s := l.Stats()
	if s.Acked != 4*n || s.Dropped != 2*n || s.Waiting != 0 || s.MemBytes != 0 {
		t.Fatalf("after the last acknowledgement: %+v", s)
	}
}

func TestFramesThatComeOneByOneShareTheirMemory(t *testing.T) {
	l := frames.NewLog(frames.Options{MemoryBytes: 1 << 20})
	for i := range 1000 {
		l.Append(batchOf(i, 1, 100))
	}
	if s := l.Stats(); s.MemBytes > 300_000 {
		t.Fatalf("1000 frames of 100 bytes hold %d bytes", s.MemBytes)
	}
	if diff := cmp.Diff(seq(0, 1000), send(l, 1000)); diff != "" {
		t.Fatalf("frames (-want +got):\n%s", diff)
	}
}

func TestLogKeepsAChunkThatIsBeingReadWhenItIsConfirmedOrDiscarded(t *testing.T) {
	l := frames.NewLog(frames.Options{MemoryBytes: 1 << 20})
	l.Append(batchOf(0, 2, 100))
	c, _ := l.Next()
	l.Discard()
	if got := binary.BigEndian.Uint64(c.Frame(1).Data); got != 1 { // poisoned in race builds if released
		t.Fatalf("frame 1 reads %#x after the log let go of it", got)
	}
	l.Sent(c, 2)
}

func TestLogIsConfirmedOnlyWhenClosedAndAcknowledged(t *testing.T) {
	l := frames.NewLog(frames.Options{MemoryBytes: 1 << 20})
	l.Append(batchOf(0, 2, 100))
	send(l, 1)
	l.Close()
	if l.Confirmed() {
		t.Fatal("confirmed before the acknowledgement")
	}
	l.Ack(2)
	if !l.Confirmed() {
		t.Fatal("not confirmed after the acknowledgement")
	}
}

// Whatever happens, in any order: each captured frame is confirmed, dropped or
// waiting, and never two of these; what reaches the link between two rewinds
// is in order; no frame is confirmed that was not sent; memory stays bounded.
func TestLogAccountsForEveryFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 12).Draw(t, "limit") * 10_000
		l := frames.NewLog(frames.Options{MemoryBytes: limit})
		var appended int
		last := -1 // last number sent on this link
		seen := map[int]bool{}
		var cursor frames.Seq
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				n := rapid.IntRange(1, capture.MaxBatchFrames).Draw(t, "n")
				l.Append(batchOf(appended, n, rapid.IntRange(8, 300).Draw(t, "size")))
				appended += n
			},
			"send": func(t *rapid.T) {
				c, ok := l.Next()
				if !ok {
					return
				}
				n := rapid.IntRange(0, c.Len()).Draw(t, "written")
				if rapid.Bool().Draw(t, "drop while reading") {
					l.Append(batchOf(appended, 1, 300))
					appended++
				}
				for i := range n {
					num := int(binary.BigEndian.Uint64(c.Frame(i).Data))
					if num <= last || num != int(c.Seq(i)) {
						t.Fatalf("frame %d with number %d came behind %d", num, c.Seq(i), last)
					}
					last, seen[num] = num, true
				}
				cursor = c.Seq(0) + frames.Seq(n)
				l.Sent(c, n)
			},
			"ack": func(t *rapid.T) {
				l.Ack(frames.Seq(rapid.Uint64Range(0, uint64(cursor)+3).Draw(t, "to")))
			},
			"rewind": func(*rapid.T) { l.Rewind(); last = -1 },
			"": func(t *rapid.T) {
				s := l.Stats()
				if s.Captured != uint64(appended) || s.Acked+s.Dropped+s.Waiting != s.Captured {
					t.Fatalf("appended %d, but %+v", appended, s)
				}
				if s.Acked > uint64(len(seen)) {
					t.Fatalf("%d confirmed, only %d ever sent", s.Acked, len(seen))
				}
				if s.MemBytes > max(limit, capture.MaxBatchMemBytes) {
					t.Fatalf("holds %d bytes, limit %d", s.MemBytes, limit)
				}
				if s.InFlight > s.Waiting {
					t.Fatalf("more in flight than waiting: %+v", s)
				}
			},
		})
	})
}

func BenchmarkLogAppendSendAck(b *testing.B) {
	l := frames.NewLog(frames.Options{MemoryBytes: 16 << 20})
	data := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		batch := capture.NewBatch()
		for range capture.MaxBatchFrames {
			batch.Append(1, capture.LinkTypeRadiotap, 0, data)
		}
		l.Append(batch)
		c, _ := l.Next()
		l.Sent(c, c.Len())
		l.Ack(c.Seq(0) + frames.Seq(c.Len()))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/capture.MaxBatchFrames, "ns/frame")
}
