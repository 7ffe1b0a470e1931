package linuxwifi

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
)

// A Filter decides which frames to keep and how much of them. *bpf.Program is
// one. Its methods may be called from several goroutines.
type Filter interface {
	// Kernel returns the part of the filter that runs in the kernel: it must
	// let through whatever Keep keeps.
	Kernel() []xbpf.RawInstruction
	// Keep returns how many bytes of the frame stay, 0 for none of it. It is
	// asked for every frame that the kernel's part lets through, may not change
	// it and may not hold on to it.
	Keep(frame []byte, origLen int) int
}

// SocketConfig says what to capture from and how.
type SocketConfig struct {
	Interface string // for errors, and looked up if Index is 0
	Index     int    // ifindex
	RingBytes int    // size of the ring, bytes; 0 is 2 MiB, at least 128 KiB are taken
	Filter    Filter // nil keeps all; beware of a nil pointer in the interface
	Plain     bool   // read with recvmmsg and no ring
}

// A Socket captures the frames of one interface. ReadBatch is for one goroutine
// at a time; the other methods may be called from any, also while it waits.
type Socket struct {
	name     string
	hardware uint16 // ARPHRD number of the interface when it was opened
	linkType capture.LinkType

	fd      int
	file    *os.File        // owns fd, and has the runtime wait for it
	raw     syscall.RawConn // file's
	frames  frameSource
	arrived func(fd uintptr) bool // frames.arrived
	closed  atomic.Bool
	keep    atomic.Pointer[Filter] // nil keeps all

	readMu sync.Mutex // held while the ring is looked at, so that Close does not unmap it
	state  waitState
	clock  clock
	tally  tally

	ctl      sync.Mutex // held while fd is asked or told something, not while reading
	account  account
	attached error // why the filter's part is not in the kernel
}

// A frameSource holds frames that have arrived. It is the ring, or the plain
// socket.
type frameSource interface {
	// arrived says whether there is a frame, or an error instead.
	arrived() bool
	// peek returns the next frame, which stays until advance, or false if none
	// has arrived. Its data is valid until the next call of peek or advance.
	peek() (rawFrame, bool)
	advance()
	// hint is about how many bytes of frames wait, 0 if that is unknown.
	hint() int
	// damaged counts what made no sense since the last call.
	damaged() uint64
	// failure is the error that the kernel answered instead of a frame; it is
	// returned once.
	failure() error
	close() error
}

// A rawFrame is a frame in the kernel's memory, or in the plain socket's.
type rawFrame struct {
	timeNs   int64
	origLen  uint32 // at most math.MaxInt32
	hardware uint16 // ARPHRD number of the interface when it arrived
	data     []byte
}

// LinkType is the link type of the frames. It does not change: ReadBatch
// returns ErrNotMonitor when the interface's does.
func (s *Socket) LinkType() capture.LinkType { return s.linkType }

// RingBytes is the size of the ring as the kernel gave it, 0 for a socket
// without: one that was asked for, or where the kernel had none to give.
func (s *Socket) RingBytes() int {
	if r, ok := s.frames.(*ring); ok {
		return len(r.mem)
	}
	return 0
}

