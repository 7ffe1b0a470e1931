package feed

import "bytes"

// looks counts signs of what bytes may be that are no valid sentences, so that
// the error can say it.
type looks struct {
	ubx, sirf, gpsd int
	bare, wrong     int // sentences without a checksum, and with a wrong one
	text            int // printable bytes and line ends
	all             int

	in      within
	address int // bytes of it, in a sentence
}

// within is where in a sentence bytes end.
type within uint8

const (
	nothing  within = iota
	address         // of talker and kind, behind $ or !
	fields          //
	checksum        // behind the asterisk
)

func (l *looks) note(data []byte) {
	l.ubx += bytes.Count(data, []byte{0xB5, 0x62})  // u-blox, interface description: sync characters
	l.sirf += bytes.Count(data, []byte{0xA0, 0xA2}) // SiRF binary protocol: start sequence
	l.gpsd += bytes.Count(data, []byte(`{"class":"`))
	for _, c := range data {
		if c >= ' ' && c <= '~' || c == '\r' || c == '\n' {
			l.text++
		}
		l.sentence(c)
	}
	l.all += len(data)
}

// sentence follows sentences. One that another cut off does not count: it would
// have had a checksum.
func (l *looks) sentence(c byte) {
	switch {
	case c == '\r' || c == '\n':
		l.lineEnds()
	case c == '$', c == '!' && l.in == nothing:
		if l.in == checksum {
			l.wrong++
		}
		l.in, l.address = address, 0
	case l.in == address && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'):
		l.address++
	case l.in == address && c == ',' && l.address >= len("PUBX") && l.address <= 10:
		l.in = fields
	case l.in == fields && c == '*':
		l.in = checksum
	case l.in == address || c < ' ' || c > '~':
		l.in = nothing
	}
}

// lineEnds says that a line is at its end, as is a datagram.
func (l *looks) lineEnds() {
	switch l.in {
	case fields:
		l.bare++
	case checksum:
		l.wrong++
	case nothing, address:
	}
	l.in = nothing
}

func (l *looks) add(m looks) {
	l.ubx += m.ubx
	l.sirf += m.sirf
	l.gpsd += m.gpsd
	l.bare += m.bare
	l.wrong += m.wrong
	l.text += m.text
	l.all += m.all
}

// judge says what the bytes look like, as the end of a sentence, and what to do
// where the usual remedy would mislead; both may be "". strict is whether
// sentences need a checksum.
func (l *looks) judge(strict bool) (what, advice string) {
	switch {
	case l.ubx > 2:
		return "; it looks like u-blox's binary protocol", binaryAdvice
	case l.sirf > 2:
		return "; it looks like SiRF's binary protocol", binaryAdvice
	case l.gpsd > 0:
		return "; it looks like gpsd", "reach it as a receiver of type gpsd"
	case l.bare > 0 && !strict:
		return "; it is NMEA that does not say where the receiver is", ""
	case l.bare > 0 && l.wrong > 0:
		return "; it is NMEA, and its checksums are missing or wrong", bareAdvice
	case l.bare > 0:
		return "; it is NMEA, and its checksums are missing", bareAdvice
	case l.wrong > 0:
		return "; it is NMEA, and its checksums are wrong", "find out what changes it on its way: a second program that reads there, a filter, a bad line; sentences without any checksum are taken with checksum: optional (checksum=optional with --gps)"
	case l.all > 0 && l.text > l.all*95/100:
		return "; it is text, but no sentences", ""
	}
	return "", ""
}

const (
	binaryAdvice = "gpsd leaves receivers in their binary protocol: set it back with `gpsctl -n DEVICE`, or unplug it for a minute"
	bareAdvice   = "take sentences without a checksum, too: checksum: optional (checksum=optional with --gps)"
)
