package kismet

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/sensord/sensord/capture"
)

// Append appends m as a frame that a sensor sends. In v3 the answers Pong,
// OpenReport and ConfigureReport carry the Seq of the request in their header
// too, as servers expect; seq, the sensor's own counter, is used if that is 0.
//
// Append and AppendServer take every type of Message, whoever sends it in real
// life. They panic for a nil message and for a generation that does not exist.
func Append(dst []byte, v Version, seq uint32, m Message) []byte {
	return appendMessage(dst, v, seq, m, false)
}

// AppendServer appends m as a frame that a server sends: success in every v3
// header, only the fields that servers fill, and in a v3 Pong only the low 16
// bits of the sequence number that it answers.
func AppendServer(dst []byte, v Version, seq uint32, m Message) []byte {
	return appendMessage(dst, v, seq, m, true)
}

// AppendData appends a data report as a sensor sends it. It allocates nothing
// if dst has room for the frame. A frame that would be longer than MaxFrame
// gets less of Packet.Content, the original length kept; if that is not enough
// the names are cut, and the JSON block is left out. d is only read.
func AppendData(dst []byte, v Version, seq uint32, d *Data) []byte {
	lim := noLimits()
	if d.Packet != nil {
		lim.content = min(lim.content, len(d.Packet.Content))
	}
	for start := len(dst); ; {
		dst = appendFrame(dst[:start], v, seq, d, side{limits: lim})
		over := len(dst) - start - MaxFrame
		switch {
		case over <= 0:
			return dst
		case lim.content >= over:
			lim.content -= over
		case lim.text > cutText:
			lim.text = cutText
		default:
			lim.json = false
		}
	}
}

// limits says how much of what can be long goes into a frame.
type limits struct {
	content    int // bytes of a captured frame
	text       int // bytes of any other string
	definition int // bytes of a source definition
	channels   int // entries of a channel list
	json       bool
}

// maxChannels bounds every channel list, in both directions. The longest real
// ones, 6 GHz with all widths, have some hundred entries.
const maxChannels = 4096

// What strings are cut to in frames that are too long: so short that the
// strings of any one message together leave room for the rest.
const (
	cutText       = 1 << 10
	cutDefinition = 12 << 10
)

func noLimits() limits {
	const all = 1 << 30
	return limits{content: MaxFrame, text: all, definition: all, channels: maxChannels, json: true}
}

func (l limits) cut(s string) string           { return cut(s, l.text) }
func (l limits) cutDefinition(s string) string { return cut(s, l.definition) }
func (l limits) list(c []string) []string      { return c[:min(len(c), l.channels)] }

// cut returns at most n bytes of s and does not cut a character in two.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// noMessage is what the encoders panic with. It does not say what it is
// instead: with that in the text, m and all it points to would have to live on
// the heap.
const noMessage = "kismet: to encode nil or a pointer, other than *Data, is a bug of the caller"

// side is from where a message is written, and within which limits.
type side struct {
	server bool
	limits
}

func appendMessage(dst []byte, v Version, seq uint32, m Message, server bool) []byte {
	switch d := m.(type) {
	case Data:
		return AppendData(dst, v, seq, &d)
	case *Data:
		return AppendData(dst, v, seq, d)
	}
	start := len(dst)
	s := side{server: server, limits: noLimits()}
	dst = appendFrame(dst, v, seq, m, s)
	for len(dst)-start > MaxFrame {
		// Long texts go first, then the ends of channel lists.
		if s.text > cutText {
			s.text, s.definition = cutText, cutDefinition
		} else {
			s.channels = s.channels * 3 / 4
		}
		dst = appendFrame(dst[:start], v, seq, m, s)
	}
	return dst
}

// appendFrame appends header and payload, and then fills in what only the
// payload tells.
func appendFrame(dst []byte, v Version, seq uint32, m Message, s side) []byte {
	start := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, signature)
	switch v {
	case V3:
		dst = binary.BigEndian.AppendUint32(dst, magic3)
		dst = appendHeader3(dst, seq, m, s)
		dst = appendPayload3(dst, m, s)
		patchLength(dst[start:], headerSize3)
	case V2:
		dst = binary.BigEndian.AppendUint32(dst, magic2)
		dst = appendHeader2(dst, seq, m)
		dst = appendPayload2(dst, m, s)
		patchLength(dst[start:], headerSize2)
	case V0:
		dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0) // checksum, length
		dst = appendEnvelope(dst, seq, m, s)
		binary.BigEndian.PutUint32(dst[start+4:], capture.Checksum(dst[start+stubSize:]))
		patchLength(dst[start:], stubSize)
	default:
		panic(fmt.Sprintf("kismet: there is no protocol generation %d", v))
	}
	return dst
}

func patchLength(frame []byte, head int) {
	binary.BigEndian.PutUint32(frame[lengthAt:], uint32(len(frame)-head))
}
