package pcapfile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
)

// frame is a captured frame that outlives its batch.
type frame struct {
	TimeNs   int64
	OrigLen  uint32
	LinkType capture.LinkType
	Data     string
}

// readAll reads to the end, and returns what ended it, nil for the clean end.
func readAll(t testing.TB, r *pcapfile.Reader) ([]frame, error) {
	t.Helper()
	var all []frame
	for {
		b, err := r.ReadBatch(t.Context())
		if err != nil {
			if b != nil {
				t.Fatalf("batch of %d frames and error %v", b.Len(), err)
			}
			if _, again := r.ReadBatch(t.Context()); !errors.Is(again, err) {
				t.Errorf("the end was %v, and then %v", err, again)
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return all, err
		}
		if b.Len() == 0 {
			t.Fatal("batch without frames")
		}
		all = appendFrames(all, b)
		b.Release()
	}
}

func appendFrames(all []frame, b *capture.Batch) []frame {
	for i := range b.Len() {
		f := b.Frame(i)
		all = append(all, frame{f.TimeNs, f.OrigLen, f.LinkType, string(f.Data)})
	}
	return all
}

// newReader fails the test if content is no capture.
func newReader(t testing.TB, content []byte, opts pcapfile.Options) *pcapfile.Reader {
	t.Helper()
	r, err := pcapfile.NewReader("test.pcap", bytes.NewReader(content), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func writeFile(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// start is a time with all nine digits behind the second in use.
const start = int64(1_750_000_000_123_456_789)

// someFrames returns n different frames of a beacon's size, 1.000001 ms apart.
func someFrames(n int) []frame {
	fs := make([]frame, n)
	for i := range fs {
		data := bytes.Repeat([]byte{byte(i), byte(i >> 8), 0x80}, 60+i%50)
		fs[i] = frame{start + int64(i)*1_000_001, uint32(len(data) + i%3), capture.LinkTypeRadiotap, string(data)}
	}
	return fs
}

type packetWriter interface {
	WritePacket(gopacket.CaptureInfo, []byte) error
}

func writeFrames(t testing.TB, w packetWriter, frames []frame) {
	t.Helper()
	for _, f := range frames {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, f.TimeNs), CaptureLength: len(f.Data), Length: int(f.OrigLen)}
		if err := w.WritePacket(ci, []byte(f.Data)); err != nil {
			t.Fatal(err)
		}
	}
}

// pcapOf writes frames as pcap with nanoseconds, by gopacket.
func pcapOf(t testing.TB, frames []frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(262144, layers.LinkType(capture.LinkTypeRadiotap)); err != nil {
		t.Fatal(err)
	}
	writeFrames(t, w, frames)
	return b.Bytes()
}

// pcapngOf writes frames as pcapng, by gopacket.
func pcapngOf(t testing.TB, frames []frame) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkType(capture.LinkTypeRadiotap))
	if err != nil {
		t.Fatal(err)
	}
	writeFrames(t, w, frames)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A byteOrder writes in one.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapHeader is a file header of the classic format.
func pcapHeader(o byteOrder, magic uint32, minor uint16, linkType uint32) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(b, 2)
	b = o.AppendUint16(b, minor)
	b = append(b, make([]byte, 8)...)
	b = o.AppendUint32(b, 96) // less than the frames have
	return o.AppendUint32(b, linkType)
}

func pcapRecord(o byteOrder, sec, frac, capLen, origLen uint32, data string) []byte {
	b := o.AppendUint32(nil, sec)
	b = o.AppendUint32(b, frac)
	b = o.AppendUint32(b, capLen)
	return append(o.AppendUint32(b, origLen), data...)
}

// block is a block of pcapng around a body, which it pads.
func block(o byteOrder, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	length := uint32(12 + len(body))
	b := o.AppendUint32(nil, kind)
	b = o.AppendUint32(b, length)
	b = append(b, body...)
	return o.AppendUint32(b, length)
}

func section(o byteOrder, major, minor uint16) []byte {
	b := o.AppendUint32(nil, 0x1a2b3c4d)
	b = o.AppendUint16(b, major)
	b = o.AppendUint16(b, minor)
	return block(o, 0x0a0d0d0a, append(b, bytes.Repeat([]byte{0xff}, 8)...))
}

func iface(o byteOrder, linkType uint16, snapLen uint32, options ...[]byte) []byte {
	b := o.AppendUint16(nil, linkType)
	b = o.AppendUint16(b, 0)
	b = o.AppendUint32(b, snapLen)
	return block(o, 1, append(b, bytes.Join(options, nil)...))
}

func option(o byteOrder, code uint16, value ...byte) []byte {
	b := o.AppendUint16(nil, code)
	b = append(o.AppendUint16(b, uint16(len(value))), value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func enhanced(o byteOrder, id uint32, ts uint64, data string) []byte {
	return block(o, 6, enhancedBody(o, id, ts, uint32(len(data)), uint32(len(data)), data))
}

func enhancedBody(o byteOrder, id uint32, ts uint64, capLen, origLen uint32, data string) []byte {
	b := o.AppendUint32(nil, id)
	b = o.AppendUint32(b, uint32(ts>>32))
	b = o.AppendUint32(b, uint32(ts))
	b = o.AppendUint32(b, capLen)
	b = o.AppendUint32(b, origLen)
	return append(b, data...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

var (
	little byteOrder = binary.LittleEndian
	big    byteOrder = binary.BigEndian
)

// endless gives the same bytes again and again, and counts them.
type endless struct {
	head, body []byte
	left       int // bytes until cancel is called
	cancel     context.CancelFunc
}

func (e *endless) Read(p []byte) (int, error) {
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	n := 0
	for n+len(e.body) <= len(p) {
		n += copy(p[n:], e.body)
	}
	if e.left -= n; e.left < 0 {
		e.cancel()
	}
	return n, nil
}
