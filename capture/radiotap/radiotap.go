// Package radiotap reads the radiotap header that a driver prepends to a frame
// and the 802.11 header behind it, as far as a filter, a hopper and statistics
// need them. It allocates nothing and believes no length.
//
// All functions are pure and safe for concurrent use.
package radiotap

import (
	"encoding/binary"
	"errors"
)

// MinLength is the shortest radiotap header: version, length, one presence word.
const MinLength = 8

// Errors of Parse. With each of them it is unknown where the frame begins.
var (
	ErrShort   = errors.New("frame is too short for a radiotap header")
	ErrVersion = errors.New("radiotap header has an unknown version")
	ErrLength  = errors.New("radiotap header has an impossible length")
)

// A Header is what a radiotap header says of its frame. Of a field that
// occurs more than once, as signal does when each antenna is reported, it is
// the first: that is the one for the whole frame.
type Header struct {
	Length    int  // bytes of the whole header; the 802.11 frame begins there
	FreqMHz   int  // middle of the channel the frame was heard on; 0 if not told
	SignalDBm int  // at the antenna; valid if HasSignal
	NoiseDBm  int  // at the antenna; valid if HasNoise
	HasSignal bool //
	HasNoise  bool //
	HasFCS    bool // the frame's last four bytes are its checksum
	BadFCS    bool // the checksum was found wrong
	Padded    bool // the 802.11 header is padded to a multiple of four bytes
	Malformed bool // a field on the way to these lies beyond Length; what is in front of it is set
}

// Bits of the presence words, and types of TLVs.
// Source: https://www.radiotap.org/fields/defined
const (
	bitTSFT     = 0
	bitFlags    = 1
	bitRate     = 2
	bitChannel  = 3
	bitFHSS     = 4
	bitSignal   = 5
	bitNoise    = 6
	bitXChannel = 18
	bitTLV      = 28
	bitRadiotap = 29
	bitVendor   = 30
	bitMore     = 31
)

// Bits of the flags field.
const (
	flagFCS    = 0x10
	flagPadded = 0x20
	flagBadFCS = 0x40
)

// Length returns the length of the header in front of frame, and whether it is
// one whose length can be believed: version 0, 8 bytes at least, and no longer
// than the frame.
func Length(frame []byte) (int, bool) {
	if len(frame) < MinLength || frame[0] != 0 {
		return 0, false
	}
	n := int(binary.LittleEndian.Uint16(frame[2:]))
	return n, n >= MinLength && n <= len(frame)
}

// Parse reads the header in front of frame. The error is ErrShort, ErrVersion
// or ErrLength; anything else that is wrong is told by Header.Malformed.
func Parse(frame []byte) (Header, error) {
	n, ok := Length(frame)
	if !ok {
		return Header{}, lengthError(frame)
	}
	head := frame[:n]
	if h, ok := usual(head); ok {
		return h, nil
	}
	w := walk{h: Header{Length: n}, head: head}
	w.words()
	return w.h, nil
}

// usual reads the headers that nearly all drivers make, in which the first
// presence word has all that is looked for and nothing is cut short: the same
// as the walk does, in half the time.
func usual(head []byte) (Header, bool) {
	word := binary.LittleEndian.Uint32(head[4:])
	if word&enough != enough {
		return Header{}, false
	}
	pos, more := MinLength, word
	for more&(1<<bitMore) != 0 {
		if pos+4 > len(head) {
			return Header{}, false
		}
		more = binary.LittleEndian.Uint32(head[pos:])
		pos += 4
	}
	if word&(1<<bitTSFT) != 0 {
		pos = (pos+7)&^7 + 8
	}
	flags := pos
	channel := (flags + 1 + int(word>>bitRate&1) + 1) &^ 1 // behind flags and rate
	signal := channel + 4 + 2*int(word>>bitFHSS&1)
	noise := int(word >> bitNoise & 1)
	if signal+noise >= len(head) {
		return Header{}, false
	}
	h := Header{
		Length:    len(head),
		FreqMHz:   int(binary.LittleEndian.Uint16(head[channel:])),
		SignalDBm: int(int8(head[signal])),
		HasSignal: true,
		HasFCS:    head[flags]&flagFCS != 0,
		BadFCS:    head[flags]&flagBadFCS != 0,
		Padded:    head[flags]&flagPadded != 0,
	}
	if noise != 0 {
		h.NoiseDBm, h.HasNoise = int(int8(head[signal+1])), true
	}
	return h, true
}

// ClearFCS takes back, in the header in front of frame, that the frame's last
// four bytes are its checksum. A frame that was cut has lost it, and whoever
// believes the flag takes what the cut left at the end for one: Kismet's server
// finds it wrong and ignores the frame. A header that cannot be read is left
// alone.
func ClearFCS(frame []byte) {
	n, ok := Length(frame)
	if !ok {
		return
	}
	w := walk{head: frame[:n]}
	w.words()
	if w.flags != nil {
		w.flags[0] &^= flagFCS
	}
}

func lengthError(frame []byte) error {
	switch {
	case len(frame) < MinLength:
		return ErrShort
	case frame[0] != 0:
		return ErrVersion
	default:
		return ErrLength
	}
}
