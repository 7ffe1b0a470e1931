package kismet

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// appendHeader2 appends what follows the generation: length (left 0), name and
// sequence number.
func appendHeader2(b []byte, seq uint32, m Message) []byte {
	name := cut(commandOf(m), commandSize-1)
	b = append(b, 0, 0, 0, 0)
	b = append(b, name...)
	b = append(b, make([]byte, commandSize-len(name))...)
	return binary.BigEndian.AppendUint32(b, seq)
}

// appendEnvelope appends the payload of v0: name, sequence number, and the
// message that v2 has as its payload.
func appendEnvelope(b []byte, seq uint32, m Message, s side) []byte {
	b = putText2(b, 1, s.cut(commandOf(m)))
	b = putVarint2(b, 2, uint64(seq))
	b, at := openMessage2(b, 3)
	return closeMessage2(appendPayload2(b, m, s), at)
}

func commandOf(m Message) string {
	switch m := m.(type) {
	case Ping:
		return commandPing
	case Pong:
		return commandPong
	case NewSource:
		return commandNewSource
	case OpenSource:
		return commandOpenSource
	case OpenReport:
		return commandOpenReport
	case Configure:
		return commandConfigure
	case ConfigureReport:
		return commandConfigureReport
	case Text:
		return commandText
	case Shutdown:
		return commandShutdown
	case ErrorReport:
		return commandError
	case *Data:
		return commandData
	case Unknown:
		return m.Command
	}
	panic(noMessage)
}

// appendPayload2 appends the protobuf message that the command names.
func appendPayload2(b []byte, m Message, s side) []byte {
	switch m := m.(type) {
	case Pong:
		b = putVarint2(b, 1, uint64(m.Seq))
	case NewSource:
		b = putText2(b, 1, s.cutDefinition(m.Definition))
		b = putText2(b, 2, s.cut(m.Type))
		b = putText2(b, 3, s.cut(m.UUID))
	case OpenSource:
		b = putText2(b, 1, s.cutDefinition(m.Definition))
	case OpenReport:
		b = appendOpenReport2(b, m, s)
	case Configure:
		switch {
		case m.Hop != nil:
			b = appendHop2(b, 2, m.Hop, s)
		case m.Channel != "":
			b = appendChannel2(b, 1, s.cut(m.Channel))
		}
	case ConfigureReport:
		b = appendSuccess2(b, 1, m.OK, m.Seq)
		if m.Channel != "" {
			b = appendChannel2(b, 2, s.cut(m.Channel))
		}
		if m.Hop != nil {
			b = appendHop2(b, 3, m.Hop, s)
		}
		if m.Text != "" {
			// A report has a text when something could not be tuned.
			b = appendText2(b, 4, Text{Severity: Error, Text: m.Text}, s)
		}
	case Text:
		b = appendTextFields2(b, m, s)
	case Shutdown:
		b = putText2(b, 1, s.cut(m.Reason))
	case ErrorReport:
		b = appendSuccess2(b, 1, m.OK, m.Seq)
		if m.Text != "" {
			b = appendText2(b, 2, Text{Severity: Error, Text: m.Text}, s)
		}
	case *Data:
		b = appendData2(b, m, s.limits)
	}
	return b
}

func appendOpenReport2(b []byte, m OpenReport, s side) []byte {
	b = appendSuccess2(b, 1, m.OK, m.Seq)
	if m.LinkType != 0 {
		b = putVarint2(b, 2, uint64(m.LinkType))
	}
	b = putTextIfAny2(b, 3, s.cut(m.CaptureInterface))
	if len(m.Channels) > 0 {
		var at int
		b, at = openMessage2(b, 4)
		b = appendChannels2(b, m.Channels, s.limits)
		b = closeMessage2(b, at)
	}
	if m.Channel != "" {
		b = appendChannel2(b, 5, s.cut(m.Channel))
	}
	if m.Hop != nil {
		b = appendHop2(b, 6, m.Hop, s)
	}
	b = putTextIfAny2(b, 7, s.cut(m.Hardware))
	if m.Text != "" {
		severity := Error
		if m.OK {
			severity = Info
		}
		b = appendText2(b, 8, Text{Severity: severity, Text: m.Text}, s)
	}
	return putTextIfAny2(b, 10, s.cut(m.UUID))
}

func appendSuccess2(b []byte, num protowire.Number, ok bool, seq uint32) []byte {
	b, at := openMessage2(b, num)
	b = putBool2(b, 1, ok)
	b = putVarint2(b, 2, uint64(seq))
	return closeMessage2(b, at)
}

func appendChannel2(b []byte, num protowire.Number, channel string) []byte {
	b, at := openMessage2(b, num)
	return closeMessage2(putText2(b, 1, channel), at)
}

func appendChannels2(b []byte, list []string, lim limits) []byte {
	for _, c := range lim.list(list) {
		b = putText2(b, 1, lim.cut(c))
	}
	return b
}

// appendHop2 appends a hop block. Servers do not send the skip.
func appendHop2(b []byte, num protowire.Number, h *Hop, s side) []byte {
	b, at := openMessage2(b, num)
	b = appendChannels2(b, h.Channels, s.limits)
	b = putDouble2(b, 2, math.Max(0, h.Rate))
	b = putBool2(b, 3, h.Shuffle)
	if !s.server {
		b = putVarint2(b, 4, uint64(h.Skip))
	}
	b = putVarint2(b, 5, uint64(h.Offset))
	return closeMessage2(b, at)
}

func appendText2(b []byte, num protowire.Number, t Text, s side) []byte {
	b, at := openMessage2(b, num)
	return closeMessage2(appendTextFields2(b, t, s), at)
}

// appendTextFields2 writes a severity that is in v2's list: another one would
// make the whole message unreadable.
func appendTextFields2(b []byte, t Text, s side) []byte {
	if !t.Severity.known() {
		t.Severity = Info
	}
	b = putVarint2(b, 1, uint64(t.Severity))
	return putText2(b, 2, s.cut(t.Text))
}

func (s Severity) known() bool {
	switch s {
	case Debug, Info, Error, Alert, Fatal:
		return true
	}
	return false
}
