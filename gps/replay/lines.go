package replay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/gps/nmea"
)

// decoders begins to read: bytes that are no report of gpsd's are NMEA as it
// came over a line, with whatever stands in between.
func (l *log) decoders() {
	l.nmea = nmea.NewDecoder(nmea.Options{StartDate: l.o.StartDate, NoChecksum: l.o.NoChecksum})
	l.gpsd = gpsd.NewDecoder(gpsd.DecoderOptions{Whole: true})
}

// take reads a line, or a part of one that is too long: cut says that there is
// more of it.
func (l *log) take(chunk []byte, cut bool) {
	begins := !l.inLine
	l.inLine = cut
	if !begins {
		l.sentences(chunk)
		return
	}
	if comment(chunk) {
		return
	}
	l.stampNs = 0
	if cut && l.choice.by == gpsdJSON {
		l.damage("too long")
	}
	if !cut && l.report(chunk) {
		return
	}
	if i := bytes.IndexAny(chunk, `$!\`); i > 0 {
		l.stamp(chunk[:i])
	}
	if l.choice.by == unknown && kindOf(chunk) == sentence {
		l.choice.saw(sentence)
	}
	l.sentences(chunk)
}

// sentences takes what may be NMEA.
func (l *log) sentences(chunk []byte) {
	before := l.nmea.Counts()
	l.nmea.Write(chunk, l.now(), l.of(sentence))
	after := l.nmea.Counts()
	switch {
	case !l.choice.counts(sentence):
	case after.BadChecksum > before.BadChecksum:
		l.damage("wrong or no checksum")
	case after.Malformed > before.Malformed:
		l.damage("a sentence that makes no sense")
	}
}

// report takes a line if it is one of gpsd's reports, or of a log of them.
func (l *log) report(line []byte) bool {
	ofReports := l.choice.by == gpsdJSON
	report := jsonOf(line)
	if report == nil {
		if l.choice.counts(gpsdJSON) && bytes.Contains(line, []byte(`{"class"`)) {
			l.damage("half a report")
			return true
		}
		return false
	}
	if !ofReports {
		class := classOf(report)
		if class == "" {
			return false
		}
		// What gpsd says of itself and of what it was asked stands in front of
		// sentences, too; only these have fixes.
		if class == "TPV" || class == "POLL" {
			l.choice.saw(gpsdJSON)
		}
	}
	l.stamp(line[:bytes.IndexByte(line, '{')])
	if err := l.gpsd.Line(report, l.now(), l.of(gpsdJSON)); err != nil {
		if l.choice.counts(gpsdJSON) {
			l.damage("no report of gpsd")
		}
		return ofReports
	}
	l.reports++
	return true
}

// classOf returns the class of a report, "" if it is none.
func classOf(report []byte) string {
	var r struct {
		Class string `json:"class"`
	}
	if json.Unmarshal(report, &r) != nil {
		return ""
	}
	return r.Class
}

// stamp takes what stands in front of a line.
func (l *log) stamp(prefix []byte) {
	if l.stampNs = stamp(prefix); l.stampNs != 0 {
		l.lastNs = l.stampNs
	}
}

// says tells what a log without a fix is made of.
func (l *log) says() string {
	c := l.nmea.Counts()
	all := c.Sentences + c.Unknown + c.BadChecksum + c.Malformed
	sentences := fmt.Sprintf("%d sentences, of them %d of use, %d with a wrong or no checksum", all, c.Sentences, c.BadChecksum)
	reports := fmt.Sprintf("%d reports of gpsd", l.reports)
	switch {
	case l.reports == 0 && l.choice.by != gpsdJSON:
		return sentences
	case c.Sentences == 0 && l.choice.by != sentence:
		return reports
	}
	return reports + ", and " + sentences
}
