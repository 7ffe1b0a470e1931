package linuxwifi

import (
	"encoding/binary"
	"errors"
	"math"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// struct tpacket_block_desc with struct tpacket_hdr_v1, linux/if_packet.h: the
// same on all machines.
const (
	blockStatus    = 8 // u32
	blockFrames    = 12
	blockFirst     = 16 // offset of the first frame
	blockLength    = 20 // what is used of the block
	blockHeadBytes = 48
)

// struct tpacket3_hdr, and the struct sockaddr_ll behind it, linux/if_packet.h.
const (
	frameNext      = 0 // u32, offset from here to the next frame, 0 in the last
	frameSec       = 4
	frameNsec      = 8
	frameCaptured  = 12
	frameOriginal  = 16
	frameMAC       = 24 // u16, offset from here to the frame's bytes
	frameLL        = 48
	frameHardware  = frameLL + 8 // u16, ARPHRD number
	frameHeadBytes = frameLL + unix.SizeofSockaddrLinklayer
)

var (
	errBlockEnd = errors.New("end of the block")
	errBlock    = errors.New("block makes no sense")
)

// A blockWalk goes through the frames of a block. It trusts nothing that the
// block says: a driver's bug must not become a read beyond it.
type blockWalk struct {
	mem  []byte // what is used of the block
	at   int    // offset of the frame
	next int    // offset of the one behind, valid after frame
	left uint32 // frames from at on
}

// walkBlock begins with a block's first frame.
func walkBlock(block []byte) blockWalk {
	used := min(uint64(len(block)), uint64(binary.NativeEndian.Uint32(block[blockLength:])))
	return blockWalk{
		mem:  block[:used],
		at:   offset(binary.NativeEndian.Uint32(block[blockFirst:])),
		left: binary.NativeEndian.Uint32(block[blockFrames:]),
	}
}

// offset makes an int of the kernel's number, which on 32 bits could be
// negative. No block is half as large.
func offset(n uint32) int { return int(min(n, math.MaxInt32/2)) }

// frame returns the frame at hand. It returns errBlockEnd behind the last, and
// errBlock for what cannot be; then nothing behind it can be found either.
func (w *blockWalk) frame() (rawFrame, error) {
	if w.left == 0 {
		return rawFrame{}, errBlockEnd
	}
	if w.at < blockHeadBytes || w.at > len(w.mem)-frameHeadBytes {
		return rawFrame{}, errBlock
	}
	h := w.mem[w.at:]
	mac := int(binary.NativeEndian.Uint16(h[frameMAC:]))
	captured := offset(binary.NativeEndian.Uint32(h[frameCaptured:]))
	original := binary.NativeEndian.Uint32(h[frameOriginal:])
	if mac < frameHeadBytes || mac+captured > len(h) || original > math.MaxInt32 {
		return rawFrame{}, errBlock
	}
	next := offset(binary.NativeEndian.Uint32(h[frameNext:]))
	if next != 0 && next < frameHeadBytes || next == 0 && w.left > 1 {
		return rawFrame{}, errBlock
	}
	w.next = w.at + next
	sec, nsec := binary.NativeEndian.Uint32(h[frameSec:]), binary.NativeEndian.Uint32(h[frameNsec:])
	return rawFrame{
		timeNs:   int64(sec)*1e9 + int64(nsec),
		origLen:  max(original, uint32(captured)),
		hardware: binary.NativeEndian.Uint16(h[frameHardware:]),
		data:     h[mac : mac+captured : mac+captured],
	}, nil
}

// advance goes to the next frame. It may only follow a frame without error.
func (w *blockWalk) advance() {
	w.at = w.next
	w.left--
}

// hint is about how many bytes a batch of the frames from here on has.
func (w *blockWalk) hint() int {
	bytes := len(w.mem) - w.at - offset(w.left)*frameHeadBytes
	if w.left > capture.MaxBatchFrames {
		bytes = int(int64(bytes) * capture.MaxBatchFrames / int64(w.left))
	}
	return max(0, bytes)
}
