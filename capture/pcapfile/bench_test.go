package pcapfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
)

// benchFrames is a capture of some 540 bytes per frame, as they are in the field.
func benchFrames(n int) []frame {
	fs := make([]frame, n)
	for i := range fs {
		data := strings.Repeat("x", 80+(i*7919)%920)
		fs[i] = frame{start + int64(i)*1000, uint32(len(data)), capture.LinkTypeRadiotap, data}
	}
	return fs
}

func BenchmarkReadBatch(b *testing.B) {
	frames := benchFrames(20_000)
	pcap := pcapOf(b, frames)
	for _, file := range []struct {
		name    string
		content []byte
		opts    pcapfile.Options
	}{
		{"pcap", pcap, pcapfile.Options{}},
		{"pcapng", pcapngOf(b, frames), pcapfile.Options{}},
		{"pcap.gz", gzipped(b, pcap), pcapfile.Options{}},
		{"pps", pcap, pcapfile.Options{PPS: 1e9}},
	} {
		path := writeFile(b, file.name, file.content)
		b.Run(file.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(pcap) / len(frames)))
			for n := 0; n < b.N; {
				r, err := pcapfile.Open(path, file.opts)
				if err != nil {
					b.Fatal(err)
				}
				for n < b.N {
					batch, err := r.ReadBatch(b.Context())
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
					n += batch.Len()
					batch.Release()
				}
				_ = r.Close()
			}
		})
	}
}
