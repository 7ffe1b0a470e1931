package pb

import (
	"bytes"
	"encoding/json"
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

// Encode returns m as protobuf, as it may be published: texts and lists that
// are too long are cut, numbers that cannot be are left out, and what makes it
// too large all the same goes, the last first. m is not changed. The error says
// what m needs and lacks.
func Encode(m Message) ([]byte, error) {
	check := bound{}
	m.bound(&check)
	if check.err == nil {
		data, err := marshal(m)
		if err == nil && len(data) <= m.limit() {
			return data, nil
		}
	}
	for shift := range maxShift {
		less := proto.Clone(m).(Message)
		mend := bound{mend: true, shift: shift}
		less.bound(&mend)
		if mend.err != nil {
			return nil, mend.err
		}
		if shift > 0 {
			less.ProtoReflect().SetUnknown(nil)
		}
		data, err := marshal(less)
		if err != nil {
			return nil, errors.New(plain(err))
		}
		if len(data) <= m.limit() {
			return data, nil
		}
	}
	return nil, fmt.Errorf("it does not fit in %d bytes", m.limit())
}

func marshal(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}

// JSON returns a message as one line of JSON without a newline: its twin, which
// the Decode functions read. What is 0, empty or not known is left out, and 64
// bit numbers are strings, as protobuf has it. Unknown fields are not in it. A
// text that is no UTF-8 makes it "{}".
func JSON(m proto.Message) []byte {
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return []byte("{}")
	}
	var line bytes.Buffer // without the blanks, which differ from build to build
	if json.Compact(&line, data) != nil {
		return []byte("{}")
	}
	return line.Bytes()
}
