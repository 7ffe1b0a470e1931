package kismet

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A tag is a field's number and wire type, as protobuf writes them in front of
// the value: 3<<3 | wireBytes.
type tag = uint64

const (
	wireVarint  = uint64(protowire.VarintType)
	wireFixed64 = uint64(protowire.Fixed64Type)
	wireBytes   = uint64(protowire.BytesType)
)

// fields walks over the fields of one protobuf message.
//
//	f := fields{name: "NewSource", b: payload}
//	for f.next() {
//		switch f.tag {
//		case 1<<3 | wireBytes:
//			n.Definition = string(f.bytes)
//		}
//	}
//	f.require(1<<3|wireBytes)
//
// A known field of another wire type is an unknown field, as in protobuf.
type fields struct {
	name string // of the message, for errors
	b    []byte
	err  error

	tag   tag
	num   uint64 // value of a varint or a fixed64
	bytes []byte // value of a bytes field: a part of the frame
	seen  [8]uint64
}

// next goes to the next field and reports whether there is one.
func (f *fields) next() bool {
	if f.err != nil || len(f.b) == 0 {
		return false
	}
	num, typ, n := protowire.ConsumeTag(f.b)
	if n < 0 {
		return f.broken(n)
	}
	f.b = f.b[n:]
	f.tag, f.num, f.bytes = protowire.EncodeTag(num, typ), 0, nil
	switch typ {
	case protowire.VarintType:
		f.num, n = protowire.ConsumeVarint(f.b)
	case protowire.Fixed64Type:
		f.num, n = protowire.ConsumeFixed64(f.b)
	case protowire.BytesType:
		f.bytes, n = protowire.ConsumeBytes(f.b)
	default:
		n = protowire.ConsumeFieldValue(num, typ, f.b)
	}
	if n < 0 {
		return f.broken(n)
	}
	f.b = f.b[n:]
	if num < 64 {
		f.seen[typ&7] |= 1 << num
	}
	return true
}

func (f *fields) broken(n int) bool {
	f.err = fmt.Errorf("%s: %w", f.name, protowire.ParseError(n))
	return false
}

// require makes it an error if one of the fields did not come.
func (f *fields) require(tags ...tag) {
	for _, t := range tags {
		if f.err == nil && f.seen[t&7]>>(t>>3)&1 == 0 {
			f.err = fmt.Errorf("%s: field %d is missing", f.name, t>>3)
		}
	}
}

func (f *fields) text() string   { return string(f.bytes) }
func (f *fields) truth() bool    { return f.num != 0 }
func (f *fields) uint32() uint32 { return uint32(f.num) } // as protobuf does

// double is the field's number, 0 for what is none: a message of v2 cannot
// leave a number out.
func (f *fields) double() float64 {
	if x := math.Float64frombits(f.num); finite(x) {
		return x
	}
	return 0
}

// within passes on the error of a message inside this one.
func (f *fields) within(err error) {
	if f.err == nil && err != nil {
		f.err = fmt.Errorf("%s: %w", f.name, err)
	}
}

// addChannel appends the field's text to a channel list of bounded length.
func (f *fields) addChannel(list []string) []string {
	if len(list) == maxChannels {
		f.err = fmt.Errorf("%s: more than %d channels", f.name, maxChannels)
		return list
	}
	return append(list, f.text())
}

func putVarint2(b []byte, num protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func putBool2(b []byte, num protowire.Number, v bool) []byte {
	return putVarint2(b, num, protowire.EncodeBool(v))
}

func putDouble2(b []byte, num protowire.Number, v float64) []byte {
	if !finite(v) {
		v = 0
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), math.Float64bits(v))
}

func putText2(b []byte, num protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
}

func putTextIfAny2(b []byte, num protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return putText2(b, num, s)
}

// openMessage2 begins a message inside a message. What is appended between it
// and closeMessage2, which gets the same place, is that message.
func openMessage2(b []byte, num protowire.Number) (_ []byte, at int) {
	b = append(protowire.AppendTag(b, num, protowire.BytesType), 0)
	return b, len(b)
}

// closeMessage2 fills in the length of the message that began at a place. One
// byte was left for it; a longer message is moved to make room.
func closeMessage2(b []byte, at int) []byte {
	n := len(b) - at
	if more := protowire.SizeVarint(uint64(n)) - 1; more > 0 {
		b = append(b, make([]byte, more)...)
		copy(b[at+more:], b[at:at+n])
	}
	protowire.AppendVarint(b[:at-1], uint64(n))
	return b
}
