package linuxwifi_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

func TestFramesArriveInOrder(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		stampOnArrival(ctx, t, d)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		if ringless := s.RingBytes() == 0; ringless != plain {
			t.Fatalf("ring of %d bytes", s.RingBytes())
		}
		n := uint32(200_000)
		if plain {
			n /= 4
		}
		w, began := newWindow(windowOf(plain)), time.Now().Add(-time.Second).UnixNano()
		sendFrames(ctx, t, d, w, int(n), func(i int) []byte { return testFrame(uint32(i), 0, frameBytes+i%7) })

		next, last := uint32(0), began
		for next < n {
			b, err := s.ReadBatch(ctx)
			if err != nil {
				t.Fatalf("after %d frames: %v; %+v", next, err, s.Stats())
			}
			checkBatch(t, b)
			for i := range b.Len() {
				f := b.Frame(i)
				if frameNumber(f) != next {
					t.Fatalf("frame %d came as %d; %+v", frameNumber(f), next, s.Stats())
				}
				if want := frameBytes + int(next)%7; len(f.Data) != want || int(f.OrigLen) != want {
					t.Fatalf("frame %d has %d of %d bytes", next, len(f.Data), f.OrigLen)
				}
				if f.TimeNs < last || f.TimeNs > time.Now().UnixNano() {
					t.Fatalf("frame %d at %d, the one before at %d, now %d", next, f.TimeNs, last, time.Now().UnixNano())
				}
				last = f.TimeNs
				next++
			}
			w.received(b.Len())
			b.Release()
		}
		st := s.Stats()
		if st.Received != uint64(n) || st.KernelDropped != 0 || st.Damaged != 0 || st.Filtered != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// windowOf is how many frames may wait without getting lost.
func windowOf(plain bool) int {
	if plain {
		return 64
	}
	return 2000
}

func checkBatch(t *testing.T, b *capture.Batch) {
	t.Helper()
	if b.Len() == 0 || b.Len() > capture.MaxBatchFrames || b.DataBytes() > capture.MaxBatchBytes {
		t.Fatalf("batch of %d frames, %d bytes", b.Len(), b.DataBytes())
	}
	if f := b.Frame(0); f.LinkType != capture.LinkTypeRadiotap {
		t.Fatalf("link type %d", f.LinkType)
	}
	var boot unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot); err != nil {
		t.Fatal(err)
	}
	if off := time.Duration(time.Now().UnixNano() - boot.Nano() - b.ClockOffsetNs).Abs(); off > time.Second {
		t.Fatalf("clock offset is wrong by %v", off)
	}
}

func TestBatchesAreFilled(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		const n = 640
		for i := range n {
			if err := d.Write(testFrame(uint32(i), 0, frameBytes)); err != nil {
				t.Fatal(err)
			}
		}
		batches := 0
		for got := 0; got < n; batches++ {
			b, err := s.ReadBatch(ctx)
			if err != nil {
				t.Fatalf("%v; %+v", err, s.Stats())
			}
			got += b.Len()
			b.Release()
		}
		// The last block may have been handed over while the others were read.
		if want := n/capture.MaxBatchFrames + 1; batches > want {
			t.Errorf("%d batches, want at most %d", batches, want)
		}
	})
}

func TestSingleFrameArrives(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		for i := range uint32(5) {
			want := testFrame(i, 0, 60)
			if err := d.Write(want); err != nil {
				t.Fatal(err)
			}
			b, err := s.ReadBatch(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, b.Frame(0).Data); b.Len() != 1 || diff != "" {
				t.Errorf("%d frames (-want +got):\n%s", b.Len(), diff)
			}
			b.Release()
		}
	})
}

// Several sockets live in one process; what they see is the same.
func TestRingAndPlainSeeTheSame(t *testing.T) {
	d, ctx := tap.New(t), patient(t)
	ring := openSocket(t, d, linuxwifi.SocketConfig{})
	plain := openSocket(t, d, linuxwifi.SocketConfig{Plain: true})
	r := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		var want, fromRing, fromPlain []seen
		for len(want) < 60 {
			f := randomFrame(r)
			if err := d.Write(f); err != nil {
				t.Fatal(err)
			}
			want = append(want, seen{f[:min(len(f), capture.MaxFrameBytes)], len(f)})
		}
		collect := func(to *[]seen) func(capture.Frame) bool {
			return func(f capture.Frame) bool {
				*to = append(*to, seen{bytes.Clone(f.Data), int(f.OrigLen)})
				return len(*to) == len(want)
			}
		}
		readFrames(ctx, t, ring, collect(&fromRing))
		readFrames(ctx, t, plain, collect(&fromPlain))
		for i := range want {
			same(t, "ring", want[i], fromRing[i])
			same(t, "plain", want[i], fromPlain[i])
		}
	}
}

func same(t *testing.T, who string, want, got seen) {
	t.Helper()
	if want.OrigLen != got.OrigLen || !bytes.Equal(want.Data, got.Data) {
		t.Fatalf("%s: %d of %d bytes, want %d of %d, or others; want %x, got %x",
			who, len(got.Data), got.OrigLen, len(want.Data), want.OrigLen, want.Data, got.Data)
	}
}

// seen is what is left of a frame after its batch.
type seen struct {
	Data    []byte
	OrigLen int
}

// randomFrame is one of any content that can be written, some of them larger
// than what is kept, up to what fits into a block.
func randomFrame(r *rand.Rand) []byte {
	for {
		f := make([]byte, 14+r.IntN(400))
		if r.IntN(20) == 0 {
			f = make([]byte, 14+r.IntN(60_000))
		}
		for i := range f {
			f[i] = byte(r.Uint32())
		}
		if tap.Check(f) == nil {
			return f
		}
	}
}

func TestCloseEndsReadBatch(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		s := openSocket(t, tap.New(t), linuxwifi.SocketConfig{Plain: plain})
		ended := make(chan error, 1)
		go func() {
			_, err := s.ReadBatch(context.Background())
			ended <- err
		}()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
		if err := s.SetFilter(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("filter of a closed socket: %v", err)
		}
		_ = s.Stats()
	})
}

func TestContextEndsReadBatch(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d := tap.New(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			_, err := s.ReadBatch(ctx)
			ended <- err
		}()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended: %v", err)
		}
		// Nothing is wrong with the socket.
		if err := d.Write(testFrame(9, 0, frameBytes)); err != nil {
			t.Fatal(err)
		}
		readFrames(patient(t), t, s, func(f capture.Frame) bool { return frameNumber(f) == 9 })
	})
}

func TestRingSizes(t *testing.T) {
	d := tap.New(t)
	for asked, want := range map[int]int{0: 2 << 20, 1: 128 << 10, 1 << 20: 1 << 20, 1<<20 + 70_000: 17 << 16} {
		if got := openSocket(t, d, linuxwifi.SocketConfig{RingBytes: asked}).RingBytes(); got != want {
			t.Errorf("ring of %d bytes asked for, got %d, want %d", asked, got, want)
		}
	}
	for _, bad := range []int{-1, 1<<30 + 1} {
		if _, err := linuxwifi.OpenSocket(linuxwifi.SocketConfig{Interface: d.Name(), RingBytes: bad}); err == nil {
			t.Errorf("ring of %d bytes", bad)
		}
	}
}
