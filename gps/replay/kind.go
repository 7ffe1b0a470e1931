package replay

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// A kind is what lines of a log are.
type kind int

const (
	unknown  kind = iota
	sentence      // NMEA
	gpsdJSON
	kinds
)

func (k kind) String() string {
	return [...]string{"lines", "sentences", "gpsd's reports"}[k]
}

// detect says of what kind the first line of a log is that is of any.
func detect(head []byte) kind {
	for line := range bytes.Lines(head) {
		if k := kindOf(line); k != unknown {
			return k
		}
	}
	return unknown
}

// kindOf says what one line is.
func kindOf(line []byte) kind {
	if comment(line) {
		return unknown
	}
	if report := jsonOf(line); report != nil && classOf(report) != "" {
		return gpsdJSON
	}
	for rest := line; ; {
		i := bytes.IndexByte(rest, '$')
		if i < 0 {
			return unknown
		}
		if rest = rest[i+1:]; looksLikeSentence(rest) {
			return sentence
		}
	}
}

// looksLikeSentence reports whether text can be what stands behind a $: an
// address of capitals and digits, of a talker and a formatter or of a maker, and
// a comma.
func looksLikeSentence(text []byte) bool {
	address, _, ok := bytes.Cut(text, []byte(","))
	if !ok || len(address) < 4 || len(address) > 10 || len(address) == 4 && address[0] != 'P' {
		return false
	}
	for _, c := range address {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// comment reports whether a line is one of gpsd's regression logs: what they
// say of a receiver may look like its sentences.
func comment(line []byte) bool { return len(line) > 0 && line[0] == '#' }

// jsonOf returns the object in a line, without what stands around it, or nil.
func jsonOf(line []byte) []byte {
	begin, end := bytes.IndexByte(line, '{'), bytes.LastIndexByte(line, '}')
	if begin < 0 || end < begin {
		return nil
	}
	return line[begin : end+1]
}

// stamp returns the time, UTC in ns, that was written in front of a line when
// it arrived; 0 if there is none, or one whose zone or fraction is anybody's
// guess.
func stamp(prefix []byte) int64 {
	if len(prefix) == 0 || len(prefix) > 80 {
		return 0
	}
	for word := range strings.FieldsSeq(string(prefix)) {
		word = strings.Trim(word, "[](),;:\t")
		if !strings.Contains(word, ".") {
			continue
		}
		if t := seconds(word); t != 0 {
			return t
		}
		for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
			if t, err := time.Parse(layout, word); err == nil && t.Unix() > minStamp && t.Unix() < maxStamp {
				return t.UnixNano()
			}
		}
	}
	return 0
}

// Stamps are of the time in which there are receivers, 1980 on, and no number
// that happens to stand in front of a line.
const (
	minStamp = 315_532_800
	maxStamp = 7_258_118_400
)

// seconds reads seconds since 1970 with a fraction.
func seconds(s string) int64 {
	whole, fraction, _ := strings.Cut(s, ".")
	if len(fraction) == 0 || len(fraction) > 9 {
		return 0
	}
	sec, err := strconv.ParseUint(whole, 10, 34)
	if err != nil || sec < minStamp || sec > maxStamp {
		return 0
	}
	ns, err := strconv.ParseUint(fraction+strings.Repeat("0", 9-len(fraction)), 10, 30)
	if err != nil {
		return 0
	}
	return int64(sec)*1_000_000_000 + int64(ns)
}
