package export

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
)

// Blocks of pcapng and their options. Source: draft-ietf-opsawg-pcapng.
const (
	blockInterface = 1
	blockEnhanced  = 6
	blockSection   = 0x0a0d0d0a

	byteOrderMagic = 0x1a2b3c4d

	optEnd         = 0
	optComment     = 1
	optName        = 2 // of an interface
	optDescription = 3 // of an interface
	optOS          = 3 // of a section
	optProgram     = 4 // of a section
	optResolution  = 9 // of an interface's times
	optOffset      = 14

	nanoseconds = 9 // as a resolution: 10^-9 s

	blockBytes     = 12 // of a block with nothing in it: type, length, and length again
	interfaceBytes = blockBytes + 8
	enhancedBytes  = blockBytes + 20
	maxTextBytes   = 1 << 10 // of one option
)

// blocks encodes located frames as pcapng: one section in little-endian, times
// in nanoseconds, an interface for each source and link type, described before
// its first frame.
type blocks struct {
	opts   PcapOptions
	ids    map[origin]uint32
	known  []origin // by id
	last   origin
	lastID uint32
}

// origin is what becomes an interface.
type origin struct {
	source capture.UUID
	link   capture.LinkType
}

func newBlocks(o PcapOptions) *blocks { return &blocks{opts: o, ids: map[origin]uint32{}} }

// appendHeader adds the section's header and the first n interfaces: what a file
// begins with whose frames follow.
func (e *blocks) appendHeader(buf []byte, n int) []byte {
	le := binary.LittleEndian
	buf, start := beginBlock(buf, blockSection)
	buf = le.AppendUint32(buf, byteOrderMagic)
	buf = le.AppendUint16(buf, 1)
	buf = le.AppendUint16(buf, 0)
	buf = le.AppendUint64(buf, math.MaxUint64) // the section's length is not known
	if e.opts.Rig != "" {
		buf = appendText(buf, optComment, "rig "+e.opts.Rig)
	}
	buf = appendText(buf, optOS, runtime.GOOS+"/"+runtime.GOARCH)
	if e.opts.Program != "" {
		buf = appendText(buf, optProgram, e.opts.Program)
	}
	buf = appendEnd(buf)
	buf = endBlock(buf, start)
	for _, o := range e.known[:n] {
		buf = e.appendInterface(buf, o)
	}
	return buf
}

// appendFrame adds a frame, behind its interface's description if it is the
// first. It allocates nothing for those that follow, if buf has the room.
func (e *blocks) appendFrame(buf []byte, f *frames.Located) ([]byte, error) {
	if f.Frame.LinkType > math.MaxUint16 {
		return buf, fmt.Errorf("link type %d: pcapng has only 16 bits for it", f.Frame.LinkType)
	}
	o := origin{f.Source, f.Frame.LinkType}
	if o != e.last || len(e.known) == 0 {
		id, ok := e.ids[o]
		if !ok {
			id = uint32(len(e.known))
			e.known = append(e.known, o)
			e.ids[o] = id
			buf = e.appendInterface(buf, o)
		}
		e.last, e.lastID = o, id
	}
	data := f.Frame.Data[:min(len(f.Frame.Data), capture.MaxFrameBytes)]
	le := binary.LittleEndian
	buf, start := beginBlock(buf, blockEnhanced)
	ns := uint64(max(0, f.TimeNs))
	buf = le.AppendUint32(buf, e.lastID)
	buf = le.AppendUint32(buf, uint32(ns>>32))
	buf = le.AppendUint32(buf, uint32(ns))
	buf = le.AppendUint32(buf, uint32(len(data)))
	buf = le.AppendUint32(buf, max(f.Frame.OrigLen, uint32(len(data))))
	buf = append(buf, data...)
	buf = pad(buf, start)
	if f.HasPosition {
		before := len(buf)
		if buf = appendGPSOption(buf, &f.Position, f.TimeNs); len(buf) > before {
			buf = appendEnd(buf)
		}
	}
	return endBlock(buf, start), nil
}

// maxFrameBlock is the most that a frame adds, an interface not counted.
func maxFrameBlock(f *frames.Located) int64 {
	return int64(enhancedBytes + min(len(f.Frame.Data), capture.MaxFrameBytes) + 3 + gpsOptionBytes + 4)
}

// appendInterface describes an interface. Its description is the source's UUID,
// from which a Reader knows it again.
func (e *blocks) appendInterface(buf []byte, o origin) []byte {
	le := binary.LittleEndian
	buf, start := beginBlock(buf, blockInterface)
	buf = le.AppendUint16(buf, uint16(o.link))
	buf = le.AppendUint16(buf, 0)
	buf = le.AppendUint32(buf, capture.MaxFrameBytes)
	if name := e.name(o.source); name != "" {
		buf = appendText(buf, optName, name)
	}
	if !o.source.IsZero() {
		buf = appendText(buf, optDescription, descriptionPrefix+o.source.String())
	}
	buf = le.AppendUint16(buf, optResolution)
	buf = le.AppendUint16(buf, 1)
	buf = append(buf, nanoseconds, 0, 0, 0)
	buf = appendEnd(buf)
	return endBlock(buf, start)
}

// descriptionPrefix stands before the UUID in an interface's description.
const descriptionPrefix = "datasource "

func (e *blocks) name(source capture.UUID) string {
	if e.opts.Name != nil {
		if name := e.opts.Name(source); name != "" {
			return name
		}
	}
	if source.IsZero() {
		return ""
	}
	return source.String()
}

func beginBlock(buf []byte, kind uint32) (_ []byte, start int) {
	start = len(buf)
	buf = binary.LittleEndian.AppendUint32(buf, kind)
	return append(buf, 0, 0, 0, 0), start
}

func endBlock(buf []byte, start int) []byte {
	n := uint32(len(buf) - start + 4)
	binary.LittleEndian.PutUint32(buf[start+4:], n)
	return binary.LittleEndian.AppendUint32(buf, n)
}

func appendText(buf []byte, code uint16, text string) []byte {
	start := len(buf)
	text = text[:min(len(text), maxTextBytes)]
	buf = binary.LittleEndian.AppendUint16(buf, code)
	buf = binary.LittleEndian.AppendUint16(buf, uint16(len(text)))
	buf = append(buf, text...)
	return pad(buf, start)
}

func appendEnd(buf []byte) []byte { return append(buf, optEnd, 0, 0, 0) }

// pad fills up to 32 bits, counted from start.
func pad(buf []byte, start int) []byte {
	for (len(buf)-start)%4 != 0 {
		buf = append(buf, 0)
	}
	return buf
}
