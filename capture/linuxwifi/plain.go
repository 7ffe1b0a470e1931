package linuxwifi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// How many frames one system call reads, and how much is kept of each: a
// quarter of a megabyte in all.
const (
	plainFrames     = 16
	plainFrameBytes = capture.MaxFrameBytes
	plainExtraBytes = 128 // control messages: a time and struct tpacket_auxdata
)

// A plain source reads a socket without a ring, for kernels that have none.
type plain struct {
	fd   int
	msgs []unix.Mmsghdr
	iov  []unix.Iovec
	data []byte
	// Each message's sender and control messages.
	from  []byte
	extra []byte

	n, at int // messages read, the one at hand
	err   error
	bad   uint64
}

// openPlain prepares the socket for frames with their time and original length,
// and asks for a queue of so many bytes.
func openPlain(fd, queueBytes int) (*plain, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return nil, os.NewSyscallError("SO_TIMESTAMPNS", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err != nil {
		return nil, os.NewSyscallError("PACKET_AUXDATA", err)
	}
	// Beyond net.core.rmem_max it takes CAP_NET_ADMIN; without, one gets that.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, queueBytes); err != nil {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, queueBytes); err != nil {
			return nil, os.NewSyscallError("SO_RCVBUF", err)
		}
	}
	p := &plain{
		fd:    fd,
		msgs:  make([]unix.Mmsghdr, plainFrames),
		iov:   make([]unix.Iovec, plainFrames),
		data:  make([]byte, plainFrames*plainFrameBytes),
		from:  make([]byte, plainFrames*unix.SizeofSockaddrLinklayer),
		extra: make([]byte, plainFrames*plainExtraBytes),
	}
	for i := range p.msgs {
		p.iov[i].Base = &p.data[i*plainFrameBytes]
		p.iov[i].SetLen(plainFrameBytes)
	}
	return p, nil
}

// arrived says whether there is something, or an error.
func (p *plain) arrived() bool { return p.at < p.n || p.read() || p.err != nil }

// peek returns the next frame.
func (p *plain) peek() (rawFrame, bool) {
	for {
		if p.at == p.n && !p.read() {
			return rawFrame{}, false
		}
		if f, ok := p.frame(p.at); ok {
			return f, true
		}
		p.bad++
		p.at++
	}
}

func (p *plain) advance() { p.at++ }

// read asks the kernel for more.
func (p *plain) read() bool {
	if p.err != nil {
		return false
	}
	for i := range p.msgs {
		h := &p.msgs[i].Hdr
		h.Iov = &p.iov[i]
		h.SetIovlen(1)
		h.Name, h.Namelen = &p.from[i*unix.SizeofSockaddrLinklayer], unix.SizeofSockaddrLinklayer
		h.Control = &p.extra[i*plainExtraBytes]
		h.SetControllen(plainExtraBytes)
		h.Flags = 0
	}
	n, err := recvmmsg(p.fd, p.msgs, unix.MSG_DONTWAIT)
	if err != nil {
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			p.err = err
		}
		return false
	}
	p.n, p.at = n, 0
	return n > 0
}

// frame puts message i together. A frame without its time is none.
func (p *plain) frame(i int) (rawFrame, bool) {
	m := &p.msgs[i]
	data := p.data[i*plainFrameBytes:][:plainFrameBytes]
	data = data[:min(uint64(len(data)), uint64(m.Len))]
	extra := p.extra[i*plainExtraBytes:][:plainExtraBytes]
	extra = extra[:min(uint64(len(extra)), uint64(m.Hdr.Controllen))] //nolint:unconvert // 32 bits where words have
	timeNs, original, err := parseExtra(extra)
	if err != nil {
		return rawFrame{}, false
	}
	from := p.from[i*unix.SizeofSockaddrLinklayer:]
	return rawFrame{
		timeNs:   timeNs,
		origLen:  max(original, uint32(len(data))),
		hardware: binary.NativeEndian.Uint16(from[8:]), // struct sockaddr_ll
		data:     data,
	}, true
}

// What a control message's header takes: struct cmsghdr, of a length of the
// machine's word, a level and a type.
const (
	wordBytes     = strconv.IntSize / 8
	extraHeadSize = wordBytes + 8
)

var errExtra = errors.New("control messages make no sense")

// parseExtra reads control messages: a time, which must be there, and the
// frame's original length, 0 if that is not. Each begins at a multiple of the
// machine's word.
func parseExtra(b []byte) (timeNs int64, original uint32, err error) {
	timed := false
	for len(b) >= extraHeadSize {
		size := word(b)
		if size < extraHeadSize || size > uint64(len(b)) {
			return 0, 0, errExtra
		}
		level, kind := binary.NativeEndian.Uint32(b[wordBytes:]), binary.NativeEndian.Uint32(b[wordBytes+4:])
		body := b[extraHeadSize:size]
		switch {
		case level == unix.SOL_SOCKET && kind == unix.SO_TIMESTAMPNS && len(body) == 2*wordBytes:
			// struct timespec, whose seconds have 32 bits on machines of 32.
			sec, nsec := word(body), word(body[wordBytes:])
			if sec >= 1<<33 || nsec >= 1e9 {
				return 0, 0, fmt.Errorf("%w: time %d.%09d", errExtra, sec, nsec)
			}
			timeNs, timed = int64(sec)*1e9+int64(nsec), true
		case level == unix.SOL_PACKET && kind == unix.PACKET_AUXDATA && len(body) >= 8:
			// struct tpacket_auxdata: status, length.
			original = min(binary.NativeEndian.Uint32(body[4:]), math.MaxInt32)
		}
		b = b[min(uint64(len(b)), (size+wordBytes-1)/wordBytes*wordBytes):]
	}
	if !timed {
		return 0, 0, fmt.Errorf("%w: no time", errExtra)
	}
	return timeNs, original, nil
}

// word reads a number of the machine's width.
func word(b []byte) uint64 {
	if wordBytes == 4 {
		return uint64(binary.NativeEndian.Uint32(b))
	}
	return binary.NativeEndian.Uint64(b)
}

func (p *plain) hint() int { return 0 }

func (p *plain) damaged() uint64 {
	n := p.bad
	p.bad = 0
	return n
}

func (p *plain) failure() error {
	err := p.err
	p.err = nil
	return err
}

func (p *plain) close() error { return nil }
