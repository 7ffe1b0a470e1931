package feed

import "bytes"

// looks counts signs of what bytes may be that are no sentences, so that the
// error can say it.
type looks struct {
	ubx, sirf, gpsd int
	text            int // printable bytes and line ends
	all             int
}

func (l *looks) note(data []byte) {
	l.ubx += bytes.Count(data, []byte{0xB5, 0x62})  // u-blox, interface description: sync characters
	l.sirf += bytes.Count(data, []byte{0xA0, 0xA2}) // SiRF binary protocol: start sequence
	l.gpsd += bytes.Count(data, []byte(`{"class":"`))
	for _, c := range data {
		if c >= ' ' && c <= '~' || c == '\r' || c == '\n' {
			l.text++
		}
	}
	l.all += len(data)
}

func (l *looks) add(m looks) {
	l.ubx += m.ubx
	l.sirf += m.sirf
	l.gpsd += m.gpsd
	l.text += m.text
	l.all += m.all
}

// String says what the bytes look like, as the end of a sentence, or nothing.
func (l *looks) String() string {
	switch {
	case l.ubx > 2:
		return "; it looks like u-blox's binary protocol"
	case l.sirf > 2:
		return "; it looks like SiRF's binary protocol"
	case l.gpsd > 0:
		return "; it looks like gpsd"
	case l.all > 0 && l.text > l.all*95/100:
		return "; it is text, but no sentences"
	}
	return ""
}

// advice is what to do where the usual remedy would mislead, or "".
func (l *looks) advice() string {
	switch {
	case l.ubx > 2, l.sirf > 2:
		return "gpsd leaves receivers in their binary protocol: set it back with `gpsctl -n DEVICE`, or unplug it for a minute"
	case l.gpsd > 0:
		return "reach it as a receiver of type gpsd"
	}
	return ""
}
