package nmea

import (
	"slices"
	"strings"
	"time"
	"unicode"

	gonmea "github.com/adrianmo/go-nmea"

	"github.com/sensord/sensord/gps"
)

// notices says what there is to know of a receiver: each thing once, and again
// when an hour went by; never more than a few in ten minutes.
type notices struct {
	told  []told
	since int64 // when the ten minutes at hand began
	count int   // in them
}

type told struct {
	text string
	ns   int64
}

const (
	noticesKept  = 16
	noticesMost  = 6
	noticesSpan  = int64(10 * time.Minute)
	noticeAgain  = int64(time.Hour)
	noticeLength = 120
)

// text tells of errors and warnings (0 and 1) that are in words and not good
// news, and of an antenna that is not well: u-blox says that as a mere notice
// (2).
func (n *notices) text(t gonmea.TXT, ns int64, tell func(gps.Event)) {
	antenna, is := strings.CutPrefix(t.Message, "ANTSTATUS=")
	ill := is && (antenna == "SHORT" || antenna == "OPEN")
	warning := t.Fields[2] != "" && (t.ID == 0 || t.ID == 1)
	if !ill && (!warning || !inWords(t.Message) || strings.HasSuffix(t.Message, "OK")) {
		return
	}
	n.say(t.Message, ns, tell)
}

func inWords(s string) bool {
	letters := 0
	for _, c := range s {
		if unicode.IsLetter(c) {
			letters++
		}
	}
	return letters >= 3 && 2*letters >= len(s)
}

// datum tells of positions that are not WGS 84.
func (n *notices) datum(t datum, ns int64, tell func(gps.Event)) {
	switch t.code {
	case "", "W84", "P90", "W72": // a few metres, or less, apart
	default:
		n.say("positions are in the datum "+t.code+", not WGS 84", ns, tell)
	}
}

// quality tells of positions that nobody measured.
func (n *notices) quality(e *epoch, tell func(gps.Event)) {
	switch {
	case !e.counted:
	case e.how == manual:
		n.say("the receiver says that its position was given by hand", e.receivedNs, tell)
	case e.how == simulated:
		n.say("the receiver says that its position is simulated", e.receivedNs, tell)
	}
}

// standing is a time of day that comes again and again, as from who tries a
// feed with one sentence: its epoch is told once, and nobody knows why nothing
// else is.
type standing struct {
	at      int64
	name    string // of the sentence that first had it
	sinceNs int64  // when that came
	again   int    // how often it did since then
}

const (
	standsFor = int64(3 * time.Second)
	// A receiver with many fixes per second, whose times have no fraction, says
	// less of one second.
	standsTimes = 40
)

// still reports whether r is another position of a time that has stood still
// for so long.
func (s *standing) still(r *report, ns int64) bool {
	switch {
	case !r.kind.opens() || r.at == noTime || r.claim != vouched:
		return false
	case s.name == "" || !near(r.at, s.at):
		*s = standing{at: r.at, name: r.name, sinceNs: ns}
		return false
	case r.name != s.name:
		return false
	}
	s.again++
	return s.again >= standsTimes || s.again > 1 && ns-s.sinceNs >= standsFor
}

func (n *notices) say(text string, ns int64, tell func(gps.Event)) {
	if len(text) > noticeLength {
		text = text[:noticeLength]
	}
	i := slices.IndexFunc(n.told, func(t told) bool { return t.text == text })
	if i >= 0 && ns-n.told[i].ns < noticeAgain {
		return
	}
	if n.count == 0 || ns-n.since >= noticesSpan {
		n.since, n.count = ns, 0
	}
	if n.count++; n.count > noticesMost {
		return
	}
	if i >= 0 {
		n.told = slices.Delete(n.told, i, i+1)
	}
	if len(n.told) == noticesKept {
		n.told = slices.Delete(n.told, 0, 1)
	}
	n.told = append(n.told, told{text, ns})
	tell(gps.Notice{Text: text})
}
