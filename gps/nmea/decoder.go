package nmea

import (
	"time"

	gonmea "github.com/adrianmo/go-nmea"

	"github.com/sensord/sensord/gps"
)

// Options say how a Decoder reads.
type Options struct {
	StartDate  time.Time // the UTC day of the first fix, for what carries none; zero: unknown
	NoChecksum bool      // take sentences without a checksum, too; a wrong one is refused all the same
}

// Counts is what a Decoder has seen.
type Counts struct {
	Sentences    uint64 // understood
	BadChecksum  uint64 // refused: the checksum is wrong or missing
	Malformed    uint64 // refused: the checksum is right, and the content cannot be
	Unknown      uint64 // with a right checksum, of kinds that say nothing of where the receiver is
	GarbageBytes uint64 // outside of sentences; line ends do not count
}

// A Decoder turns bytes into gps.Fix, gps.Sky and gps.Notice. It holds a few
// kilobytes, whatever it reads.
type Decoder struct {
	options Options
	counts  Counts
	parser  gonmea.SentenceParser

	line     line
	epochs   epochs
	sky      sky
	notices  notices
	standing standing
	tell     func(gps.Event)
	received int64 // of the first byte of the sentence at hand
}

// NewDecoder returns a Decoder for one receiver. A receiver that was away, or
// another one, needs a new one.
func NewDecoder(o Options) *Decoder {
	d := &Decoder{options: o, parser: newParser()}
	d.epochs.dates.start(o.StartDate)
	d.epochs.start()
	return d
}

// Write reads p, which arrived at receivedNs (CLOCK_BOOTTIME, ns; for a log,
// whatever stands for that). What it finds it tells before it returns: values
// that are the callee's from then on. It never fails, and the same bytes give
// the same events however they are cut.
func (d *Decoder) Write(p []byte, receivedNs int64, tell func(gps.Event)) {
	d.tell = tell
	for _, c := range p {
		d.line.take(c, receivedNs, d)
	}
	d.tell = nil
}

// Flush says that nothing comes for now: the receiver's line fell silent, as it
// does between epochs, or the input ended. It tells the fix of the epoch that
// is open. What still comes of that epoch is left out: call it after a silence
// that does not happen within an epoch (for a serial line some 30 characters'
// time, at least 50 ms).
func (d *Decoder) Flush(tell func(gps.Event)) {
	d.tell = tell
	d.finish()
	d.epochs.quiet()
	d.tell = nil
}

// Counts returns what was seen so far.
func (d *Decoder) Counts() Counts { return d.counts }

// sentence reads one sentence whose checksum is right, or may be missing.
func (d *Decoder) sentence(text []byte, receivedNs int64) {
	d.received = receivedNs
	s, err := d.parse(string(text))
	if err != nil {
		if isUnknown(err) {
			d.counts.Unknown++
			return
		}
		d.counts.Malformed++
		return
	}
	d.counts.Sentences++
	switch s := s.(type) {
	case *report:
		d.add(s)
	case *view:
		if d.sky.add(s) {
			d.tellSky()
		}
	case gonmea.TXT:
		d.notices.text(s, receivedNs, d.tell)
	case datum:
		d.notices.datum(s, receivedNs, d.tell)
	}
}

// add puts a sentence into its epoch, and tells of the epochs that end by it.
func (d *Decoder) add(r *report) {
	if d.standing.still(r, d.received) {
		d.notices.say("its time of day stands still", d.received, d.tell)
	}
	switch d.epochs.place(r) {
	case late:
		d.epochs.missed(r)
		return
	case early:
		d.epochs.keep(r)
		return
	case next:
		d.finish()
		d.epochs.begin(r, d.received)
	case here:
	}
	if d.epochs.merge(r) {
		d.finish()
	}
}

// finish ends the open epoch, if there is one, and tells its fix.
func (d *Decoder) finish() {
	if f, e := d.epochs.finish(); e != nil {
		d.tell(f)
		d.notices.quality(e, d.tell)
	}
	if d.sky.fresh {
		d.tellSky()
	}
}

func (d *Decoder) tellSky() { d.tell(d.sky.report(d.epochs.used)) }
