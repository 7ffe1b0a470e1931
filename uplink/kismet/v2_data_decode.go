package kismet

import "math"

func decodeData2(b []byte) (Message, error) {
	var m Data
	f := fields{name: commandData, b: b}
	for f.next() {
		switch f.tag {
		case 1<<3 | wireBytes:
			m.GPS = f.gps()
		case 2<<3 | wireBytes:
			_ = f.msgbus() // of no use, but it has to be whole
		case 3<<3 | wireBytes:
			m.Packet = f.packet()
		case 4<<3 | wireBytes:
			m.Signal = f.signal()
		case 7<<3 | wireBytes:
			m.JSON = f.json()
		}
	}
	if f.err != nil {
		return nil, f.err
	}
	return m, nil
}

func (f *fields) gps() *GPS {
	in := fields{name: "GPS block", b: f.bytes}
	g := new(GPS)
	for in.next() {
		switch in.tag {
		case 1<<3 | wireFixed64:
			g.Lat = in.double()
		case 2<<3 | wireFixed64:
			g.Lon = in.double()
		case 3<<3 | wireFixed64:
			g.AltM = in.double()
		case 4<<3 | wireFixed64:
			g.SpeedKMH = in.double()
		case 5<<3 | wireFixed64:
			g.Heading = in.double()
		case 6<<3 | wireFixed64:
			g.Precision = in.double()
		case 7<<3 | wireVarint:
			g.Fix = uint8(min(in.uint32(), math.MaxUint8))
		case 8<<3 | wireVarint:
			g.Sec = in.num
		case 9<<3 | wireVarint:
			g.Usec = in.num
		case 10<<3 | wireBytes:
			g.Type = in.text()
		case 11<<3 | wireBytes:
			g.Name = in.text()
		}
	}
	in.require(
		1<<3|wireFixed64, 2<<3|wireFixed64, 3<<3|wireFixed64, 4<<3|wireFixed64, 5<<3|wireFixed64, 6<<3|wireFixed64,
		7<<3|wireVarint, 8<<3|wireVarint, 9<<3|wireVarint, 10<<3|wireBytes, 11<<3|wireBytes,
	)
	f.within(in.err)
	return g
}

func (f *fields) packet() *Packet {
	in := fields{name: "packet block", b: f.bytes}
	p := new(Packet)
	for in.next() {
		switch in.tag {
		case 1<<3 | wireVarint:
			p.Sec = in.num
		case 2<<3 | wireVarint:
			p.Usec = in.num
		case 3<<3 | wireVarint:
			p.LinkType = in.uint32()
		case 5<<3 | wireBytes:
			p.Content = in.bytes
		case 6<<3 | wireVarint:
			p.OrigLen = uint32(min(in.num, math.MaxUint32))
		}
	}
	// Field 4, the captured length, says what the content's length says.
	in.require(1<<3|wireVarint, 2<<3|wireVarint, 3<<3|wireVarint, 4<<3|wireVarint, 5<<3|wireBytes)
	p.OrigLen = origLen(p)
	f.within(in.err)
	return p
}

func (f *fields) signal() *Signal {
	in := fields{name: "signal block", b: f.bytes}
	s := new(Signal)
	for in.next() {
		switch in.tag {
		case 1<<3 | wireFixed64:
			s.SignalDBm = level(in.double())
		case 2<<3 | wireFixed64:
			s.NoiseDBm = level(in.double())
		case 3<<3 | wireFixed64:
			s.SignalRSSI = uint32(whole(in.double(), math.MaxUint32))
		case 4<<3 | wireFixed64:
			s.NoiseRSSI = uint32(whole(in.double(), math.MaxUint32))
		case 5<<3 | wireFixed64:
			s.FreqKHz = whole(in.double(), 1<<53)
		case 6<<3 | wireBytes:
			s.Channel = in.text()
		case 7<<3 | wireFixed64:
			s.DataRate = whole(in.double(), 1<<53)
		}
	}
	f.within(in.err)
	return s
}

// level is a double as a whole number of dBm, as near as it comes.
func level(x float64) int32 {
	return int32(math.Round(min(max(x, math.MinInt32), math.MaxInt32)))
}

// whole is a double as a whole number from 0 to limit, as near as it comes.
// Doubles are exact up to 1<<53.
func whole(x, limit float64) uint64 {
	return uint64(math.Round(min(max(x, 0), limit)))
}

func (f *fields) json() *JSON {
	in := fields{name: "JSON block", b: f.bytes}
	j := new(JSON)
	for in.next() {
		switch in.tag {
		case 1<<3 | wireVarint:
			j.Sec = in.num
		case 2<<3 | wireVarint:
			j.Usec = in.num
		case 3<<3 | wireBytes:
			j.Type = in.text()
		case 4<<3 | wireBytes:
			j.Text = in.text()
		}
	}
	in.require(1<<3|wireVarint, 2<<3|wireVarint, 3<<3|wireBytes, 4<<3|wireBytes)
	f.within(in.err)
	return j
}
