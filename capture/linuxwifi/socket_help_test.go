package linuxwifi_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// Where a test frame holds what: a radiotap header of 10 bytes, a beacon's
// header of 24, a number and a kind.
const (
	atTransmitter = 20
	atNumber      = 34
	atKind        = 38
	frameBytes    = 300
)

// testFrame is a beacon with a number and a kind, of so many bytes.
func testFrame(number uint32, kind byte, size int) []byte {
	f := make([]byte, max(size, atKind+1))
	f[2], f[4] = 10, 2 // length, present: flags
	f[10] = 0x80       // beacon
	copy(f[14:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1})
	binary.LittleEndian.PutUint32(f[atNumber:], number)
	f[atKind] = kind
	for i := atKind + 1; i < len(f); i++ {
		f[i] = byte(i * int(number+1))
	}
	return f
}

func frameNumber(f capture.Frame) uint32 { return binary.LittleEndian.Uint32(f.Data[atNumber:]) }

// openSocket opens a socket on a device and closes it when the test ends.
func openSocket(tb testing.TB, d *tap.Device, c linuxwifi.SocketConfig) *linuxwifi.Socket {
	tb.Helper()
	c.Interface, c.Index = d.Name(), d.Index()
	s, err := linuxwifi.OpenSocket(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// stampOnArrival has the kernel note when frames arrive until the test ends. The
// kernel begins with that some time after the first socket that wants it was
// opened; until then a socket without a ring gives a frame the time at which it
// is read, which can be later than the next one's.
func stampOnArrival(ctx context.Context, tb testing.TB, d *tap.Device) {
	tb.Helper()
	s := openSocket(tb, d, linuxwifi.SocketConfig{Plain: true})
	for stamped := false; !stamped; {
		if err := d.Write(testFrame(0, 0, frameBytes)); err != nil {
			tb.Fatal(err)
		}
		arrived := time.Now().UnixNano()
		readFrames(ctx, tb, s, func(f capture.Frame) bool {
			stamped = f.TimeNs <= arrived
			return true
		})
	}
}

// bothKinds runs a test with the ring and without.
func bothKinds(t *testing.T, f func(t *testing.T, plain bool)) {
	t.Run("ring", func(t *testing.T) { f(t, false) })
	t.Run("plain", func(t *testing.T) { f(t, true) })
}

// patient is a context for what must come.
func patient(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// readFrames hands every frame to f until it says that it has enough.
func readFrames(ctx context.Context, tb testing.TB, s *linuxwifi.Socket, f func(capture.Frame) (enough bool)) {
	tb.Helper()
	for enough := false; !enough; {
		b, err := s.ReadBatch(ctx)
		if err != nil {
			tb.Fatalf("%v; %+v", err, s.Stats())
		}
		for i := range b.Len() {
			enough = f(b.Frame(i))
		}
		b.Release()
	}
}

// readUntilError reads until there is an error, and returns it and how many frames
// came before.
func readUntilError(ctx context.Context, s *linuxwifi.Socket) (frames int, err error) {
	for {
		b, err := s.ReadBatch(ctx)
		if err != nil {
			return frames, err
		}
		frames += b.Len()
		b.Release()
	}
}

// A window lets a sender be so far ahead of who receives, and no farther: no
// test loses frames because the machine is busy.
type window struct {
	size int64
	got  atomic.Int64
	more chan struct{}
}

func newWindow(size int) *window {
	return &window{size: int64(size), more: make(chan struct{}, 1)}
}

func (w *window) received(n int) {
	w.got.Add(int64(n))
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// mayBeSent waits until frame number n is inside.
func (w *window) mayBeSent(ctx context.Context, n int) error {
	for int64(n)-w.got.Load() >= w.size {
		select {
		case <-w.more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// sendFrames writes frames 0 to n-1 in a goroutine that is awaited when the test
// ends.
func sendFrames(ctx context.Context, tb testing.TB, d *tap.Device, w *window, n int, frame func(int) []byte) {
	done := make(chan error, 1)
	go func() {
		for i := range n {
			err := w.mayBeSent(ctx, i)
			if err == nil {
				err = d.Write(frame(i))
			}
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	tb.Cleanup(func() {
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			tb.Error(err)
		}
	})
}

// A testFilter has a part for the kernel and one for user space that need not
// agree.
type testFilter struct {
	kernel []xbpf.Instruction
	keep   func(frame []byte, origLen int) int
}

func (f testFilter) Kernel() []xbpf.RawInstruction {
	raw, err := xbpf.Assemble(f.kernel)
	if err != nil {
		panic(err)
	}
	return raw
}

func (f testFilter) Keep(frame []byte, origLen int) int {
	if f.keep == nil {
		return len(frame)
	}
	return f.keep(frame, origLen)
}

// kernelMask is a program that keeps frames whose kind has a bit of mask.
func kernelMask(mask byte) []xbpf.Instruction {
	return []xbpf.Instruction{
		xbpf.LoadAbsolute{Off: atKind, Size: 1},
		xbpf.JumpIf{Cond: xbpf.JumpBitsSet, Val: uint32(mask), SkipFalse: 1},
		xbpf.RetConstant{Val: 1 << 18},
		xbpf.RetConstant{Val: 0},
	}
}

// keepMask does in user space what kernelMask does.
func keepMask(mask byte) func([]byte, int) int {
	return func(f []byte, _ int) int {
		if f[atKind]&mask == 0 {
			return 0
		}
		return len(f)
	}
}
