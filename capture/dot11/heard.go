package dot11

import (
	"encoding/binary"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/radiotap"
)

// Heard is a network and how a radio heard it.
type Heard struct {
	Network
	RadioMHz  int // middle of the channel that the radio was on; 0 if it did not say
	SignalDBm int // valid if HasSignal
	HasSignal bool
}

// Read is Parse for a captured frame with what its radio puts in front:
// radiotap, PPI or nothing. It reports false also for a frame whose checksum the
// radio found wrong. Where the network does not name its channel, or one that
// the radio cannot have heard, Channel and FreqMHz are those of the radio.
func Read(f capture.Frame) (h Heard, ok bool) {
	frame := f.Data
	var fcs bool
	switch f.LinkType {
	case capture.LinkTypeIEEE80211:
	case capture.LinkTypeRadiotap:
		head, err := radiotap.Parse(frame)
		if err != nil || head.BadFCS {
			return h, false
		}
		frame, fcs = frame[head.Length:], head.HasFCS
		h.RadioMHz, h.SignalDBm, h.HasSignal = head.FreqMHz, head.SignalDBm, head.HasSignal
	case capture.LinkTypePPI:
		if frame, fcs, ok = h.ppi(frame); !ok {
			return Heard{}, false
		}
	default:
		return h, false
	}
	frame, cut := withoutFCS(frame, fcs, int64(f.OrigLen)-int64(len(f.Data)))
	if h.Network, ok = Parse(frame); !ok {
		return Heard{}, false
	}
	h.Cut = h.Cut || cut
	h.tune()
	return h, true
}

// tune takes the radio's channel where the network names none, or one of
// another band than the radio can have heard it on.
func (h *Heard) tune() {
	if h.RadioMHz == 0 {
		return
	}
	radio := capture.Channel{FreqMHz: h.RadioMHz}
	if h.FreqMHz == 0 || radio.Band() != (capture.Channel{FreqMHz: h.FreqMHz}).Band() {
		h.FreqMHz, h.Channel = h.RadioMHz, radio.Number()
	}
}

// withoutFCS takes the checksum off a frame of which missing bytes are, and
// reports whether more than that is cut: it was the first to go.
func withoutFCS(frame []byte, fcs bool, missing int64) (rest []byte, cut bool) {
	if !fcs {
		return frame, missing > 0
	}
	const fcsLen = 4
	if there := fcsLen - max(0, missing); there > 0 {
		return frame[:max(0, len(frame)-int(there))], false
	}
	return frame, missing > fcsLen
}

// ppi reads a PPI header: "PPI Packet Header format", CACE Technologies, 1.0.10.
// The fields are the sequence type, length, value.
func (h *Heard) ppi(b []byte) (frame []byte, fcs, ok bool) {
	const (
		headLen    = 8
		common     = 2 // the type of the 802.11 common field
		commonLen  = 20
		flagFCS    = 1 << 0
		flagBadFCS = 1 << 2
		noSignal   = -128
	)
	if len(b) < headLen || b[0] != 0 {
		return nil, false, false
	}
	size := int(binary.LittleEndian.Uint16(b[2:]))
	link := binary.LittleEndian.Uint32(b[4:])
	if size < headLen || size > len(b) || link != uint32(capture.LinkTypeIEEE80211) {
		return nil, false, false
	}
	for fields := b[headLen:size]; len(fields) >= 4; {
		kind, n := binary.LittleEndian.Uint16(fields), int(binary.LittleEndian.Uint16(fields[2:]))
		if len(fields) < 4+n {
			break
		}
		value := fields[4 : 4+n]
		fields = fields[4+n:]
		if kind != common || n < commonLen {
			continue
		}
		flags := binary.LittleEndian.Uint16(value[8:])
		if flags&flagBadFCS != 0 {
			return nil, false, false
		}
		fcs = flags&flagFCS != 0
		h.RadioMHz = int(binary.LittleEndian.Uint16(value[12:]))
		if dbm := int(int8(value[18])); dbm != noSignal && dbm != 0 {
			h.SignalDBm, h.HasSignal = dbm, true
		}
	}
	return b[size:], fcs, true
}
