package linuxwifi

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// The ring: TPACKET_V3 of linux/if_packet.h. The kernel fills blocks with
// frames and hands each over when it is full or retireAfter has passed; the
// reader hands it back when it has copied the frames.
const (
	// So many blocks last for so many times retireAfterMs when little is heard:
	// the time that a reader may be kept from reading. Fewer and larger ones
	// cost less when much is heard: waking up takes as long as 150 frames.
	usualBlocks   = 16
	minBlockBytes = 32 << 10 // more than is kept of the longest frame
	maxBlockBytes = 256 << 10

	minRingBytes = 4 * minBlockBytes

	// The kernel looks whether a block is to be handed over every so many
	// milliseconds, and before 6.18 only hands it over at the second look.
	retireAfterMs = 40

	// Only a number that the kernel wants: frames lie as close as they fit.
	nominalFrameBytes = 2048
)

// A ring is memory shared with the kernel.
type ring struct {
	mem    []byte
	stride int
	at     int // where the block begins that is read, or is to be read next
	held   bool
	block  blockWalk
	bad    uint64
}

// openRing gives the socket a ring.
func openRing(fd, size int) (*ring, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, os.NewSyscallError("PACKET_VERSION", err)
	}
	stride := max(blockBytes(size), os.Getpagesize())
	blocks := max(2, size/stride)
	req := &unix.TpacketReq3{
		Block_size: uint32(stride), Block_nr: uint32(blocks),
		Frame_size: nominalFrameBytes, Frame_nr: uint32(stride / nominalFrameBytes * blocks),
		Retire_blk_tov: retireAfterMs,
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, req); err != nil {
		return nil, os.NewSyscallError("PACKET_RX_RING", err)
	}
	mem, err := unix.Mmap(fd, 0, stride*blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &ring{mem: mem, stride: stride}, nil
}

// blockBytes is the size of a block in a ring of size bytes: a power of two, as
// sizes of pages are.
func blockBytes(size int) int {
	for b := maxBlockBytes; b > minBlockBytes; b /= 2 {
		if b*usualBlocks <= size {
			return b
		}
	}
	return minBlockBytes
}

// arrived says whether there is a block to be read.
func (r *ring) arrived() bool {
	return r.held || loadStatus(r.mem[r.at:r.at+r.stride])&unix.TP_STATUS_USER != 0
}

// peek returns the next frame.
func (r *ring) peek() (rawFrame, bool) {
	for {
		if !r.held {
			if !r.arrived() {
				return rawFrame{}, false
			}
			r.block = walkBlock(r.mem[r.at : r.at+r.stride])
			r.held = true
		}
		f, err := r.block.frame()
		if err == nil {
			return f, true
		}
		if !errors.Is(err, errBlockEnd) {
			r.bad++
		}
		r.giveBack()
	}
}

// advance goes to the frame behind the one that peek returned, and gives a
// block back as soon as its last frame was read.
func (r *ring) advance() {
	r.block.advance()
	if r.block.left == 0 {
		r.giveBack()
	}
}

// giveBack hands the block to the kernel and turns to the next one.
func (r *ring) giveBack() {
	storeStatus(r.mem[r.at:r.at+r.stride], unix.TP_STATUS_KERNEL)
	r.held = false
	if r.at += r.stride; r.at == len(r.mem) {
		r.at = 0
	}
}

func (r *ring) hint() int { return r.block.hint() }

func (r *ring) damaged() uint64 {
	n := r.bad
	r.bad = 0
	return n
}

func (r *ring) failure() error { return nil }

func (r *ring) close() error { return unix.Munmap(r.mem) }
