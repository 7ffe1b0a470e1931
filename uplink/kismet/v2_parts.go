package kismet

import "fmt"

// The methods below read the current field as a message inside the message.

func (f *fields) success() (ok bool, seq uint32) {
	in := fields{name: "success", b: f.bytes}
	for in.next() {
		switch in.tag {
		case 1<<3 | wireVarint:
			ok = in.truth()
		case 2<<3 | wireVarint:
			seq = in.uint32()
		}
	}
	in.require(1<<3|wireVarint, 2<<3|wireVarint)
	f.within(in.err)
	return ok, seq
}

func (f *fields) channels() []string {
	in := fields{name: "channels", b: f.bytes}
	var list []string
	for in.next() {
		if in.tag == 1<<3|wireBytes {
			list = in.addChannel(list)
		}
	}
	f.within(in.err)
	return list
}

func (f *fields) channel() string {
	in := fields{name: "channel", b: f.bytes}
	var c string
	for in.next() {
		if in.tag == 1<<3|wireBytes {
			c = in.text()
		}
	}
	in.require(1<<3 | wireBytes)
	f.within(in.err)
	return c
}

func (f *fields) hop() *Hop {
	in := fields{name: "hop block", b: f.bytes}
	h := new(Hop)
	for in.next() {
		switch in.tag {
		case 1<<3 | wireBytes:
			h.Channels = in.addChannel(h.Channels)
		case 2<<3 | wireFixed64:
			h.Rate = max(0, in.double())
		case 3<<3 | wireVarint:
			h.Shuffle = in.truth()
		case 4<<3 | wireVarint:
			h.Skip = in.uint32()
		case 5<<3 | wireVarint:
			h.Offset = in.uint32()
		}
	}
	f.within(in.err)
	return h
}

func (f *fields) msgbus() string {
	t, err := decodeText2("message", f.bytes)
	f.within(err)
	return t.Text
}

func errSeverity(name string) error {
	return fmt.Errorf("%s: severity is none of 1, 2, 4, 8, 16", name)
}
