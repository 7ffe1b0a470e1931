package kismet

import (
	"encoding/binary"
	"errors"
	"io"
)

var errNeverUsed = errors.New("byte 0xc1 is no msgpack")

func (u *unpacker) skip() {
	rest, err := skipObject(u.b)
	if err != nil && u.err == nil {
		u.err = err
		return
	}
	u.b = rest
}

// skipObject returns what follows the first msgpack object of b, which may be
// nested as deeply as it likes: nothing recurses. (msgp.Skip adds lengths of 32
// bits to a uintptr, which wraps around on 32-bit machines.)
func skipObject(b []byte) ([]byte, error) {
	for pending := uint64(1); pending > 0; pending-- {
		if len(b) == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		if b[0] == 0xc1 {
			return nil, errNeverUsed
		}
		size, inner := extent(b)
		// Every object takes a byte at least, so that a claim of 4 billion
		// elements ends here.
		if size > uint64(len(b)) || inner+pending-1 > uint64(len(b))-size {
			return nil, io.ErrUnexpectedEOF
		}
		b = b[size:]
		pending += inner
	}
	return b, nil
}

// extent returns how many bytes the first object of b takes, and how many
// objects follow that are inside it. A size beyond len(b) means that b is cut.
func extent(b []byte) (size, inner uint64) {
	lead := b[0]
	switch {
	case lead <= 0x7f || lead >= 0xe0: // fixint
		return 1, 0
	case lead <= 0x8f: // fixmap
		return 1, 2 * uint64(lead&0x0f)
	case lead <= 0x9f: // fixarray
		return 1, uint64(lead & 0x0f)
	case lead <= 0xbf: // fixstr
		return 1 + uint64(lead&0x1f), 0
	}
	switch lead {
	case 0xc4, 0xd9: // bin8, str8
		return 2 + length(b, 1), 0
	case 0xc5, 0xda: // bin16, str16
		return 3 + length(b, 2), 0
	case 0xc6, 0xdb: // bin32, str32
		return 5 + length(b, 4), 0
	case 0xc7, 0xc8, 0xc9: // ext8, ext16, ext32: a type byte follows the length
		n := 1 << (lead - 0xc7)
		return 2 + uint64(n) + length(b, n), 0
	case 0xca, 0xce, 0xd2: // float32, uint32, int32
		return 5, 0
	case 0xcb, 0xcf, 0xd3: // float64, uint64, int64
		return 9, 0
	case 0xcc, 0xd0: // uint8, int8
		return 2, 0
	case 0xcd, 0xd1: // uint16, int16
		return 3, 0
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8: // fixext1 to fixext16
		return 2 + 1<<(lead-0xd4), 0
	case 0xdc: // array16
		return 3, length(b, 2)
	case 0xdd: // array32
		return 5, length(b, 4)
	case 0xde: // map16
		return 3, 2 * length(b, 2)
	case 0xdf: // map32
		return 5, 2 * length(b, 4)
	}
	return 1, 0 // nil, false, true
}

// length reads the n bytes behind the first; they count as 0 if they are not
// all there, which the size in front of them shows.
func length(b []byte, n int) uint64 {
	if len(b) < 1+n {
		return 0
	}
	switch n {
	case 1:
		return uint64(b[1])
	case 2:
		return uint64(binary.BigEndian.Uint16(b[1:]))
	}
	return uint64(binary.BigEndian.Uint32(b[1:]))
}
