package kismettest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/kismet"
)

// A link carries Kismet frames over one connection. One goroutine reads, one
// writes.
type link interface {
	// read returns the next frame, valid until the next read. A stop as error
	// says that what arrived is not acceptable, any other error that the
	// connection is gone.
	read() ([]byte, error)
	write(frame []byte) error
}

// Offsets of the frame headers.
const (
	stubSize     = 12 // common to all generations, and v0's whole header
	v2HeaderSize = 48
	v3HeaderSize = 20
	signature    = 0xDECAFBAD
	v2Mark       = 0xABCD0002
	v3Mark       = 0xA9A90003
)

// readBuffer is the size of the receive buffers. It is larger than any frame
// may be, so that a whole frame can be seen in place.
const readBuffer = 64 << 10

// frameSize reads the first stubSize bytes of a frame: its generation, and its
// size with header.
func frameSize(p Profile, stub []byte) (v kismet.Version, size int, err error) {
	if binary.BigEndian.Uint32(stub) != signature {
		return 0, 0, dropf("frame without signature")
	}
	header := v3HeaderSize
	switch binary.BigEndian.Uint32(stub[4:]) {
	case v3Mark:
		v = kismet.V3
	case v2Mark:
		v, header = kismet.V2, v2HeaderSize
	default:
		v, header = kismet.V0, stubSize
	}
	if !p.accepts(v) {
		return 0, 0, dropf("unsupported protocol v%d", v)
	}
	payload := binary.BigEndian.Uint32(stub[8:])
	if payload > uint32(kismet.MaxFrame-header) {
		return 0, 0, dropf("frame too large: %d bytes of payload", payload)
	}
	return v, header + int(payload), nil
}

// A wsLink is a websocket: one frame per message.
type wsLink struct {
	ws      *websocket.Conn
	profile Profile
	patient time.Duration // how long a write may take
	buf     []byte
}

func (l *wsLink) read() ([]byte, error) {
	_, r, err := l.ws.NextReader()
	if err != nil {
		return nil, err
	}
	// What does not fit can only be behind the first frame, which is all that
	// Kismet looks at; NextReader skips it.
	n, err := io.ReadFull(r, l.buf)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n < stubSize {
		return nil, dropf("truncated frame: message of %d bytes", n)
	}
	v, size, err := frameSize(l.profile, l.buf)
	if err != nil {
		return nil, err
	}
	if size > n {
		return nil, dropf("truncated frame: %d bytes of %d", n, size)
	}
	frame := l.buf[:size]
	// The checksum is tested on this transport only.
	if v == kismet.V0 && binary.BigEndian.Uint32(frame[4:]) != capture.Checksum(frame[stubSize:]) {
		return nil, dropf("wrong checksum")
	}
	return frame, nil
}

func (l *wsLink) write(frame []byte) error {
	if err := l.ws.SetWriteDeadline(time.Now().Add(l.patient)); err != nil {
		return err
	}
	if l.profile != Split {
		return l.ws.WriteMessage(websocket.BinaryMessage, frame)
	}
	if err := l.ws.WriteMessage(websocket.BinaryMessage, frame[:v3HeaderSize]); err != nil {
		return err
	}
	return l.ws.WriteMessage(websocket.BinaryMessage, frame[v3HeaderSize:])
}

// A tcpLink is the legacy transport: frames back to back.
type tcpLink struct {
	c       *conn
	profile Profile
	patient time.Duration
	br      *bufio.Reader
	last    int // size of the frame last returned, still in the buffer
}

func (l *tcpLink) read() ([]byte, error) {
	if _, err := l.br.Discard(l.last); err != nil {
		return nil, err
	}
	l.last = 0
	stub, err := l.br.Peek(stubSize)
	if err != nil {
		return nil, err
	}
	_, size, err := frameSize(l.profile, stub)
	if err != nil {
		return nil, err
	}
	frame, err := l.br.Peek(size)
	if err != nil {
		return nil, err
	}
	l.last = size
	return frame, nil
}

// swallow loses all whole frames that have arrived, as 2023 servers do with
// what follows NEWSOURCE too closely.
func (l *tcpLink) swallow() {
	for {
		have := l.br.Buffered() - l.last
		if have < stubSize {
			return
		}
		p, _ := l.br.Peek(l.last + have)
		_, size, err := frameSize(l.profile, p[l.last:])
		if err != nil || size > have {
			return
		}
		_, _ = l.br.Discard(l.last)
		l.last = size
	}
}

func (l *tcpLink) write(frame []byte) error {
	if err := l.c.SetWriteDeadline(time.Now().Add(l.patient)); err != nil {
		return err
	}
	_, err := l.c.Write(frame)
	return err
}
