package linuxwifi_test

import (
	"context"
	"errors"
	"slices"
	"sort"
	"sync"
	"testing"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

// The kernel's part alone drops here, so that a frame which arrived before the
// filter would be seen.
func TestFilterIsThereBeforeTheFirstFrame(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d := tap.New(t)
		ctx, cancel := context.WithCancel(patient(t))
		var flood sync.WaitGroup
		flood.Go(func() {
			for i := uint32(0); ctx.Err() == nil; i++ {
				if err := d.Write(testFrame(i, byte(1+i%2), 60)); err != nil {
					t.Error(err)
					return
				}
			}
		})
		defer flood.Wait()
		defer cancel()
		for range 30 {
			s := openSocket(t, d, linuxwifi.SocketConfig{
				Plain: plain, RingBytes: 1 << 18, Filter: testFilter{kernel: kernelMask(2)},
			})
			left := 500
			readFrames(ctx, t, s, func(f capture.Frame) bool {
				if f.Data[atKind] != 2 {
					t.Fatalf("a frame of kind %d slipped in", f.Data[atKind])
				}
				left--
				return left <= 0
			})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What both filters keep arrives however often they are swapped, and what
// neither keeps does not.
func TestSwapLosesNothing(t *testing.T) {
	// One program of this length is not too much for the memory that a socket
	// has for options (net.core.optmem_max), two are: a swap goes by way of none.
	most := longestProgram(t)
	long := func(mask byte) []xbpf.Instruction { return padded(most*3/4, mask) }
	for name, program := range map[string]func(byte) []xbpf.Instruction{"short": kernelMask, "long": long} {
		t.Run(name, func(t *testing.T) {
			bothKinds(t, func(t *testing.T, plain bool) { testSwap(t, plain, program) })
		})
	}
}

// padded is kernelMask with instructions in front that do nothing, and that
// take the kernel much memory.
func padded(n int, mask byte) []xbpf.Instruction {
	return append(slices.Repeat([]xbpf.Instruction{xbpf.LoadMemShift{Off: 0}}, n), kernelMask(mask)...)
}

// longestProgram finds out how much padding the kernel takes.
func longestProgram(t *testing.T) int {
	d := tap.New(t)
	return sort.Search(4000, func(n int) bool {
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: true, Filter: testFilter{kernel: padded(n+1, 1)}})
		err := s.FilterProblem()
		return errors.Join(err, s.Close()) != nil
	})
}

func testSwap(t *testing.T, plain bool, program func(byte) []xbpf.Instruction) {
	d, ctx := tap.New(t), patient(t)
	filters := [2]linuxwifi.Filter{
		testFilter{kernel: program(1), keep: keepMask(1)},
		testFilter{kernel: program(2), keep: keepMask(2)},
	}
	s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain, Filter: filters[0]})
	if err := s.FilterProblem(); err != nil {
		t.Fatal(err)
	}

	const n, kinds = 60_000, 4
	w, swaps := newWindow(windowOf(plain)), 0
	swapping, stop := context.WithCancel(ctx)
	var swapper sync.WaitGroup
	swapper.Go(func() {
		for ; swapping.Err() == nil; swaps++ {
			if err := s.SetFilter(filters[swaps%2]); err != nil {
				t.Error(err)
			}
			if err := s.FilterProblem(); err != nil {
				t.Errorf("swap %d: %v", swaps, err)
				return
			}
		}
	})
	defer swapper.Wait()
	defer stop()

	sendFrames(ctx, t, d, w, n, func(i int) []byte { return testFrame(uint32(i), byte(i%kinds), 80) })
	next := uint32(kinds - 1)
	readFrames(ctx, t, s, func(f capture.Frame) bool {
		switch f.Data[atKind] {
		case 0:
			t.Fatalf("frame %d: no filter keeps it", frameNumber(f))
		case kinds - 1:
			if frameNumber(f) != next {
				t.Fatalf("frame %d is lost, %d came; %+v", next, frameNumber(f), s.Stats())
			}
			next += kinds
			w.received(kinds)
		}
		return next > n
	})
	stop()
	swapper.Wait()
	if st := s.Stats(); st.KernelDropped != 0 || swaps < 10 {
		t.Errorf("%d swaps, %+v", swaps, st)
	}
}

