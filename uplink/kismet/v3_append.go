package kismet

import (
	"encoding/binary"
	"math"

	"github.com/tinylib/msgp/msgp"
)

// Header codes of v3.
const (
	codeNone    = 0
	codeSuccess = 1
)

// appendHeader3 appends what follows the generation: length (left 0), type,
// code and sequence number.
func appendHeader3(b []byte, seq uint32, m Message, s side) []byte {
	code := uint16(codeNone)
	if s.server {
		code = codeSuccess
	}
	var typ uint16
	var answered uint32
	switch m := m.(type) {
	case Ping:
		typ = typePing
	case Pong:
		typ, answered = typePong, m.Seq
		if s.server {
			answered &= 0xffff
		}
	case NewSource:
		typ = typeNewSource
	case OpenSource:
		typ = typeOpenSource
	case OpenReport:
		typ, answered, code = typeOpenReport, m.Seq, success(m.OK)
	case Configure:
		typ = typeConfigure
	case ConfigureReport:
		typ, answered, code = typeConfigureReport, m.Seq, success(m.OK)
	case Text:
		typ = typeText
	case Shutdown:
		typ = typeShutdown
	case ErrorReport:
		typ = typeError
	case *Data:
		typ = typeData
	case Unknown:
		typ = m.Type
	default:
		panic(noMessage)
	}
	if answered != 0 {
		seq = answered
	}
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, code)
	return binary.BigEndian.AppendUint32(b, seq)
}

func success(ok bool) uint16 {
	if ok {
		return codeSuccess
	}
	return codeNone
}

// appendPayload3 appends the map of a message, nothing for those that have
// none. Keys are written in ascending order.
func appendPayload3(b []byte, m Message, s side) []byte {
	switch m := m.(type) {
	case NewSource:
		b = msgp.AppendMapHeader(b, 3)
		b = putText(b, 1, s.cutDefinition(m.Definition))
		b = putText(b, 2, s.cut(m.Type))
		b = putText(b, 3, s.cut(m.UUID))
	case OpenSource:
		b = msgp.AppendMapHeader(b, 1)
		b = putText(b, 1, s.cutDefinition(m.Definition))
	case OpenReport:
		b = appendOpenReport3(b, m, s)
	case Configure:
		b = appendConfigure3(b, m, s)
	case ConfigureReport:
		b = appendConfigureReport3(b, m, s)
	case Text:
		b = msgp.AppendMapHeader(b, 2)
		b = putUint(b, 1, uint64(m.Severity))
		b = putText(b, 2, s.cut(m.Text))
	case Shutdown:
		b = msgp.AppendMapHeader(b, 1)
		b = putText(b, 1, s.cut(m.Reason))
		// The server prints the reason as a C string, straight from the frame.
		// A NUL behind the map, where it is ignored otherwise, ends it.
		b = append(b, 0)
	case ErrorReport:
		b = msgp.AppendMapHeader(b, 1)
		b = putText(b, 1, s.cut(m.Text))
	case *Data:
		b = appendData3(b, m, s.limits)
	}
	return b
}

func appendOpenReport3(b []byte, m OpenReport, s side) []byte {
	n := uint32(1)
	for _, present := range [...]bool{
		m.LinkType != 0, m.CaptureInterface != "", len(m.Channels) > 0, m.Channel != "", m.Hop != nil,
		m.Hardware != "", m.UUID != "", m.Text != "", m.Version != "",
	} {
		if present {
			n++
		}
	}
	b = msgp.AppendMapHeader(b, n)
	b = putUint(b, 1, uint64(m.Seq))
	if m.LinkType != 0 {
		b = putUint(b, 2, uint64(m.LinkType))
	}
	b = putTextIfAny(b, 3, s.cut(m.CaptureInterface))
	if len(m.Channels) > 0 {
		b = putTexts(b, 4, m.Channels, s.limits)
	}
	b = putTextIfAny(b, 5, s.cut(m.Channel))
	if m.Hop != nil {
		b = appendHop3(append(b, 6), m.Hop, s)
	}
	b = putTextIfAny(b, 7, s.cut(m.Hardware))
	b = putTextIfAny(b, 8, s.cut(m.UUID))
	b = putTextIfAny(b, 9, s.cut(m.Text))
	return putTextIfAny(b, 10, s.cut(m.Version))
}

func appendConfigure3(b []byte, m Configure, s side) []byte {
	switch {
	case m.Hop != nil:
		b = msgp.AppendMapHeader(b, 1)
		return appendHop3(append(b, 2), m.Hop, s)
	case m.Channel != "":
		b = msgp.AppendMapHeader(b, 1)
		return putText(b, 1, s.cut(m.Channel))
	}
	return msgp.AppendMapHeader(b, 0)
}

func appendConfigureReport3(b []byte, m ConfigureReport, s side) []byte {
	n := uint32(1)
	for _, present := range [...]bool{m.Channel != "", m.Hop != nil, m.Text != ""} {
		if present {
			n++
		}
	}
	b = msgp.AppendMapHeader(b, n)
	b = putUint(b, 1, uint64(m.Seq))
	b = putTextIfAny(b, 2, s.cut(m.Channel))
	if m.Hop != nil {
		b = appendHop3(append(b, 3), m.Hop, s)
	}
	return putTextIfAny(b, 4, s.cut(m.Text))
}

// appendHop3 appends a hop block. Servers send neither the skip (3) nor
// whether hopping is enabled (6). The list is sent even when it is empty.
func appendHop3(b []byte, h *Hop, s side) []byte {
	if s.server {
		b = msgp.AppendMapHeader(b, 4)
	} else {
		b = msgp.AppendMapHeader(b, 6)
	}
	b = putSingle(b, 1, rate3(h.Rate))
	b = msgp.AppendBool(append(b, 2), h.Shuffle)
	if !s.server {
		b = putUint(b, 3, uint64(min(h.Skip, math.MaxUint16)))
	}
	b = putUint(b, 4, uint64(min(h.Offset, math.MaxUint16)))
	b = putTexts(b, 5, h.Channels, s.limits)
	if !s.server {
		b = msgp.AppendBool(append(b, 6), true)
	}
	return b
}

// rate3 makes of a rate what is allowed on the wire: a finite number that is
// not negative. 0 means that nothing hops.
func rate3(rate float64) float32 {
	if r, ok := single(rate); ok && r > 0 {
		return r
	}
	return 0
}

// finite reports whether x is a number that a server can use.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// single rounds x to the 32 bits that v3 has for it, and reports whether that
// is a number.
func single(x float64) (float32, bool) {
	f := float32(x)
	return f, finite(float64(f))
}

// The put functions append one entry of a map: a key of at most 127, which is
// its own encoding, and a value in the shortest form that the server's decoder
// takes. Integers are always of msgpack's unsigned types.

func putUint(b []byte, key byte, v uint64) []byte {
	return msgp.AppendUint64(append(b, key), v)
}

func putSingle(b []byte, key byte, v float32) []byte {
	return msgp.AppendFloat32(append(b, key), v)
}

func putText(b []byte, key byte, s string) []byte {
	return msgp.AppendString(append(b, key), s)
}

func putTextIfAny(b []byte, key byte, s string) []byte {
	if s == "" {
		return b
	}
	return putText(b, key, s)
}

func putTexts(b []byte, key byte, list []string, lim limits) []byte {
	list = lim.list(list)
	b = msgp.AppendArrayHeader(append(b, key), uint32(len(list)))
	for _, s := range list {
		b = msgp.AppendString(b, lim.cut(s))
	}
	return b
}
