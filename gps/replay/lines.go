package replay

import (
	"bytes"
	"fmt"

	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/gps/nmea"
)

// sentences reads a log of NMEA: bytes as they came, with stamps in between.
func (l *log) sentences() (take func(chunk []byte, cut bool), end func()) {
	d := nmea.NewDecoder(nmea.Options{StartDate: l.o.StartDate, NoChecksum: l.o.NoChecksum})
	l.says = func() string {
		c := d.Counts()
		return fmt.Sprintf("%d sentences, of them %d of use, %d with a wrong or no checksum",
			c.Sentences+c.Unknown+c.BadChecksum+c.Malformed, c.Sentences, c.BadChecksum)
	}
	l.refused = func() bool { return d.Counts().BadChecksum > 0 }
	rest := false // the chunk goes on with the line before it
	take = func(chunk []byte, cut bool) {
		begins := !rest
		rest = cut
		if begins && comment(chunk) {
			return
		}
		if begins {
			l.stampNs = 0
			if i := bytes.IndexAny(chunk, `$!\`); i > 0 {
				l.stamp(chunk[:i])
			}
		}
		before := d.Counts()
		d.Write(chunk, l.now(), l.event)
		after := d.Counts()
		if after.BadChecksum > before.BadChecksum {
			l.damage("wrong or no checksum")
		} else if after.Malformed > before.Malformed {
			l.damage("a sentence that makes no sense")
		}
	}
	return take, func() { d.Flush(l.event) }
}

// reports reads a log of gpsd's JSON.
func (l *log) reports() (take func(chunk []byte, cut bool), end func()) {
	d := gpsd.NewDecoder(gpsd.DecoderOptions{Whole: true})
	reports := 0
	l.says = func() string { return fmt.Sprintf("%d reports of gpsd", reports) }
	rest := false
	take = func(chunk []byte, cut bool) {
		begins := !rest
		rest = cut
		if cut || !begins {
			if begins {
				l.damage("too long")
			}
			return
		}
		if comment(chunk) {
			return
		}
		report := jsonOf(chunk)
		if report == nil {
			if bytes.Contains(chunk, []byte(`{"class"`)) {
				l.damage("half a report")
			}
			return
		}
		l.stamp(chunk[:bytes.IndexByte(chunk, '{')])
		if err := d.Line(report, l.now(), l.event); err != nil {
			l.damage("no report of gpsd")
			return
		}
		reports++
	}
	return take, func() { d.Flush(l.event) }
}

// stamp takes what stands in front of a line.
func (l *log) stamp(prefix []byte) {
	if l.stampNs = stamp(prefix); l.stampNs != 0 {
		l.lastNs = l.stampNs
	}
}
