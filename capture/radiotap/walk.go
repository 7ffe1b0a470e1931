package radiotap

import (
	"encoding/binary"
	"math/bits"
)

// A field of the radiotap namespace: what its offset from the start of the
// header is a multiple of, less one, and how many bytes it has.
type field struct{ align, size uint8 }

// fields are the ones defined today, by bit.
// Source: https://www.radiotap.org/fields/defined; it does not say how FHSS is
// aligned, net/wireless/radiotap.c in Linux does.
var fields = [bitTLV]field{
	0:  {7, 8},  // TSFT
	1:  {0, 1},  // flags
	2:  {0, 1},  // rate
	3:  {1, 4},  // channel
	4:  {1, 2},  // FHSS
	5:  {0, 1},  // antenna signal, dBm
	6:  {0, 1},  // antenna noise, dBm
	7:  {1, 2},  // lock quality
	8:  {1, 2},  // TX attenuation
	9:  {1, 2},  // TX attenuation, dB
	10: {0, 1},  // TX power, dBm
	11: {0, 1},  // antenna
	12: {0, 1},  // antenna signal, dB
	13: {0, 1},  // antenna noise, dB
	14: {1, 2},  // RX flags
	15: {1, 2},  // TX flags
	16: {0, 1},  // RTS retries
	17: {0, 1},  // data retries
	18: {3, 8},  // XChannel
	19: {0, 3},  // MCS
	20: {3, 8},  // A-MPDU status
	21: {1, 12}, // VHT
	22: {7, 12}, // timestamp
	23: {1, 12}, // HE
	24: {1, 12}, // HE-MU
	25: {1, 6},  // HE-MU of other users
	26: {0, 1},  // PSDU of length 0
	27: {1, 4},  // L-SIG
}

// wanted are the fields that end up in a Header.
const wanted = 1<<bitFlags | 1<<bitChannel | 1<<bitSignal | 1<<bitNoise | 1<<bitXChannel

// enough are those after which a walk ends: drivers that measure noise tell it
// right behind the signal.
const enough = 1<<bitFlags | 1<<bitChannel | 1<<bitSignal

// A walk goes once through the fields of a header.
type walk struct {
	h    Header
	head []byte // the header, no more
	pos  int    // the next field, before its alignment
	seen uint32 // wanted fields that were there

	flags []byte // the flags field, nil if there is none
}

// words takes the presence words one after the other.
func (w *walk) words() {
	w.pos = 4
	for {
		if w.pos+4 > len(w.head) {
			w.h.Malformed = true
			return
		}
		w.pos += 4
		if w.head[w.pos-1]&0x80 == 0 {
			break
		}
	}
	const (
		own     = iota // the radiotap namespace
		foreign        // a vendor's, or bits beyond the ones defined: sizes unknown
	)
	space := own
	for at := 4; ; at += 4 {
		word := binary.LittleEndian.Uint32(w.head[at:])
		if space == own && !w.fields(word) {
			return
		}
		if word&(1<<bitTLV) != 0 {
			if space == own {
				w.tlvs()
			}
			return
		}
		if word&(1<<bitMore) == 0 {
			return
		}
		switch {
		case word&(1<<bitRadiotap) != 0:
			space = own
		case word&(1<<bitVendor) != 0:
			if !w.vendor() {
				return
			}
			space = foreign
		case space == own:
			// The next word's bits are numbers 32 and up of this namespace:
			// fields whose size nobody knows.
			return
		}
	}
}

// fields takes the fields of one presence word of the radiotap namespace, and
// reports whether there is anything left to look for.
func (w *walk) fields(word uint32) bool {
	for left := word & (1<<bitTLV - 1); left != 0; left &= left - 1 {
		bit := bits.TrailingZeros32(left)
		if bit > bitNoise && w.seen&enough == enough {
			return false
		}
		f := fields[bit%len(fields)]
		start := (w.pos + int(f.align)) &^ int(f.align)
		end := start + int(f.size)
		if end > len(w.head) {
			w.h.Malformed = true
			return false
		}
		w.pos = end
		if wanted>>bit&1 != 0 {
			w.take(bit, w.head[start:end])
		}
	}
	return w.seen&enough != enough
}

// take stores one field.
func (w *walk) take(bit int, b []byte) {
	if w.seen>>bit&1 != 0 {
		return
	}
	w.seen |= 1 << bit
	switch bit {
	case bitFlags:
		w.flags = b
		w.h.HasFCS = b[0]&flagFCS != 0
		w.h.BadFCS = b[0]&flagBadFCS != 0
		w.h.Padded = b[0]&flagPadded != 0
	case bitChannel:
		w.h.FreqMHz = int(binary.LittleEndian.Uint16(b))
	case bitXChannel:
		if w.h.FreqMHz == 0 {
			w.h.FreqMHz = int(binary.LittleEndian.Uint16(b[4:]))
		}
	case bitSignal:
		w.h.SignalDBm, w.h.HasSignal = int(int8(b[0])), true
	case bitNoise:
		w.h.NoiseDBm, w.h.HasNoise = int(int8(b[0])), true
	}
}

// vendor steps over a vendor's namespace: OUI, number, length of its fields.
func (w *walk) vendor() bool {
	w.pos = (w.pos + 1) &^ 1
	if w.pos+6 > len(w.head) {
		w.h.Malformed = true
		return false
	}
	w.pos += 6 + int(binary.LittleEndian.Uint16(w.head[w.pos+4:]))
	return true
}

// tlvs takes the items of type, length and value that fill the rest of the
// header. Source: https://www.radiotap.org/fields/TLV
func (w *walk) tlvs() {
	w.pos = (w.pos + 3) &^ 3
	for w.pos+4 <= len(w.head) {
		kind := int(binary.LittleEndian.Uint16(w.head[w.pos:]))
		size := int(binary.LittleEndian.Uint16(w.head[w.pos+2:]))
		start := w.pos + 4
		if start+size > len(w.head) {
			w.h.Malformed = true
			return
		}
		// Bytes that the sender left out at the end are zero, so a value that
		// is too short to hold what we want says nothing.
		if kind < bitTLV && wanted>>kind&1 != 0 && size >= int(fields[kind].size) {
			w.take(kind, w.head[start:start+size])
		}
		w.pos = start + (size+3)&^3
	}
}
