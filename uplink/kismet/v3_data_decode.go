package kismet

import "math"

func decodeData3(u *unpacker) Data {
	var m Data
	o := u.object("DATA", 1<<1|1<<2|1<<4|1<<5, 0)
	for o.next() {
		switch o.key {
		case 1:
			m.GPS = o.gps()
		case 2:
			m.Signal = o.signal()
		case 4:
			m.Packet = o.packet()
		case 5:
			m.JSON = o.json()
		}
	}
	return m
}

func (o *object) gps() *GPS {
	const wanted = 1<<13 - 2 // 1 to 12
	nan := math.NaN()
	g := &GPS{Lat: nan, Lon: nan, AltM: nan, SpeedKMH: nan, Heading: nan, Precision: nan}
	in := o.within("DATA: GPS block", wanted, 1<<8|1<<9)
	for in.next() {
		switch in.key {
		case 1:
			g.Lat = in.known()
		case 2:
			g.Lon = in.known()
		case 3:
			g.AltM = in.single()
		case 4:
			g.Fix = uint8(in.uint(math.MaxUint8))
		case 5:
			g.SpeedKMH = in.single()
		case 6:
			g.Heading = in.single()
		case 7:
			g.Precision = in.single()
		case 8:
			g.Sec = in.uint(math.MaxUint64)
		case 9:
			g.Usec = in.uint(math.MaxUint64)
		case 10:
			g.Type = in.text()
		case 11:
			g.Name = in.text()
		case 12:
			g.UUID = in.text()
		}
	}
	return g
}

func (o *object) signal() *Signal {
	const wanted = 1<<8 - 2 // 1 to 7
	s := new(Signal)
	in := o.within("DATA: signal block", wanted, 0)
	for in.next() {
		switch in.key {
		case 1:
			s.SignalDBm = int32(in.uint(math.MaxUint32))
		case 2:
			s.NoiseDBm = int32(in.uint(math.MaxUint32))
		case 3:
			s.SignalRSSI = uint32(in.uint(math.MaxUint32))
		case 4:
			s.NoiseRSSI = uint32(in.uint(math.MaxUint32))
		case 5:
			s.FreqKHz = in.uint(math.MaxUint64)
		case 6:
			s.DataRate = in.uint(math.MaxUint64)
		case 7:
			s.Channel = in.text()
		}
	}
	return s
}

func (o *object) packet() *Packet {
	p := new(Packet)
	in := o.within("DATA: packet block", 1<<1|1<<2|1<<3|1<<4|1<<6, 1<<6)
	for in.next() {
		switch in.key {
		case 1:
			p.LinkType = uint32(in.uint(math.MaxUint32))
		case 2:
			p.Sec = in.uint(math.MaxUint64)
		case 3:
			p.Usec = in.uint(math.MaxUint64)
		case 4:
			p.OrigLen = uint32(in.uint(math.MaxUint32))
		case 6:
			p.Content = in.data()
		}
	}
	in.wholeTime(&p.Sec, &p.Usec)
	p.OrigLen = origLen(p)
	return p
}

func (o *object) json() *JSON {
	j := new(JSON)
	in := o.within("DATA: JSON block", 1<<1|1<<2|1<<3|1<<4, 1<<1|1<<4)
	for in.next() {
		switch in.key {
		case 1:
			j.Type = in.text()
		case 2:
			j.Sec = in.uint(math.MaxUint64)
		case 3:
			j.Usec = in.uint(math.MaxUint64)
		case 4:
			j.Text = in.text()
		}
	}
	in.wholeTime(&j.Sec, &j.Usec)
	return j
}

// wholeTime looks after keys 2 and 3, a time: a server reads the microseconds
// only, and then always, if there are seconds.
func (o *object) wholeTime(sec, usec *uint64) {
	if o.has(2) && !o.has(3) && o.u.err == nil {
		o.missing(3)
	}
	if !o.has(2) {
		*sec, *usec = 0, 0
	}
}
