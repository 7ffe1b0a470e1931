package kismettest_test

import (
	"encoding/binary"
	"io"
	"testing"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// BenchmarkSink is the server's side alone, over a socket: the sensor writes
// what was encoded before, 64 messages at a time.
func BenchmarkSink(b *testing.B) {
	report := kismet.Data{
		GPS:    &kismet.GPS{Lat: 47.5, Lon: 8.25, AltM: 432, Fix: 3, Sec: 1750000000, Type: "sensord", Name: "fusion"},
		Packet: &kismet.Packet{LinkType: 127, Sec: 1750000000, OrigLen: 250, Content: make([]byte, 250)},
	}
	for _, bb := range []struct {
		name string
		cfg  kismettest.Config
		tr   transport
	}{
		{"websocket, count only", kismettest.Config{CountOnly: true}, transports()[0]},
		{"websocket, decode", kismettest.Config{Keep: -1}, transports()[0]},
		{"tcp, count only", kismettest.Config{CountOnly: true}, transports()[1]},
		{"tcp, decode", kismettest.Config{Keep: -1}, transports()[1]},
	} {
		b.Run(bb.name, func(b *testing.B) {
			srv := listen(b, bb.cfg)
			c := bb.tr.dial(b, srv, kismet.V3)
			c.open(uuid1)
			frame := kismet.Append(nil, kismet.V3, 1, report)
			if c.ws != nil {
				frame = maskedMessage(frame)
			}
			var batch []byte
			for range 64 {
				batch = append(batch, frame...)
			}
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			sent := 0
			for b.Loop() {
				if sent%64 == 0 {
					if _, err := c.conn.Write(batch); err != nil {
						b.Fatal(err)
					}
				}
				sent++
			}
			total := (sent + 63) / 64 * 64
			await(b, srv, func(s *kismettest.Server) bool { return source(b, s, uuid1).Frames == total })
		})
	}
}

// maskedMessage wraps a frame of 126 to 65535 bytes as a client's binary
// websocket message, with a mask of zeros.
func maskedMessage(frame []byte) []byte {
	p := binary.BigEndian.AppendUint16([]byte{0x82, 0x80 | 126}, uint16(len(frame)))
	return append(append(p, 0, 0, 0, 0), frame...)
}

func TestCountingAllocatesNothingPerFrame(t *testing.T) {
	srv := listen(t, kismettest.Config{CountOnly: true})
	c := dialTCP(t, srv, kismet.V3)
	c.open(uuid1)
	var p []byte
	const frames = 1000
	for i := range frames {
		p = kismet.Append(p, kismet.V3, uint32(i+1), data(i))
	}
	p = kismet.Append(p, kismet.V3, 1, kismet.Ping{})
	pong := make([]byte, 20)
	perRun := testing.AllocsPerRun(20, func() {
		if _, err := c.conn.Write(p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c.conn, pong); err != nil {
			t.Fatal(err)
		}
	})
	if perRun > frames/20 {
		t.Errorf("%v allocations for %d frames and a PONG", perRun, frames)
	}
}