// ReadBatch waits until frames have arrived, at most 100 ms after the first,
// and returns them in a batch that the caller owns. It returns ctx's error when
// ctx ends, net.ErrClosed after Close, unix.ENETDOWN once each time the
// interface is set down (the socket goes on when it is up again), unix.ENODEV
// when it is gone, and ErrNotMonitor when it changed its link type; the last
// two are for good. Frames that arrived before are returned before.
func (s *Socket) ReadBatch(ctx context.Context) (*capture.Batch, error) {
	s.readMu.Lock()
	defer s.readMu.Unlock()
	for {
		if s.closed.Load() {
			return nil, s.fault(net.ErrClosed)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b, idle := s.collect()
		if b != nil {
			return b, nil
		}
		if !idle {
			continue
		}
		if err := s.wait(); err != nil {
			return nil, s.fault(err)
		}
	}
}

// looks bounds how many frames are looked at for one batch: a filter that drops
// all must not keep ReadBatch from noticing that ctx ended.
const looks = 4096

// collect makes a batch of the frames that have arrived, nil if none is kept,
// and says whether there was none at all.
func (s *Socket) collect() (b *capture.Batch, idle bool) {
	if s.state.changed {
		return nil, true
	}
	s.clock.look()
	if _, ok := s.frames.peek(); !ok {
		return nil, true
	}
	var keep Filter
	if f := s.keep.Load(); f != nil {
		keep = *f
	}
	b = capture.NewBatchSize(s.frames.hint())
	b.Live, b.ClockOffsetNs = true, s.clock.offsetNs
	var t counts
	for range looks {
		f, ok := s.frames.peek()
		if !ok || b.Len() == capture.MaxBatchFrames {
			break
		}
		if f.hardware != s.hardware {
			s.state.changed = true
			break
		}
		if s.clock.eras > 0 && !s.sameClock(b, f.timeNs) {
			break
		}
		n := len(f.data)
		if keep != nil {
			n = min(keep.Keep(f.data, int(f.origLen)), n)
		}
		if uint32(n) < f.origLen && n > 0 && s.linkType == capture.LinkTypeRadiotap {
			radiotap.ClearFCS(f.data)
		}
		switch {
		case n <= 0:
			t.userFiltered++
			t.userFilteredBytes += uint64(f.origLen)
		case !b.Append(f.timeNs, s.linkType, f.origLen, f.data[:n]):
			s.finish(b, t)
			return b, false // this frame is the next batch's first
		default:
			t.cut += uint64(len(f.data) - n)
		}
		t.frames++
		t.bytes += uint64(f.origLen)
		t.longest = max(t.longest, f.origLen)
		s.frames.advance()
	}
	s.finish(b, t)
	if b.Len() == 0 {
		b.Release()
		return nil, false
	}
	return b, false
}

// sameClock reports whether a frame can go into a batch although the clock was
// set. One whose time is of another clock begins the next.
func (s *Socket) sameClock(b *capture.Batch, timeNs int64) bool {
	offset := s.clock.of(timeNs, int64(bootTime()))
	if offset != b.ClockOffsetNs && b.Len() > 0 {
		return false
	}
	b.ClockOffsetNs = offset
	return true
}

// finish adds a batch to the counters.
func (s *Socket) finish(b *capture.Batch, t counts) {
	t.received, t.receivedBytes = uint64(b.Len()), uint64(b.DataBytes())
	t.damaged = s.frames.damaged()
	if s.tally.add(t) {
		s.ctl.Lock()
		s.takeStock()
		s.ctl.Unlock()
	}
}

// SetFilter replaces the filter, nil keeps all. No frame that both the old and
// the new one keep is lost. The kernel may refuse its part: then user space
// filters alone, and FilterProblem says why.
func (s *Socket) SetFilter(f Filter) error {
	s.ctl.Lock()
	defer s.ctl.Unlock()
	if s.closed.Load() {
		return s.fault(net.ErrClosed)
	}
	s.takeStock()
	s.setFilter(f)
	return nil
}

// FilterProblem says why the filter's part for the kernel is not in the kernel.
// It is nil if it is, and if there is none.
func (s *Socket) FilterProblem() error {
	s.ctl.Lock()
	defer s.ctl.Unlock()
	return s.attached
}

// Close ends the capture; a waiting ReadBatch returns. Stats keeps its last
// values. Closing again does nothing.
func (s *Socket) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	_ = s.file.SetReadDeadline(time.Unix(1, 0)) // ends a wait
	s.readMu.Lock()
	defer s.readMu.Unlock()
	s.ctl.Lock()
	defer s.ctl.Unlock()
	s.takeStock()
	return s.release()
}

func (s *Socket) fault(err error) error {
	return fmt.Errorf("capture from %s: %w", s.name, err)
}
