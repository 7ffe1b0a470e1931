package replay

import (
	"fmt"

	"github.com/sensord/sensord/gps"
)

// A choice says which kind of lines counts in a log that has both, so that no
// fix is told twice. The first position settles it; where a TPV came before the
// first position of sentences is told, it is the reports, which know devices
// apart. The other kind's positions are kept back: they say the same, and are
// left out, where the kind that counts goes on, and are told, and theirs counts
// from there on, where it does not.
type choice struct {
	by      kind  // which counts; unknown while nothing was seen that tells
	settled bool  // a position of it was told
	lastNs  int64 // the time of the last position told, UTC; 0 if it has none

	held []gps.Fix // positions of the other kind since then
	left [kinds]int
}

// enough is how many positions of one kind in a row, without one of the other
// in between, make it the one that counts. gpsd reports each epoch of its
// receiver, but may leave some out.
const enough = 10

// other returns the kind besides k.
func (k kind) other() kind {
	if k == sentence {
		return gpsdJSON
	}
	return sentence
}

// saw notes that a line of a kind that has fixes was there.
func (c *choice) saw(k kind) {
	if c.by == unknown || k == gpsdJSON && !c.settled {
		c.by = k
	}
}

// counts reports whether what lines of a kind say is told.
func (c *choice) counts(k kind) bool { return c.by == k || c.by == unknown }

// of returns what takes the events of one kind's decoder.
func (l *log) of(k kind) func(gps.Event) {
	return func(e gps.Event) {
		c := &l.choice
		f, isFix := e.(gps.Fix)
		switch {
		case !isFix || !f.HasPosition():
			// Where the other kind has a place, none of this one is no news.
			if c.counts(k) && (!isFix || len(c.held) == 0) {
				l.event(e)
			}
		case c.counts(k):
			c.leaveOut()
			l.position(k, f)
		case c.repeats(&f):
			c.left[k]++
		default:
			if c.held = append(c.held, f); len(c.held) == enough {
				l.turn(k)
			}
		}
	}
}

// position tells a position.
func (l *log) position(k kind, f gps.Fix) {
	l.choice.by, l.choice.settled, l.choice.lastNs = k, true, f.TimeNs
	l.event(f)
}

// turn makes k the kind that counts, from the positions of it on that are held.
func (l *log) turn(k kind) {
	c := &l.choice
	held := c.held
	c.held = nil
	if c.settled {
		l.event(gps.Notice{Text: fmt.Sprintf("line %d: the last %d positions are in %s, which count from there on", l.line, len(held), k)})
		l.flush(c.by, func(e gps.Event) {
			if f, ok := e.(gps.Fix); ok && f.HasPosition() {
				l.position(c.by, f)
			}
		})
	}
	for _, f := range held {
		if c.repeats(&f) {
			c.left[k]++
			continue
		}
		l.position(k, f)
	}
	c.by = k
}

// flush makes the decoder of a kind tell what it holds.
func (l *log) flush(k kind, tell func(gps.Event)) {
	if k == sentence {
		l.nmea.Flush(tell)
	} else {
		l.gpsd.Flush(tell)
	}
}

// repeats reports whether a position of the other kind is of a time of which
// one was told just before.
func (c *choice) repeats(f *gps.Fix) bool {
	const recent = 60_000_000_000 // further back, the clock was set, or it is another drive
	return c.settled && f.TimeNs != 0 && f.TimeNs <= c.lastNs && f.TimeNs > c.lastNs-recent
}

// leaveOut forgets what is held.
func (c *choice) leaveOut() {
	c.left[c.by.other()] += len(c.held)
	c.held = c.held[:0]
}

// end tells what is still held by the decoders at the end of a log, and what was
// left out of it. Few positions of one kind count if there are none of the
// other.
func (l *log) end() {
	c := &l.choice
	order := [...]kind{sentence, gpsdJSON}
	if c.by == gpsdJSON {
		order = [...]kind{gpsdJSON, sentence}
	}
	for _, k := range order {
		l.flush(k, l.of(k))
	}
	if !c.settled && len(c.held) > 0 {
		l.turn(c.by.other())
	}
	c.leaveOut()
	for _, k := range order {
		switch n := c.left[k]; n {
		case 0:
		case 1:
			l.event(gps.Notice{Text: fmt.Sprintf("it has both sentences and gpsd's reports; left out: 1 position in %s", k)})
		default:
			l.event(gps.Notice{Text: fmt.Sprintf("it has both sentences and gpsd's reports; left out: %d positions in %s", n, k)})
		}
	}
}
