package spool

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

const (
	flagSystemOffset = 1
	flagFixed        = 2
)

// appendState appends the record of a state: its time, the clock, the options,
// and the fixed position if there is one.
func appendState(buf []byte, boot Boot, s *State) []byte {
	h := header{kind: kindState, boot: boot, count: 1}
	buf, at := begin(buf)
	le := binary.LittleEndian
	c := &s.Clock
	for _, v := range [...]int64{s.BootNs, c.OffsetNs, c.ErrorNs, c.SystemOffsetNs, c.SystemErrorNs, int64(s.Options.Predict)} {
		buf = le.AppendUint64(buf, uint64(v))
	}
	buf = appendFloats(buf, s.Options.LimitM)
	var flags byte
	if c.HasSystemOffset {
		flags |= flagSystemOffset
	}
	if s.HasFixed {
		flags |= flagFixed
	}
	buf = append(buf, flags)
	buf = appendText(buf, string(c.Source))
	if s.HasFixed {
		p := &s.Fixed
		buf = appendFloats(buf, p.Lat, p.Lon, p.AltMSL, p.SpeedMPS, p.Heading, p.AccuracyM)
		buf = appendText(appendText(buf, p.Kind), p.Receiver)
	}
	h.finish(buf, at)
	return buf
}

func readState(payload []byte) (s State, ok bool) {
	d := decoder{p: payload}
	c := &s.Clock
	s.BootNs, c.OffsetNs, c.ErrorNs, c.SystemOffsetNs, c.SystemErrorNs = d.int64(), d.int64(), d.int64(), d.int64(), d.int64()
	s.Options = gps.TrackOptions{Predict: time.Duration(d.int64()), LimitM: d.float()}
	flags := d.byte()
	c.HasSystemOffset, s.HasFixed = flags&flagSystemOffset != 0, flags&flagFixed != 0
	c.Source = gps.ClockSource(d.text())
	if s.HasFixed {
		p := &s.Fixed
		for _, v := range [...]*float64{&p.Lat, &p.Lon, &p.AltMSL, &p.SpeedMPS, &p.Heading, &p.AccuracyM} {
			*v = d.float()
		}
		p.Kind, p.Receiver = d.text(), d.text()
	}
	return s, !d.short
}

func appendFloats(buf []byte, values ...float64) []byte {
	for _, v := range values {
		buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(v))
	}
	return buf
}

// appendText appends at most 255 bytes of a text behind their number.
func appendText(buf []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint8)]
	return append(append(buf, byte(len(s))), s...)
}

// decoder reads values from p. Behind its end they are zero, and short is set.
type decoder struct {
	p     []byte
	short bool
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.p) {
		d.short = true
		n = 0
	}
	b := d.p[:n]
	d.p = d.p[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) int64() int64 {
	if b := d.bytes(8); len(b) == 8 {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func (d *decoder) float() float64 { return math.Float64frombits(uint64(d.int64())) }

func (d *decoder) float32() float64 {
	if b := d.bytes(4); len(b) == 4 {
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return 0
}

func (d *decoder) text() string { return string(d.bytes(int(d.byte()))) }
