// Package nmea turns the bytes of a NMEA 0183 receiver into fixes.
package nmea

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// Options say how a Decoder reads.
type Options struct {
	StartDate  time.Time // the day of the first sentence, for logs that carry none; zero: unknown
	NoChecksum bool      // take sentences without a checksum; a wrong one is refused all the same
}

// Counts is what a Decoder has seen.
type Counts struct {
	Sentences    uint64 // understood
	BadChecksum  uint64 // refused: the checksum is wrong or missing
	Malformed    uint64 // refused: the checksum is right and the content cannot be
	Unknown      uint64 // of kinds that say nothing of where the receiver is
	GarbageBytes uint64 // outside of sentences
}

// A Decoder turns bytes into gps.Fix, gps.Sky and gps.Notice. It belongs to one
// goroutine.
type Decoder struct{ o Options }

// NewDecoder returns a Decoder for one receiver.
func NewDecoder(o Options) *Decoder { return &Decoder{o: o} }

// Write reads what arrived at receivedNs (CLOCK_BOOTTIME).
func (d *Decoder) Write(p []byte, receivedNs int64, tell func(gps.Event)) { panic("not built yet") }

// Flush ends the epoch that is open, if it has a fix.
func (d *Decoder) Flush(tell func(gps.Event)) { panic("not built yet") }

// Counts returns what was seen so far.
func (d *Decoder) Counts() Counts { return Counts{} }

// Valid reports whether line is one NMEA sentence with the right checksum.
func Valid(line []byte) bool { panic("not built yet") }
