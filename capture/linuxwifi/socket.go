package linuxwifi

import (
	"context"

	xbpf "golang.org/x/net/bpf"

	"github.com/sensord/sensord/capture"
)

// A Filter decides which frames to keep and how much of them. *bpf.Program is
// one. Its methods may be called from several goroutines.
type Filter interface {
	// Kernel returns the part of the filter that runs in the kernel: it must
	// keep whatever Keep keeps.
	Kernel() []xbpf.RawInstruction
	// Keep returns how many bytes of the frame stay, 0 for none of it. It is
	// asked for every frame that the kernel's part lets through.
	Keep(frame []byte, origLen int) int
}

// SocketConfig says what to capture from and how.
type SocketConfig struct {
	Interface string // name, for errors; looked up if Index is 0
	Index     int    // ifindex
	RingBytes int    // size of the ring, bytes, rounded down to whole blocks; 0 is 2 MiB
	Filter    Filter // nil keeps all; beware of a nil pointer in the interface
	Plain     bool   // read with recvmmsg and no ring
}

// SocketStats are a socket's counters since it was opened. None ever falls.
type SocketStats struct {
	Received      uint64 // frames handed out in batches
	ReceivedBytes uint64 // their bytes as handed out

	KernelDropped uint64 // frames lost because the reader was too slow
	Freezes       uint64 // how often the ring was full

	Filtered      uint64 // frames that the filter dropped in the kernel
	FilteredBytes uint64

	UserFiltered      uint64 // frames that the filter dropped behind the kernel
	UserFilteredBytes uint64

	CutBytes uint64 // bytes that the filter cut off frames it kept

	Damaged uint64 // blocks or frames of the ring that made no sense
}

// A Socket captures the frames of one interface.
type Socket struct{}

// OpenSocket opens a capture socket.
func OpenSocket(c SocketConfig) (*Socket, error) { panic("skeleton") }

// ReadBatch waits for frames.
func (s *Socket) ReadBatch(ctx context.Context) (*capture.Batch, error) { panic("skeleton") }

// SetFilter replaces the filter; nil keeps all.
func (s *Socket) SetFilter(f Filter) error { panic("skeleton") }

// Stats returns the counters.
func (s *Socket) Stats() SocketStats { panic("skeleton") }

// LinkType is the link type of the frames.
func (s *Socket) LinkType() capture.LinkType { panic("skeleton") }

// Close ends the capture.
func (s *Socket) Close() error { panic("skeleton") }
