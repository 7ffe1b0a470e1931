package export

import (
	"bytes"
	"container/list"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/capture/dot11"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// A sighting is one network at one place: a row that is not complete yet.
type sighting struct {
	bssid   radiotap.MAC
	element *list.Element

	first           gps.Position
	firstNs, lastNs int64

	// Of the frame that counts.
	heard     bool
	timeNs    int64
	position  gps.Position
	channel   int
	freqMHz   int
	signalDBm int
	hasSignal bool
	auth      []byte

	// Of any frame.
	ssid, rcois []byte
}

// hear takes what a frame says.
func (s *sighting) hear(l *frames.Located, h *dot11.Heard) {
	s.lastNs = l.TimeNs
	if len(s.ssid) == 0 && len(h.SSID) > 0 {
		s.ssid = append(s.ssid[:0], h.SSID...)
	}
	if len(s.rcois) == 0 {
		s.rcois = h.AppendRCOIs(s.rcois[:0])
	}
	if s.heard && !s.better(l, h) {
		return
	}
	s.heard = true
	s.timeNs, s.position = l.TimeNs, l.Position
	s.channel, s.freqMHz = h.Channel, h.FreqMHz
	s.signalDBm, s.hasSignal = h.SignalDBm, h.HasSignal
	s.auth = h.AppendAuthMode(s.auth[:0])
}

// better reports whether a frame says better than the one that counts where the
// network is.
func (s *sighting) better(l *frames.Located, h *dot11.Heard) bool {
	switch {
	case s.hasSignal != h.HasSignal:
		return h.HasSignal
	case h.HasSignal && s.signalDBm != h.SignalDBm:
		return h.SignalDBm > s.signalDBm
	}
	return l.Position.AccuracyM < s.position.AccuracyM || math.IsNaN(s.position.AccuracyM)
}

// renamed reports whether a name is another than the one that is known.
func (s *sighting) renamed(ssid []byte) bool {
	return len(ssid) > 0 && len(s.ssid) > 0 && !bytes.Equal(ssid, s.ssid)
}

// appendRow appends the row's 14 columns.
func (s *sighting) appendRow(b []byte) []byte {
	p := &s.position
	b = appendMAC(b, s.bssid)
	b = appendName(append(b, ','), s.ssid)
	b = appendField(append(b, ','), s.auth)
	b = time.Unix(0, s.timeNs).UTC().AppendFormat(append(b, ','), "2006-01-02 15:04:05")
	b = appendKnown(append(b, ','), s.channel)
	b = appendKnown(append(b, ','), s.freqMHz)
	signal := 0
	if s.hasSignal {
		signal = s.signalDBm
	}
	b = strconv.AppendInt(append(b, ','), int64(signal), 10)
	b = strconv.AppendFloat(append(b, ','), p.Lat, 'f', 8, 64)
	b = strconv.AppendFloat(append(b, ','), p.Lon, 'f', 8, 64)
	b = appendNumber(append(b, ','), p.AltMSL, 0)
	b = appendNumber(append(b, ','), p.AccuracyM, 1)
	b = append(append(b, ','), s.rcois...)
	return append(b, ",,WIFI\n"...) // MfgrId is of Bluetooth
}

// appendKnown appends a number that is 0 if it is not known: an empty column.
func appendKnown(b []byte, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(b, int64(n), 10)
}

// appendNumber appends a number with so many decimals, 0 if it is not known, as
// WiGLE's own program does.
func appendNumber(b []byte, v float64, decimals int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	at := len(b)
	b = strconv.AppendFloat(b, v, 'f', decimals, 64)
	if string(b[at:]) == "-0" {
		b = append(b[:at], '0')
	}
	return b
}

func appendMAC(b []byte, m radiotap.MAC) []byte {
	const digits = "0123456789abcdef"
	for i, c := range m {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}

// appendName appends a name that a stranger chose as valid UTF-8: what is none,
// and control characters that no CSV reader expects, become U+FFFD. Line ends
// stay; they are quoted.
func appendName(b, text []byte) []byte {
	clean := true
	for _, c := range text {
		clean = clean && c >= ' ' && c < utf8.RuneSelf && c != 0x7F
	}
	if clean {
		return appendField(b, text)
	}
	var buf [3 * 32]byte // the longest that an SSID can become
	valid := buf[:0]
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		text = text[n:]
		if (r < ' ' || r >= 0x7F && r < 0xA0) && r != '\n' && r != '\r' && r != '\t' {
			r = utf8.RuneError
		}
		valid = utf8.AppendRune(valid, r)
	}
	return appendField(b, valid)
}

// appendField appends a field, in quotes where RFC 4180 wants them, or where a
// reader could take spaces at its ends for nothing.
func appendField(b, field []byte) []byte {
	if len(field) == 0 {
		return b
	}
	if !bytes.ContainsAny(field, ",\"\r\n") && field[0] > ' ' && field[len(field)-1] > ' ' {
		return append(b, field...)
	}
	b = append(b, '"')
	for _, c := range field {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

// sightings are the open rows by network, in the order in which they were last
// heard.
type sightings struct {
	byBSSID map[radiotap.MAC]*sighting
	order   *list.List // of *sighting
}

func newSightings() sightings {
	return sightings{byBSSID: map[radiotap.MAC]*sighting{}, order: list.New()}
}

func (s *sightings) len() int { return len(s.byBSSID) }

func (s *sightings) find(bssid radiotap.MAC) *sighting { return s.byBSSID[bssid] }

// oldest returns what has not been heard for longest, nil if nothing is open.
func (s *sightings) oldest() *sighting {
	if e := s.order.Front(); e != nil {
		return e.Value.(*sighting)
	}
	return nil
}

// add opens a row that begins with a frame.
func (s *sightings) add(bssid radiotap.MAC, l *frames.Located) *sighting {
	n := &sighting{bssid: bssid, first: l.Position, firstNs: l.TimeNs, lastNs: l.TimeNs}
	n.element = s.order.PushBack(n)
	s.byBSSID[bssid] = n
	return n
}

func (s *sightings) touch(n *sighting) { s.order.MoveToBack(n.element) }

func (s *sightings) remove(n *sighting) {
	s.order.Remove(n.element)
	delete(s.byBSSID, n.bssid)
}
