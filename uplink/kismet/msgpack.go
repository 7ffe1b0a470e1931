package kismet

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/tinylib/msgp/msgp"
)

// A keyset is a set of map keys: bit k stands for key k.
type keyset = uint64

// unpacker is the place in a payload that the objects being read share, and
// the first error.
type unpacker struct {
	b   []byte
	err error
}

// newUnpacker checks the whole root object first, as the server's parser does.
// With that no length inside it lies, which the readers below rely on: msgp's
// own compare 32-bit lengths as int, which is negative on 32-bit machines.
func newUnpacker(payload []byte) unpacker {
	_, err := skipObject(payload)
	return unpacker{b: payload, err: err}
}

// object reads a map with integer keys, entry by entry.
//
//	o := u.object("GPS block", wanted, required)
//	for o.next() {
//		switch o.key {
//		case 8:
//			g.Sec = o.uint(math.MaxUint64)
//		}
//	}
//
// next passes over keys that are not wanted, whatever they hold. A wanted key
// that comes twice and a required key that does not come are errors.
type object struct {
	u                *unpacker
	name             string // for errors
	left             uint32
	wanted, required keyset
	seen             keyset
	key              uint64
}

func (u *unpacker) object(name string, wanted, required keyset) object {
	o := object{u: u, name: name, wanted: wanted, required: required}
	if u.err != nil {
		u.err = fmt.Errorf("%s: %w", name, u.err)
		return o
	}
	n, rest, err := msgp.ReadMapHeaderBytes(u.b)
	if err != nil {
		u.err = fmt.Errorf("%s: want a map, got %s", name, msgp.NextType(u.b))
		return o
	}
	u.b, o.left = rest, n
	return o
}

// next goes to the next wanted entry and reports whether there is one.
func (o *object) next() bool {
	for o.u.err == nil && o.left > 0 {
		o.left--
		key, rest, err := msgp.ReadUint64Bytes(o.u.b)
		if err != nil {
			o.u.skip() // a string, say: nobody looks for it
			o.u.skip()
			continue
		}
		o.u.b = rest
		if key > 63 || o.wanted>>key&1 == 0 {
			o.u.skip()
			continue
		}
		if o.seen>>key&1 != 0 {
			o.u.err = fmt.Errorf("%s: key %d comes twice", o.name, key)
			return false
		}
		o.seen |= 1 << key
		o.key = key
		return true
	}
	if missing := o.required &^ o.seen; o.u.err == nil && missing != 0 {
		o.missing(bits.TrailingZeros64(missing))
	}
	return false
}

func (o *object) missing(key int) {
	o.u.err = fmt.Errorf("%s: key %d is missing", o.name, key)
}

// has reports whether a wanted key came.
func (o *object) has(key uint) bool { return o.seen>>key&1 != 0 }

// within begins to read the current value, a map.
func (o *object) within(name string, wanted, required keyset) object {
	return o.u.object(name, wanted, required)
}

func (o *object) want(what string) {
	if o.u.err == nil {
		o.u.err = fmt.Errorf("%s: key %d: want %s, got %s", o.name, o.key, what, msgp.NextType(o.u.b))
	}
}

// uint reads an integer from 0 to limit, of any width and signedness.
func (o *object) uint(limit uint64) uint64 {
	v, rest, err := msgp.ReadUint64Bytes(o.u.b)
	if err != nil || v > limit {
		o.want(fmt.Sprintf("an unsigned integer up to %d", limit))
		return 0
	}
	o.u.b = rest
	return v
}

// number reads a float or an integer.
func (o *object) number() float64 {
	var (
		f    float64
		rest []byte
		err  error
	)
	switch msgp.NextType(o.u.b) {
	case msgp.Float32Type, msgp.Float64Type:
		f, rest, err = msgp.ReadFloat64Bytes(o.u.b)
	case msgp.UintType:
		var v uint64
		v, rest, err = msgp.ReadUint64Bytes(o.u.b)
		f = float64(v)
	default:
		var v int64
		v, rest, err = msgp.ReadInt64Bytes(o.u.b)
		f = float64(v)
	}
	if err != nil {
		o.want("a number")
		return 0
	}
	o.u.b = rest
	return f
}

// known reads a number; what is no number in the end counts as not known.
func (o *object) known() float64 {
	if f := o.number(); finite(f) {
		return f
	}
	return math.NaN()
}

// single is known with the precision that the server keeps, 32 bits.
func (o *object) single() float64 {
	if f, ok := single(o.number()); ok {
		return float64(f)
	}
	return math.NaN()
}

func (o *object) truth() bool {
	v, rest, err := msgp.ReadBoolBytes(o.u.b)
	if err != nil {
		o.want("a bool")
		return false
	}
	o.u.b = rest
	return v
}

// looseTruth takes an integer too.
func (o *object) looseTruth() bool {
	if msgp.NextType(o.u.b) == msgp.BoolType {
		return o.truth()
	}
	return o.number() != 0
}

func (o *object) text() string {
	v, rest, err := msgp.ReadStringZC(o.u.b)
	if err != nil {
		o.want("a string")
		return ""
	}
	o.u.b = rest
	return string(v)
}

// texts reads a list of strings of bounded length.
func (o *object) texts() []string {
	n, rest, err := msgp.ReadArrayHeaderBytes(o.u.b)
	switch {
	case err != nil:
		o.want("an array")
		return nil
	case n > maxChannels:
		o.u.err = fmt.Errorf("%s: key %d: more than %d channels", o.name, o.key, maxChannels)
		return nil
	case n == 0:
		o.u.b = rest
		return nil
	}
	o.u.b = rest
	list := make([]string, 0, n)
	for range n {
		list = append(list, o.text())
	}
	if o.u.err != nil {
		return nil
	}
	return list
}

// data reads bytes, which may come as a string too. They are part of the frame.
func (o *object) data() []byte {
	v, rest, err := msgp.ReadBytesZC(o.u.b)
	if err != nil {
		v, rest, err = msgp.ReadStringZC(o.u.b)
	}
	if err != nil {
		o.want("bytes")
		return nil
	}
	o.u.b = rest
	return v
}
