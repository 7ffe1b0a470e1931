package linuxwifi_test

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

// Frames come faster than they are read, and each is either received or
// counted as lost.
func TestKernelDropsAreCounted(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain, RingBytes: 128 << 10})
		sent, received := uint64(0), uint64(0)
		for round := range 3 {
			for range 3000 {
				if err := d.Write(testFrame(uint32(sent), 0, frameBytes)); err != nil {
					t.Fatal(err)
				}
				sent++
			}
			dropped := s.Stats().KernelDropped
			if dropped < 1000*uint64(round+1) || dropped >= sent {
				t.Fatalf("%d of %d frames dropped", dropped, sent)
			}
			for received+dropped < sent {
				b, err := s.ReadBatch(ctx)
				if err != nil {
					t.Fatalf("%d sent, %d received: %v; %+v", sent, received, err, s.Stats())
				}
				received += uint64(b.Len())
				b.Release()
			}
		}
		st := s.Stats()
		if st.Received != received || st.Received+st.KernelDropped != sent {
			t.Errorf("%d sent, %d received: %+v", sent, received, st)
		}
		if !plain && st.Freezes == 0 {
			t.Error("the ring was never full")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(st, s.Stats()); diff != "" {
			t.Errorf("after close (-before +after):\n%s", diff)
		}
	})
}

func TestFilteredFramesAreCounted(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d := tap.New(t)
		ctx, cancel := context.WithCancel(patient(t))
		// Kinds 0 and 2 are dropped by the kernel, kind 1 by user space.
		s := openSocket(t, d, linuxwifi.SocketConfig{
			Plain: plain, Filter: testFilter{kernel: kernelMask(1), keep: keepMask(2)},
		})
		var watch sync.WaitGroup
		watch.Go(func() {
			last := s.Stats()
			for ctx.Err() == nil {
				now := s.Stats()
				neverFalls(t, last, now)
				last = now
			}
		})
		defer watch.Wait()
		defer cancel()

		const n = 40_000
		w := newWindow(windowOf(plain))
		sendFrames(ctx, t, d, w, n, func(i int) []byte { return testFrame(uint32(i), byte(i%4), frameBytes+i%3) })
		next := uint32(3)
		readFrames(ctx, t, s, func(f capture.Frame) bool {
			if frameNumber(f) != next {
				t.Fatalf("frame %d came, want %d", frameNumber(f), next)
			}
			next += 4
			w.received(4)
			return next > n
		})

		var want linuxwifi.SocketStats
		for i := range uint64(n) {
			size := frameBytes + i%3
			switch i % 4 {
			case 3:
				want.Received++
				want.ReceivedBytes += size
			case 1:
				want.UserFiltered++
				want.UserFilteredBytes += size
			default:
				want.Filtered++
				want.FilteredBytes += size
			}
		}
		// The device counts a frame after it was delivered.
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for s.Stats().Filtered < want.Filtered && ctx.Err() == nil {
			<-tick.C
		}
		if diff := cmp.Diff(want, s.Stats()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func neverFalls(t *testing.T, before, after linuxwifi.SocketStats) {
	b, a := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range b.NumField() {
		if a.Field(i).Uint() < b.Field(i).Uint() {
			t.Errorf("%s fell from %d to %d", b.Type().Field(i).Name, b.Field(i).Uint(), a.Field(i).Uint())
		}
	}
}
