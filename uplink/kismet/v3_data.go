package kismet

import (
	"math"

	"github.com/tinylib/msgp/msgp"
)

// appendData3 appends the map of a data report. It is on the path of every
// captured frame: no allocation, no call that needs one.
func appendData3(b []byte, d *Data, lim limits) []byte {
	json := d.JSON != nil && lim.json
	n := uint32(0)
	for _, present := range [...]bool{d.GPS != nil, d.Signal != nil, d.Packet != nil, json} {
		if present {
			n++
		}
	}
	b = msgp.AppendMapHeader(b, n)
	if d.GPS != nil {
		b = appendGPS3(append(b, 1), d.GPS, lim)
	}
	if d.Signal != nil {
		b = appendSignal3(append(b, 2), d.Signal, lim)
	}
	if d.Packet != nil {
		b = appendPacket3(append(b, 4), d.Packet, lim)
	}
	if json {
		b = appendJSON3(append(b, 5), d.JSON, lim)
	}
	return b
}

// appendGPS3 appends a GPS block. What is not known is left out; how many
// entries there are is written when that is known.
func appendGPS3(b []byte, g *GPS, lim limits) []byte {
	at := len(b)
	b = append(b, 0)
	n := byte(3) // fix and time
	if finite(g.Lat) {
		b = msgp.AppendFloat64(append(b, 1), g.Lat)
		n++
	}
	if finite(g.Lon) {
		b = msgp.AppendFloat64(append(b, 2), g.Lon)
		n++
	}
	if alt, ok := single(g.AltM); ok {
		b = putSingle(b, 3, alt)
		n++
	}
	b = putUint(b, 4, uint64(g.Fix))
	if speed, ok := single(g.SpeedKMH); ok {
		b = putSingle(b, 5, speed)
		n++
	}
	if heading, ok := single(g.Heading); ok {
		b = putSingle(b, 6, heading)
		n++
	}
	if precision, ok := single(g.Precision); ok {
		b = putSingle(b, 7, precision)
		n++
	}
	b = putUint(b, 8, g.Sec)
	b = putUint(b, 9, g.Usec)
	for i, s := range [...]string{g.Type, g.Name, g.UUID} {
		if s != "" {
			b = putText(b, byte(10+i), lim.cut(s))
			n++
		}
	}
	b[at] = fixmap | n
	return b
}

// fixmap is the first byte of a map of up to 15 entries, without their number.
const fixmap = 0x80

// appendSignal3 appends a signal block. The server wants levels as unsigned
// numbers of 32 bits, negative ones in two's complement.
func appendSignal3(b []byte, s *Signal, lim limits) []byte {
	at := len(b)
	b = append(b, 0)
	n := byte(0)
	for i, v := range [...]uint64{
		uint64(uint32(s.SignalDBm)), uint64(uint32(s.NoiseDBm)), uint64(s.SignalRSSI), uint64(s.NoiseRSSI),
		s.FreqKHz, s.DataRate,
	} {
		if v != 0 {
			b = putUint(b, byte(1+i), v)
			n++
		}
	}
	if s.Channel != "" {
		b = putText(b, 7, lim.cut(s.Channel))
		n++
	}
	b[at] = fixmap | n
	return b
}

func appendPacket3(b []byte, p *Packet, lim limits) []byte {
	b = append(b, fixmap|5)
	b = putUint(b, 1, uint64(p.LinkType))
	b = putUint(b, 2, p.Sec)
	b = putUint(b, 3, p.Usec)
	b = putUint(b, 4, uint64(origLen(p)))
	return msgp.AppendBytes(append(b, 6), p.Content[:min(len(p.Content), lim.content)])
}

// origLen is a frame's length on air: at least what was captured of it.
func origLen(p *Packet) uint32 {
	return max(p.OrigLen, uint32(min(uint64(len(p.Content)), math.MaxUint32)))
}

func appendJSON3(b []byte, j *JSON, lim limits) []byte {
	b = append(b, fixmap|4)
	b = putText(b, 1, lim.cut(j.Type))
	b = putUint(b, 2, j.Sec)
	b = putUint(b, 3, j.Usec)
	return putText(b, 4, j.Text)
}
