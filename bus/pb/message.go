package pb

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// How large a message may be, in bytes, as protobuf or as JSON.
const (
	MaxPositionBytes = 1 << 10
	MaxMetaGPSBytes  = 1 << 10
	MaxStatusBytes   = 64 << 10
	MaxEventBytes    = 4 << 10
	MaxClaimBytes    = 1 << 10
)

// A Message is one that is published as a whole: *Position, *MetaGPS, *Status,
// *Event or *Claim.
type Message interface {
	proto.Message
	GetHead() *Head
	limit() int     // bytes
	bound(b *bound) // shows b all that has bounds
}

func (*Position) limit() int { return MaxPositionBytes }
func (*MetaGPS) limit() int  { return MaxMetaGPSBytes }
func (*Status) limit() int   { return MaxStatusBytes }
func (*Event) limit() int    { return MaxEventBytes }
func (*Claim) limit() int    { return MaxClaimBytes }

// DecodePosition reads a Position as somebody published it, in protobuf or,
// where the first byte is '{', in JSON. The error says in words what is wrong,
// of what is malformed, too large, without a place, or beyond what can be.
func DecodePosition(data []byte) (*Position, error) { return decode(data, new(Position)) }

// DecodeMetaGPS is DecodePosition for a MetaGPS.
func DecodeMetaGPS(data []byte) (*MetaGPS, error) { return decode(data, new(MetaGPS)) }

// DecodeStatus is DecodePosition for a Status, which needs a state.
func DecodeStatus(data []byte) (*Status, error) { return decode(data, new(Status)) }

// DecodeEvent is DecodePosition for an Event, which needs a text.
func DecodeEvent(data []byte) (*Event, error) { return decode(data, new(Event)) }

// DecodeClaim is DecodePosition for a Claim, which needs a UUID.
func DecodeClaim(data []byte) (*Claim, error) { return decode(data, new(Claim)) }

// decode fills m, and returns it if it is as it may be. data is not kept.
func decode[M Message](data []byte, m M) (M, error) {
	var none M
	if len(data) > m.limit() {
		return none, fmt.Errorf("%d bytes are more than %d", len(data), m.limit())
	}
	if err := unmarshal(data, m); err != nil {
		return none, err
	}
	b := bound{}
	m.bound(&b)
	if b.err != nil {
		return none, b.err
	}
	return m, nil
}

// maxObjects is how many objects a message may have, of which the largest has
// about 300. One of two bytes becomes hundreds in memory.
const maxObjects = 1024

var (
	errObjects = fmt.Errorf("it has more than %d objects", maxObjects)
	errWire    = errors.New("it is no such message, neither as protobuf nor as JSON")
	errAny     = errors.New("it is no message of sensord's, or one that is refused: with its subject one would know why")
)

func unmarshal(data []byte, m proto.Message) error {
	if len(data) > 0 && data[0] == '{' { // in protobuf a group of field 15, which no message has
		if bytes.Count(data, []byte{'{'}) > maxObjects {
			return errObjects
		}
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, m); err != nil {
			return fmt.Errorf("it is no such message: %s", plain(err))
		}
		return nil
	}
	if err := countFields(data); err != nil {
		return err
	}
	if proto.Unmarshal(data, m) != nil { // which says no more than that
		return errWire
	}
	return nil
}

// countFields refuses what has more fields on its first level than any message
// of ours, as lists of thousands of empty objects do.
func countFields(data []byte) error {
	for n := 0; len(data) > 0; n++ {
		size := fieldSize(data)
		if size < 0 {
			return errWire
		}
		if n == maxObjects {
			return errObjects
		}
		data = data[size:]
	}
	return nil
}

func fieldSize(data []byte) int {
	_, _, n := protowire.ConsumeField(data)
	return n
}

// plain is an error of the protobuf library without its name and its blanks
// that differ from build to build, and fit to be shown.
func plain(err error) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, err.Error())
	text = strings.TrimSpace(strings.TrimPrefix(text, "proto:"))
	return cut(text, maxShown)
}

const maxShown = 160

// DecodeAny reads a message of which nobody says what it is, by what it has:
// where one has lost its subject.
func DecodeAny(data []byte) (Message, error) {
	if m, err := DecodeMetaGPS(data); err == nil && m.Name != "" {
		return m, nil
	}
	if m, err := DecodePosition(data); err == nil {
		return m, nil
	}
	if m, err := DecodeClaim(data); err == nil && looksUUID(m.Uuid) {
		return m, nil
	}
	if m, err := DecodeEvent(data); err == nil {
		return m, nil
	}
	if m, err := DecodeStatus(data); err == nil {
		return m, nil
	}
	return nil, errAny
}

func looksUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}
