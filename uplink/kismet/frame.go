package kismet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Errors that callers decide on. Everything else that Decode returns says what
// is wrong inside one message.
var (
	ErrNotKismet = errors.New("kismet: not a Kismet frame")
	ErrTooLong   = errors.New("kismet: frame is too long")
)

// MaxReceived is the longest frame, header included, that is read from a peer.
// It is the receive buffer of Kismet's own capture tools; a server sends at
// most 16 384 bytes.
const MaxReceived = 64 << 10

// The stub that all generations share: signature, generation, payload length.
// In v0 the second word is the payload's checksum, so v0 is whatever is not
// v2 or v3.
const (
	signature = 0xDECAFBAD
	magic2    = 0xABCD0002
	magic3    = 0xA9A90003

	stubSize    = 12
	lengthAt    = 8
	headerSize2 = 48
	headerSize3 = 20
	commandSize = 32 // of the name in a v2 header, padded with NUL
)

// Message types of v3.
const (
	typePing            = 2
	typePong            = 3
	typeShutdown        = 4
	typeText            = 5
	typeError           = 6
	typeOpenSource      = 12
	typeOpenReport      = 13
	typeData            = 16
	typeConfigure       = 17
	typeConfigureReport = 18
	typeNewSource       = 19
)

// Message names of v2 and v0.
const (
	commandPing            = "PING"
	commandPong            = "PONG"
	commandShutdown        = "SHUTDOWN"
	commandText            = "MESSAGE"
	commandError           = "KDSERRORREPORT"
	commandOpenSource      = "KDSOPENSOURCE"
	commandOpenReport      = "KDSOPENSOURCEREPORT"
	commandData            = "KDSDATAREPORT"
	commandConfigure       = "KDSCONFIGURE"
	commandConfigureReport = "KDSCONFIGUREREPORT"
	commandNewSource       = "KDSNEWSOURCE"
)

// String returns "v0", "v2" or "v3".
func (v Version) String() string { return "v" + strconv.Itoa(int(v)) }

// A Header is what stands in front of a frame's payload.
type Header struct {
	Version Version
	Seq     uint32
	Code    uint16 // v3: in reports non-zero is success
	Type    uint16 // v3
	Command string // v0, v2: up to the first NUL; foreign bytes if the message is Unknown
	Size    int    // of the whole frame in bytes, header included
}

// ReadHeader reads the header of a whole frame without looking at its payload,
// except for v0, whose payload is an envelope that holds the name. Errors are
// ErrNotKismet, ErrTooLong, io.ErrUnexpectedEOF for a frame that is cut short,
// and others.
func ReadHeader(frame []byte) (Header, error) {
	h, _, err := open(frame)
	return h, err
}

// Decode reads one whole frame. The header is valid, as far as it could be
// read, even with an error; the message is nil exactly if there is one. The
// Content of a Data's Packet is part of frame, everything else is copied.
//
// Messages that only sensors send are read as strictly as the strictest server
// does, and a little more: blocks that a server would silently ignore because
// a required field is missing are errors too. Such messages, and Ping and Pong,
// may not be longer than MaxFrame. Unknown messages may, because a sensor has
// to ignore what it does not know; a server checks Header.Size itself.
//
// Messages that servers send may have numbers of any width, and booleans as
// integers. A Configure that asks for nothing is Unknown. The checksum of v0 is
// not verified: Kismet's tools do not either.
func Decode(frame []byte) (Header, Message, error) {
	h, payload, err := open(frame)
	if err != nil {
		return h, nil, err
	}
	var m Message
	if h.Version == V3 {
		m, err = decode3(h, payload)
	} else {
		m, err = decode2(h, payload)
	}
	if err != nil {
		return h, nil, err
	}
	if h.Size > MaxFrame && !mayBeLong(m) {
		return h, nil, fmt.Errorf("%d bytes, %d allowed: %w", h.Size, MaxFrame, ErrTooLong)
	}
	return h, m, nil
}

func mayBeLong(m Message) bool {
	switch m.(type) {
	case OpenSource, Configure, Unknown:
		return true
	}
	return false
}

// open takes a frame apart. Bytes behind the frame are an error: a server
// would not see a second frame in the same websocket message.
func open(frame []byte) (Header, []byte, error) {
	h, head, err := readStub(frame)
	if err != nil {
		return h, nil, err
	}
	if head == 0 || len(frame) < h.Size {
		return h, nil, fmt.Errorf("%d bytes of a frame: %w", len(frame), io.ErrUnexpectedEOF)
	}
	if len(frame) > h.Size {
		return h, nil, fmt.Errorf("frame of %d bytes is followed by %d more", h.Size, len(frame)-h.Size)
	}
	payload := frame[head:]
	switch h.Version {
	case V3:
		h.Type = binary.BigEndian.Uint16(frame[12:])
		h.Code = binary.BigEndian.Uint16(frame[14:])
		h.Seq = binary.BigEndian.Uint32(frame[16:])
	case V2:
		h.Command = commandName(frame[stubSize : stubSize+commandSize])
		h.Seq = binary.BigEndian.Uint32(frame[stubSize+commandSize:])
	default:
		payload, err = openEnvelope(&h, payload)
	}
	return h, payload, err
}

// readStub reads generation and size from the start of a stream, and returns
// the size of the header. Both sizes are 0 while b is too short to tell. What
// is there of the signature is checked at once, so that the answer of a web
// server does not have to be waited for.
func readStub(b []byte) (h Header, head int, err error) {
	var want [4]byte
	binary.BigEndian.PutUint32(want[:], signature)
	for i := range min(len(b), len(want)) {
		if b[i] != want[i] {
			return h, 0, ErrNotKismet
		}
	}
	if len(b) < stubSize {
		return h, 0, nil
	}
	switch binary.BigEndian.Uint32(b[4:]) {
	case magic3:
		h.Version, head = V3, headerSize3
	case magic2:
		h.Version, head = V2, headerSize2
	default:
		h.Version, head = V0, stubSize
	}
	n := binary.BigEndian.Uint32(b[lengthAt:])
	if n > uint32(MaxReceived-head) {
		return h, 0, fmt.Errorf("payload of %d bytes: %w", n, ErrTooLong)
	}
	h.Size = head + int(n)
	return h, head, nil
}
