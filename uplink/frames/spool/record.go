package spool

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// A file of a spool is a row of records: a header of 80 bytes and a payload,
// little-endian, whatever the machine is. The first record says what the file
// is. The header has a checksum of its own, so that a walk over a file need not
// read the payloads, and so that a damaged payload is passed by its length.
//
//	 0 magic      u32
//	 4 headerCRC  u32  CRC-32C of bytes 8 to 79
//	 8 length     u32  of the payload
//	12 payloadCRC u32  CRC-32C
//	16 kind       u8
//	17 flags      u8   1: the frames' times are of this machine's clock
//	18 count      u16  frames or points
//	20 0          u32
//	24 first      u64  number of the first frame; of a file: the next to come
//	32 ordinal    u64  how many frames were written before, ever
//	40 offset     i64  ns, of the frames' clock: capture.Batch.ClockOffsetNs
//	48 firstTime  i64  ns, of the first frame
//	56 lastTime   i64  ns, of the last
//	64 boot       16 bytes
const (
	magic      = 0x31524453 // "SDR1"
	headerSize = 80
	maxPayload = 128 << 10
	version    = 1
	frameHead  = 20
)

type kind uint8

const (
	kindFile   kind = 1 // payload: version u16, the source's UUID
	kindBatch  kind = 2 // per frame: time i64, original length u32, link type u32, length u32, the bytes
	kindPoints kind = 3 // see appendPoint
	kindState  kind = 4 // see appendState
)

const flagLive = 1

type header struct {
	length   uint32
	crc      uint32
	kind     kind
	live     bool
	count    uint16
	first    uint64
	ordinal  uint64
	offsetNs int64
	firstNs  int64
	lastNs   int64
	boot     Boot
}

func (h *header) end() uint64 { return h.first + uint64(h.count) }

func (h *header) size() int64 { return headerSize + int64(h.length) }

