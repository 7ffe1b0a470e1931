package nmea

// maxSentence is the most bytes that a sentence may have. The standard says
// 82; receivers with many satellites exceed that, none by far.
const maxSentence = 1024

// line finds sentences in bytes.
type line struct {
	in         place
	text       []byte // the sentence, from $ or ! on
	sum        byte   // of what stands between $ and *
	receivedNs int64  // when the sentence began
	tag        int    // bytes of the tag block at hand
}

// place is where in its grammar a line is.
type place uint8

const (
	outside  place = iota // between sentences
	inTag                 // in a tag block of NMEA 4: \…\ before a sentence
	inside                // after $ or !
	checksum              // after *
)

// take reads one byte.
func (l *line) take(c byte, receivedNs int64, d *Decoder) {
	switch l.in {
	case outside:
		l.outside(c, receivedNs, d)
	case inTag:
		l.tagged(c, receivedNs, d)
	case inside:
		l.inside(c, receivedNs, d)
	case checksum:
		l.checksum(c, receivedNs, d)
	}
}

func (l *line) outside(c byte, receivedNs int64, d *Decoder) {
	switch c {
	case '$', '!':
		l.begin(c, receivedNs)
	case '\\':
		l.in, l.tag = inTag, 1
	case '\r', '\n':
	default:
		d.counts.GarbageBytes++
	}
}

func (l *line) begin(c byte, receivedNs int64) {
	l.in, l.receivedNs, l.sum = inside, receivedNs, 0
	l.text = append(l.text[:0], c)
}

// tagged skips a tag block: nothing in it says where the receiver is.
func (l *line) tagged(c byte, receivedNs int64, d *Decoder) {
	l.tag++
	switch {
	case c == '\\':
		l.in = outside
	case c == '$' || !printable(c) || l.tag > maxSentence:
		d.counts.GarbageBytes += uint64(l.tag - 1)
		l.in = outside
		l.outside(c, receivedNs, d)
	}
}

func (l *line) inside(c byte, receivedNs int64, d *Decoder) {
	switch {
	case c == '*':
		l.text = append(l.text, c)
		l.in = checksum
	case c == '$':
		// What came before has lost its end. Some receivers write $$.
		if len(l.text) > 1 {
			d.counts.BadChecksum++
		}
		l.begin(c, receivedNs)
	case c == '\r' || c == '\n':
		l.in = outside
		if !d.options.NoChecksum {
			d.counts.BadChecksum++
			return
		}
		d.sentence(l.text, l.receivedNs)
	case !printable(c) || len(l.text) >= maxSentence:
		d.counts.GarbageBytes += uint64(len(l.text))
		l.in = outside
		l.outside(c, receivedNs, d)
	default:
		l.text = append(l.text, c)
		l.sum ^= c
	}
}

// checksum reads the two digits that end a sentence; the end of the line is not
// waited for.
func (l *line) checksum(c byte, receivedNs int64, d *Decoder) {
	if _, ok := hexDigit(c); !ok {
		d.counts.BadChecksum++
		l.in = outside
		l.outside(c, receivedNs, d)
		return
	}
	l.text = append(l.text, c)
	if l.text[len(l.text)-2] == '*' {
		return
	}
	l.in = outside
	if !sumIs(l.text[len(l.text)-2:], l.sum) {
		d.counts.BadChecksum++
		return
	}
	d.sentence(l.text, l.receivedNs)
}

func printable(c byte) bool { return c >= ' ' && c <= '~' }

func sumIs(digits []byte, sum byte) bool {
	high, ok1 := hexDigit(digits[0])
	low, ok2 := hexDigit(digits[1])
	return ok1 && ok2 && high<<4|low == sum
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
