package kismet

// decode2 reads the payload of a v2 frame, or the content of a v0 envelope.
func decode2(h Header, payload []byte) (Message, error) {
	switch h.Command {
	case commandPing:
		return Ping{}, nil
	case commandPong:
		return decodePong2(payload)
	case commandNewSource:
		return decodeNewSource2(payload)
	case commandOpenSource:
		return decodeOpenSource2(payload)
	case commandOpenReport:
		return decodeOpenReport2(payload)
	case commandConfigure:
		return decodeConfigure2(payload)
	case commandConfigureReport:
		return decodeConfigureReport2(payload)
	case commandData:
		return decodeData2(payload)
	case commandText:
		t, err := decodeText2(commandText, payload)
		return message(t, err)
	case commandShutdown:
		return decodeShutdown2(payload)
	case commandError:
		return decodeErrorReport2(payload)
	}
	return Unknown{Command: h.Command}, nil
}

// message returns m, or nothing with an error.
func message(m Message, err error) (Message, error) {
	if err != nil {
		return nil, err
	}
	return m, nil
}

func decodePong2(b []byte) (Message, error) {
	var m Pong
	f := fields{name: commandPong, b: b}
	for f.next() {
		if f.tag == 1<<3|wireVarint {
			m.Seq = f.uint32()
		}
	}
	f.require(1<<3 | wireVarint)
	return message(m, f.err)
}

func decodeNewSource2(b []byte) (Message, error) {
	var m NewSource
	f := fields{name: commandNewSource, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			m.Definition = f.text()
		case 2<<3 | wireBytes:
			m.Type = f.text()
		case 3<<3 | wireBytes:
			m.UUID = f.text()
		}
	}
	f.require(1<<3|wireBytes, 2<<3|wireBytes, 3<<3|wireBytes)
	return message(m, f.err)
}

func decodeOpenSource2(b []byte) (Message, error) {
	var m OpenSource
	f := fields{name: commandOpenSource, b: b}
	for f.next() {
		if f.tag == 1<<3|wireBytes {
			m.Definition = f.text()
		}
	}
	return message(m, f.err)
}

func decodeOpenReport2(b []byte) (Message, error) {
	var m OpenReport
	var warning string
	f := fields{name: commandOpenReport, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			m.OK, m.Seq = f.success()
		case 2<<3 | wireVarint:
			m.LinkType = f.uint32()
		case 3<<3 | wireBytes:
			m.CaptureInterface = f.text()
		case 4<<3 | wireBytes:
			m.Channels = f.channels()
		case 5<<3 | wireBytes:
			m.Channel = f.channel()
		case 6<<3 | wireBytes:
			m.Hop = f.hop()
		case 7<<3 | wireBytes:
			m.Hardware = f.text()
		case 8<<3 | wireBytes:
			m.Text = f.msgbus()
		case 10<<3 | wireBytes:
			m.UUID = f.text()
		case 11<<3 | wireBytes:
			warning = f.text()
		}
	}
	f.require(1<<3 | wireBytes)
	if m.Text == "" {
		m.Text = warning
	}
	return message(m, f.err)
}

func decodeConfigure2(b []byte) (Message, error) {
	var m Configure
	f := fields{name: commandConfigure, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			m.Channel = f.channel()
		case 2<<3 | wireBytes:
			m.Hop = f.hop()
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	if m = m.oneOfTwo(); m == (Configure{}) {
		return Unknown{Command: commandConfigure}, nil
	}
	return m, nil
}

// oneOfTwo leaves one command in m: a channel goes before a hop plan.
func (m Configure) oneOfTwo() Configure {
	if m.Channel != "" {
		m.Hop = nil
	}
	return m
}

func decodeConfigureReport2(b []byte) (Message, error) {
	var m ConfigureReport
	var warning string
	f := fields{name: commandConfigureReport, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			m.OK, m.Seq = f.success()
		case 2<<3 | wireBytes:
			m.Channel = f.channel()
		case 3<<3 | wireBytes:
			m.Hop = f.hop()
		case 4<<3 | wireBytes:
			m.Text = f.msgbus()
		case 5<<3 | wireBytes:
			warning = f.text()
		}
	}
	f.require(1<<3 | wireBytes)
	if m.Text == "" {
		m.Text = warning
	}
	return message(m, f.err)
}

func decodeErrorReport2(b []byte) (Message, error) {
	var m ErrorReport
	f := fields{name: commandError, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			m.OK, m.Seq = f.success()
		case 2<<3 | wireBytes:
			m.Text = f.msgbus()
		}
	}
	f.require(1<<3 | wireBytes)
	return message(m, f.err)
}

func decodeShutdown2(b []byte) (Message, error) {
	var m Shutdown
	f := fields{name: commandShutdown, b: b}
	for f.next() {
		if f.tag == 1<<3|wireBytes {
			m.Reason = f.text()
		}
	}
	f.require(1<<3 | wireBytes)
	return message(m, f.err)
}

// decodeText2 reads a Msgbus. A severity that is not in the list is, in
// protobuf's second edition, no severity at all, and one is required.
func decodeText2(name string, b []byte) (Text, error) {
	var t Text
	f := fields{name: name, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireVarint:
			if s := Severity(f.num); uint64(s) == f.num && s.known() {
				t.Severity = s
			}
		case 2<<3 | wireBytes:
			t.Text = f.text()
		}
	}
	f.require(1<<3|wireVarint, 2<<3|wireBytes)
	if f.err == nil && t.Severity == 0 {
		f.err = errSeverity(name)
	}
	return t, f.err
}
