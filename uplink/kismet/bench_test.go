package kismet_test

import (
	"testing"

	"github.com/sensord/sensord/uplink/kismet"
)

// benchData is a data report as a moving sensor sends it: a frame of 300 bytes
// and where it was heard.
func benchData() kismet.Data {
	d := goldenData()
	d.GPS.Type, d.GPS.Name = "sensord", "fusion"
	d.Signal = nil
	d.Packet.Content = make([]byte, 300)
	d.Packet.OrigLen = 300
	return d
}

func BenchmarkAppendData(b *testing.B) {
	for _, v := range []kismet.Version{kismet.V2, kismet.V3} {
		b.Run(v.String(), func(b *testing.B) {
			d := benchData()
			buf := make([]byte, 0, kismet.MaxFrame)
			b.ReportAllocs()
			for b.Loop() {
				buf = kismet.AppendData(buf[:0], v, 1, &d)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkDecodeData(b *testing.B) {
	for _, v := range []kismet.Version{kismet.V2, kismet.V3} {
		b.Run(v.String(), func(b *testing.B) {
			d := benchData()
			frame := kismet.AppendData(nil, v, 1, &d)
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if _, _, err := kismet.Decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSplitter(b *testing.B) {
	d := benchData()
	frame := kismet.AppendData(nil, kismet.V3, 1, &d)
	var stream []byte
	for range 64 {
		stream = append(stream, frame...)
	}
	stream = stream[:len(stream)-100] // a write rarely ends where a frame ends
	var s kismet.Splitter
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		s.Write(stream)
		s.Write(frame[len(frame)-100:])
		for frame, err := s.Next(); frame != nil; frame, err = s.Next() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