// A program that the kernel refuses leaves all the work to user space, and not
// the old program in place.
func TestUserSpaceFiltersWhereTheKernelRefuses(t *testing.T) {
	tooLong := slices.Repeat([]xbpf.Instruction{xbpf.RetConstant{}}, 5000)
	d, ctx := tap.New(t), patient(t)
	s := openSocket(t, d, linuxwifi.SocketConfig{Filter: testFilter{kernel: tooLong, keep: keepMask(1)}})
	check := func(mask byte) {
		t.Helper()
		if s.FilterProblem() == nil {
			t.Error("no problem with a program of 5000 instructions")
		}
		for i := range uint32(8) {
			if err := d.Write(testFrame(i, byte(i), 60)); err != nil {
				t.Fatal(err)
			}
		}
		var want, got []uint32
		for i := range uint32(8) {
			if byte(i)&mask != 0 {
				want = append(want, i)
			}
		}
		readFrames(ctx, t, s, func(f capture.Frame) bool {
			got = append(got, frameNumber(f))
			return frameNumber(f) == 7
		})
		if !slices.Equal(want, got) {
			t.Errorf("mask %d: frames %d, want %d", mask, got, want)
		}
	}
	check(1)
	if err := s.SetFilter(testFilter{kernel: kernelMask(1), keep: keepMask(1)}); err != nil || s.FilterProblem() != nil {
		t.Fatal(err, s.FilterProblem())
	}
	if err := s.SetFilter(testFilter{kernel: tooLong, keep: keepMask(6)}); err != nil {
		t.Fatal(err)
	}
	check(6)
	if err := s.SetFilter(nil); err != nil || s.FilterProblem() != nil {
		t.Errorf("no filter: %v, %v", err, s.FilterProblem())
	}
}

func TestFilterCutsFrames(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain, Filter: testFilter{
			// The kernel cuts frames of kind 1 to 100 bytes, user space those of
			// kind 2 to 90.
			kernel: []xbpf.Instruction{
				xbpf.LoadAbsolute{Off: atKind, Size: 1},
				xbpf.JumpIf{Cond: xbpf.JumpEqual, Val: 1, SkipFalse: 1},
				xbpf.RetConstant{Val: 100},
				xbpf.RetConstant{Val: 1 << 18},
			},
			keep: func(f []byte, origLen int) int {
				if origLen != 500 {
					t.Errorf("original length %d", origLen)
				}
				if f[atKind] == 2 {
					return 90
				}
				return 1 << 30 // more than there is
			},
		}})
		want := []int{500, 100, 90}
		for kind := range want {
			if err := d.Write(testFrame(0, byte(kind), 500)); err != nil {
				t.Fatal(err)
			}
		}
		readFrames(ctx, t, s, func(f capture.Frame) bool {
			kind := int(f.Data[atKind])
			if len(f.Data) != want[kind] || f.OrigLen != 500 {
				t.Errorf("kind %d: %d of %d bytes, want %d of 500", kind, len(f.Data), f.OrigLen, want[kind])
			}
			return kind == 2
		})
		if st := s.Stats(); st.CutBytes != 410 || st.ReceivedBytes != 690 {
			t.Errorf("%+v", st)
		}
	})
}

// A frame that was cut, by the kernel or in user space, has lost its checksum,
// and its header must not say that it is there: a server would take the last
// bytes for it, find it wrong, and ignore the frame.
func TestCutFramesHaveNoChecksum(t *testing.T) {
	bothKinds(t, func(t *testing.T, plain bool) {
		const atFlags, checksum = 8, 0x10
		d, ctx := tap.New(t), patient(t)
		s := openSocket(t, d, linuxwifi.SocketConfig{Plain: plain, Filter: testFilter{
			kernel: []xbpf.Instruction{
				xbpf.LoadAbsolute{Off: atKind, Size: 1},
				xbpf.JumpIf{Cond: xbpf.JumpEqual, Val: 1, SkipFalse: 1},
				xbpf.RetConstant{Val: 100},
				xbpf.RetConstant{Val: 1 << 18},
			},
			keep: func(f []byte, _ int) int {
				if f[atKind] == 2 {
					return 90
				}
				return len(f)
			},
		}})
		for kind := range 3 {
			f := testFrame(0, byte(kind), 500)
			f[atFlags] = checksum
			if err := d.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		readFrames(ctx, t, s, func(f capture.Frame) bool {
			kind := f.Data[atKind]
			if there, want := f.Data[atFlags] == checksum, kind == 0; there != want {
				t.Errorf("kind %d: %d of %d bytes, and the checksum is said to be there: %v", kind, len(f.Data), f.OrigLen, there)
			}
			return kind == 2
		})
	})
}