func castagnoli(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

// parseHeader reads a header from p, headerSize bytes, and reports false for
// what is none.
func parseHeader(p []byte) (h header, ok bool) {
	le := binary.LittleEndian
	if le.Uint32(p) != magic || le.Uint32(p[4:]) != castagnoli(p[8:headerSize]) {
		return h, false
	}
	h = header{
		length: le.Uint32(p[8:]), crc: le.Uint32(p[12:]), kind: kind(p[16]), live: p[17]&flagLive != 0,
		count: le.Uint16(p[18:]), first: le.Uint64(p[24:]), ordinal: le.Uint64(p[32:]),
		offsetNs: int64(le.Uint64(p[40:])), firstNs: int64(le.Uint64(p[48:])), lastNs: int64(le.Uint64(p[56:])),
		boot: Boot(p[64:80]),
	}
	const sane = 1 << 62
	return h, h.length <= maxPayload && h.first < sane && h.ordinal < sane
}

// begin appends the place of a header to buf; finish fills it in, when the
// payload stands behind it.
func begin(buf []byte) ([]byte, int) {
	at := len(buf)
	return append(buf, make([]byte, headerSize)...), at
}

func (h *header) finish(buf []byte, at int) {
	le, p, payload := binary.LittleEndian, buf[at:at+headerSize], buf[at+headerSize:]
	le.PutUint32(p, magic)
	le.PutUint32(p[8:], uint32(len(payload)))
	le.PutUint32(p[12:], castagnoli(payload))
	p[16] = byte(h.kind)
	if h.live {
		p[17] = flagLive
	}
	le.PutUint16(p[18:], h.count)
	le.PutUint64(p[24:], h.first)
	le.PutUint64(p[32:], h.ordinal)
	le.PutUint64(p[40:], uint64(h.offsetNs))
	le.PutUint64(p[48:], uint64(h.firstNs))
	le.PutUint64(p[56:], uint64(h.lastNs))
	copy(p[64:], h.boot[:])
	le.PutUint32(p[4:], castagnoli(p[8:]))
}

// appendBatch appends the record of b's frames from frame from on, which the
// caller has given number, ordinal and boot in h.
func appendBatch(buf []byte, h header, b *capture.Batch, from int) []byte {
	h.kind, h.live, h.offsetNs = kindBatch, b.Live, b.ClockOffsetNs
	h.count = uint16(b.Len() - from)
	h.firstNs, h.lastNs = b.Frame(from).TimeNs, b.Frame(b.Len()-1).TimeNs
	buf, at := begin(buf)
	le := binary.LittleEndian
	for i := from; i < b.Len(); i++ {
		f := b.Frame(i)
		buf = le.AppendUint64(buf, uint64(f.TimeNs))
		buf = le.AppendUint32(buf, f.OrigLen)
		buf = le.AppendUint32(buf, uint32(f.LinkType))
		buf = le.AppendUint32(buf, uint32(len(f.Data)))
		buf = append(buf, f.Data...)
	}
	h.finish(buf, at)
	return buf
}

// readBatch makes a batch of a record's payload, nil if it is none.
func readBatch(h *header, p []byte) *capture.Batch {
	if h.count == 0 || h.count > capture.MaxBatchFrames || len(p) < int(h.count)*frameHead {
		return nil
	}
	b := capture.NewBatchSize(len(p) - int(h.count)*frameHead)
	b.Live, b.ClockOffsetNs = h.live, h.offsetNs
	le := binary.LittleEndian
	for range h.count {
		if len(p) < frameHead {
			break
		}
		n := le.Uint32(p[16:])
		if uint64(n) > uint64(len(p)-frameHead) || n > capture.MaxFrameBytes {
			break
		}
		end := frameHead + int(n)
		if !b.Append(int64(le.Uint64(p)), capture.LinkType(le.Uint32(p[12:])), le.Uint32(p[8:]), p[frameHead:end]) {
			break
		}
		p = p[end:]
	}
	if b.Len() != int(h.count) || len(p) != 0 {
		b.Release()
		return nil
	}
	return b
}

// appendFile appends the record that a file begins with.
func appendFile(buf []byte, h header, uuid capture.UUID) []byte {
	h.kind = kindFile
	buf, at := begin(buf)
	buf = binary.LittleEndian.AppendUint16(buf, version)
	buf = append(buf, uuid[:]...)
	h.finish(buf, at)
	return buf
}

// maxPoints is how many points go into one record.
const maxPoints = 512

// appendPoints appends a record of at most maxPoints points.
func appendPoints(buf []byte, boot Boot, points []gps.Point) []byte {
	h := header{kind: kindPoints, boot: boot, count: uint16(len(points))}
	buf, at := begin(buf)
	for i := range points {
		buf = appendPoint(buf, &points[i])
	}
	h.finish(buf, at)
	return buf
}

// appendPoint appends time, latitude, longitude, seven 32-bit floats and the
// receiver's name.
func appendPoint(buf []byte, p *gps.Point) []byte {
	le := binary.LittleEndian
	buf = le.AppendUint64(buf, uint64(p.TimeNs))
	buf = appendFloats(buf, p.Lat, p.Lon)
	for _, v := range [...]float64{p.AltMSL, p.VelEast, p.VelNorth, p.CourseDeg, p.AccuracyM, p.VelAccuracyMPS, p.AccelMPS2} {
		buf = le.AppendUint32(buf, math.Float32bits(float32(v)))
	}
	return appendText(buf, p.Receiver)
}

// readPoints appends a record's points to dst, as far as they can be read.
func readPoints(dst []gps.Point, h *header, payload []byte) []gps.Point {
	d := decoder{p: payload}
	var last string // of most points the receiver is the same: one string for all
	for range h.count {
		p := gps.Point{TimeNs: d.int64(), Lat: d.float(), Lon: d.float()}
		for _, v := range [...]*float64{&p.AltMSL, &p.VelEast, &p.VelNorth, &p.CourseDeg, &p.AccuracyM, &p.VelAccuracyMPS, &p.AccelMPS2} {
			*v = d.float32()
		}
		if name := d.bytes(int(d.byte())); string(name) != last {
			last = string(name)
		}
		if d.short {
			break
		}
		p.Receiver = last
		dst = append(dst, p)
	}
	return dst
}
