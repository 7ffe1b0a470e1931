package kismet

import "math"

// decode3 reads the payload of a v3 frame. Keys are those of sections 5.3 to
// 5.10 of the wire document. Bytes behind the map are ignored, as by servers.
func decode3(h Header, payload []byte) (Message, error) {
	switch h.Type {
	case typePing:
		return Ping{}, nil
	case typePong:
		return Pong{Seq: h.Seq}, nil
	}
	var m Message
	u := newUnpacker(payload)
	switch h.Type {
	case typeNewSource:
		m = decodeNewSource3(&u)
	case typeOpenSource:
		m = decodeOpenSource3(&u)
	case typeOpenReport:
		m = decodeOpenReport3(&u, h.Code != codeNone)
	case typeConfigure:
		m = decodeConfigure3(&u)
	case typeConfigureReport:
		m = decodeConfigureReport3(&u, h.Code != codeNone)
	case typeData:
		m = decodeData3(&u)
	case typeText:
		m = decodeText3(&u)
	case typeShutdown:
		m = decodeShutdown3(&u)
	default:
		return Unknown{Type: h.Type}, nil
	}
	return message(m, u.err)
}

func decodeNewSource3(u *unpacker) NewSource {
	const all = 1<<1 | 1<<2 | 1<<3
	var m NewSource
	o := u.object("NEWSOURCE", all, all)
	for o.next() {
		switch o.key {
		case 1:
			m.Definition = o.text()
		case 2:
			m.Type = o.text()
		case 3:
			m.UUID = o.text()
		}
	}
	return m
}

func decodeOpenSource3(u *unpacker) OpenSource {
	var m OpenSource
	o := u.object("OPENREQ", 1<<1, 0)
	for o.next() {
		m.Definition = o.text()
	}
	return m
}

func decodeOpenReport3(u *unpacker, ok bool) OpenReport {
	const wanted = 1<<11 - 2 // 1 to 10
	m := OpenReport{OK: ok}
	o := u.object("OPENREPORT", wanted, 1<<1)
	for o.next() {
		switch o.key {
		case 1:
			m.Seq = uint32(o.uint(math.MaxUint32))
		case 2:
			m.LinkType = uint32(o.uint(math.MaxUint32))
		case 3:
			m.CaptureInterface = o.text()
		case 4:
			m.Channels = o.texts()
		case 5:
			m.Channel = o.text()
		case 6:
			m.Hop = o.hop()
		case 7:
			m.Hardware = o.text()
		case 8:
			m.UUID = o.text()
		case 9:
			m.Text = o.text()
		case 10:
			m.Version = o.text()
		}
	}
	return m
}

// decodeConfigure3 returns a Configure, or Unknown if it commands nothing.
func decodeConfigure3(u *unpacker) Message {
	var m Configure
	o := u.object("CONFIGREQ", 1<<1|1<<2, 0)
	for o.next() {
		switch o.key {
		case 1:
			m.Channel = o.text()
		case 2:
			m.Hop = o.looseHop()
		}
	}
	if m = m.oneOfTwo(); m == (Configure{}) {
		return Unknown{Type: typeConfigure}
	}
	return m
}

func decodeConfigureReport3(u *unpacker, ok bool) ConfigureReport {
	m := ConfigureReport{OK: ok}
	o := u.object("CONFIGREPORT", 1<<1|1<<2|1<<3|1<<4, 1<<1)
	for o.next() {
		switch o.key {
		case 1:
			m.Seq = uint32(o.uint(math.MaxUint32))
		case 2:
			m.Channel = o.text()
		case 3:
			m.Hop = o.hop()
		case 4:
			m.Text = o.text()
		}
	}
	return m
}

// hopKeys leaves out key 6, enabled: nobody reads it, and Kismet's tools send
// it as integer.
const hopKeys = 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5

// hop reads the hop block of a sensor.
func (o *object) hop() *Hop {
	h := new(Hop)
	in := o.within(o.name+": hop block", hopKeys, 0)
	for in.next() {
		switch in.key {
		case 1:
			h.Rate = in.rate()
		case 2:
			h.Shuffle = in.truth()
		case 3:
			h.Skip = uint32(in.uint(math.MaxUint16))
		case 4:
			h.Offset = uint32(in.uint(math.MaxUint16))
		case 5:
			h.Channels = in.texts()
		}
	}
	return h
}

// looseHop reads the hop block of a server.
func (o *object) looseHop() *Hop {
	h := new(Hop)
	in := o.within(o.name+": hop block", hopKeys, 0)
	for in.next() {
		switch in.key {
		case 1:
			h.Rate = in.rate()
		case 2:
			h.Shuffle = in.looseTruth()
		case 3:
			h.Skip = uint32(in.uint(math.MaxUint32))
		case 4:
			h.Offset = uint32(in.uint(math.MaxUint32))
		case 5:
			h.Channels = in.texts()
		}
	}
	return h
}

// rate reads hops per second; what cannot be a rate is 0, which is no hopping.
func (o *object) rate() float64 { return float64(rate3(o.number())) }

func decodeText3(u *unpacker) Text {
	const all = 1<<1 | 1<<2
	var m Text
	o := u.object("MESSAGE", all, all)
	for o.next() {
		switch o.key {
		case 1:
			m.Severity = Severity(o.uint(math.MaxUint16))
		case 2:
			m.Text = o.text()
		}
	}
	return m
}

func decodeShutdown3(u *unpacker) Shutdown {
	var m Shutdown
	o := u.object("SHUTDOWN", 1<<1, 1<<1)
	for o.next() {
		m.Reason = o.text()
	}
	return m
}
