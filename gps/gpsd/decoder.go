package gpsd

import (
	"github.com/sensord/sensord/gps"
)

// DecoderOptions say what a Decoder makes of gpsd's lines.
type DecoderOptions struct {
	Device string // only this device's reports; "" is all
	// Offset is the clock of gpsd's pulses (CLOCK_REALTIME of its machine)
	// minus CLOCK_BOOTTIME of this one, ns, and how far off that may be. It is
	// asked when a pulse comes. nil, or false: pulses are not told.
	Offset func() (offsetNs, errorNs int64, ok bool)
}

// A Decoder makes events of lines of gpsd's JSON.
type Decoder struct{ o DecoderOptions }

// NewDecoder returns a Decoder for one stream of lines.
func NewDecoder(o DecoderOptions) *Decoder { return &Decoder{o: o} }

// Line decodes one line that arrived at receivedNs (CLOCK_BOOTTIME).
func (d *Decoder) Line(line []byte, receivedNs int64, tell func(gps.Event)) error { panic("not yet") }
