package pb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

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
// bit numbers are strings, as protobuf has it. Unknown fields are not in it.
// Characters that a terminal might take for commands are escaped. A text that
// is no UTF-8 makes it "{}".
func JSON(m proto.Message) []byte {
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		return []byte("{}")
	}
	var line bytes.Buffer // without the blanks, which differ from build to build
	if json.Compact(&line, data) != nil {
		return []byte("{}")
	}
	return escape(line.Bytes())
}

// escape writes what is not printable as JSON does, which it is only in texts.
func escape(line []byte) []byte {
	bad := func(r rune) bool { return r > unicode.MaxASCII && !unicode.IsPrint(r) || r == 0x7f }
	if !bytes.ContainsFunc(line, bad) {
		return line
	}
	var b strings.Builder
	for _, r := range string(line) {
		switch {
		case !bad(r):
			b.WriteRune(r)
		case utf16.RuneLen(r) == 2:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return []byte(b.String())
}
