package kismet

import "google.golang.org/protobuf/encoding/protowire"

// appendData2 appends a data report. It is on the path of every captured
// frame: no allocation, no call that needs one.
func appendData2(b []byte, d *Data, lim limits) []byte {
	if d.GPS != nil {
		b = appendGPS2(b, d.GPS, lim)
	}
	if d.Packet != nil {
		b = appendPacket2(b, d.Packet, lim)
	}
	if d.Signal != nil {
		b = appendSignal2(b, d.Signal, lim)
	}
	if d.JSON != nil && lim.json {
		b = appendJSON2(b, d.JSON, lim)
	}
	return b
}

// appendGPS2 appends a GPS block: all of its fields, because a report without
// one of them is unreadable for the server.
func appendGPS2(b []byte, g *GPS, lim limits) []byte {
	b, at := openMessage2(b, 1)
	b = putDouble2(b, 1, g.Lat)
	b = putDouble2(b, 2, g.Lon)
	b = putDouble2(b, 3, g.AltM)
	b = putDouble2(b, 4, g.SpeedKMH)
	b = putDouble2(b, 5, g.Heading)
	b = putDouble2(b, 6, g.Precision)
	b = putVarint2(b, 7, uint64(g.Fix))
	b = putVarint2(b, 8, g.Sec)
	b = putVarint2(b, 9, g.Usec)
	b = putText2(b, 10, lim.cut(g.Type))
	b = putText2(b, 11, lim.cut(g.Name))
	return closeMessage2(b, at)
}

func appendPacket2(b []byte, p *Packet, lim limits) []byte {
	content := p.Content[:min(len(p.Content), lim.content)]
	b, at := openMessage2(b, 3)
	b = putVarint2(b, 1, p.Sec)
	b = putVarint2(b, 2, p.Usec)
	b = putVarint2(b, 3, uint64(p.LinkType))
	b = putVarint2(b, 4, uint64(len(content)))
	b = protowire.AppendBytes(protowire.AppendTag(b, 5, protowire.BytesType), content)
	b = putVarint2(b, 6, uint64(origLen(p)))
	return closeMessage2(b, at)
}

// appendSignal2 appends a signal block, in which every number is a double.
func appendSignal2(b []byte, s *Signal, lim limits) []byte {
	b, at := openMessage2(b, 4)
	for i, v := range [...]float64{
		float64(s.SignalDBm), float64(s.NoiseDBm), float64(s.SignalRSSI), float64(s.NoiseRSSI), float64(s.FreqKHz),
	} {
		if v != 0 {
			b = putDouble2(b, protowire.Number(1+i), v)
		}
	}
	b = putTextIfAny2(b, 6, lim.cut(s.Channel))
	if s.DataRate != 0 {
		b = putDouble2(b, 7, float64(s.DataRate))
	}
	return closeMessage2(b, at)
}

func appendJSON2(b []byte, j *JSON, lim limits) []byte {
	b, at := openMessage2(b, 7)
	b = putVarint2(b, 1, j.Sec)
	b = putVarint2(b, 2, j.Usec)
	b = putText2(b, 3, lim.cut(j.Type))
	b = putText2(b, 4, j.Text)
	return closeMessage2(b, at)
}
