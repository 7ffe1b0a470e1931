package pcapfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/sensord/sensord/capture"
)

// A record is one frame of a file. Its data are a view into the stream.
type record struct {
	timeNs   int64
	linkType capture.LinkType
	origLen  uint32
	data     []byte // at most capture.MaxFrameBytes
	from     *iface // of pcapng only
	options  []byte // behind the data, of pcapng only; nil where the block is too long to look at
	order    order
}

// records is a file format. next reads one record or block; it reports false
// without error if that was no frame, and io.EOF at the clean end.
type records interface {
	next(*record) (bool, error)
}

// The first four bytes of a file, as a big-endian number.
const (
	magicMicro        = 0xa1b2c3d4
	magicMicroSwapped = 0xd4c3b2a1
	magicNano         = 0xa1b23c4d
	magicNanoSwapped  = 0x4d3cb2a1
	magicSection      = 0x0a0d0d0a // pcapng, in either byte order
)

var errNoCapture = errors.New("is no pcap or pcapng file")

// openRecords recognises the format and reads the file's header. It returns the
// link type of the first interface.
func openRecords(st *stream) (records, capture.LinkType, error) {
	b, err := st.peek(4)
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, errors.New("it is empty")
	case errors.Is(err, errCut):
		return nil, 0, errNoCapture
	case err != nil:
		return nil, 0, err
	}
	switch binary.BigEndian.Uint32(b) {
	case magicMicro:
		return openPcap(st, order{big: true}, 1000)
	case magicMicroSwapped:
		return openPcap(st, order{}, 1000)
	case magicNano:
		return openPcap(st, order{big: true}, 1)
	case magicNanoSwapped:
		return openPcap(st, order{}, 1)
	case magicSection:
		return openPcapng(st)
	}
	return nil, 0, errNoCapture
}

// order is a byte order: a flag instead of binary.ByteOrder, because a call
// through an interface for each number would cost more than the number.
type order struct{ big bool }

func (o order) u16(b []byte) uint16 {
	if o.big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func (o order) u32(b []byte) uint32 {
	if o.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (o order) u64(b []byte) uint64 {
	if o.big {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// pcap is the classic format: a file header of 24 bytes, then frames with 16
// bytes in front. Source: draft-ietf-opsawg-pcap.
//
// gopacket's reader takes a file cut right behind a frame's header for a
// complete one, allocates as much as the file header claims for a frame (4 GiB),
// refuses frames longer than that, and cannot go on after an interrupted read.
type pcap struct {
	st       *stream
	order    order
	unitNs   int64 // of the second number in a frame's time
	linkType capture.LinkType
}

const (
	pcapHeaderBytes = 24
	pcapRecordBytes = 16

	// maxRecordBytes is libpcap's limit for link types that carry frames. More
	// than that is not a length but damage.
	maxRecordBytes = 256 << 10
)

func openPcap(st *stream, o order, unitNs int64) (records, capture.LinkType, error) {
	b, err := st.peek(pcapHeaderBytes)
	if err != nil {
		return nil, 0, fmt.Errorf("file header: %w", err)
	}
	if major, minor := o.u16(b[4:]), o.u16(b[6:]); major != 2 || minor < 4 {
		return nil, 0, fmt.Errorf("has pcap version %d.%d, 2.4 is supported", major, minor)
	}
	// The upper half says how long an FCS is, if the writer knew.
	p := &pcap{st: st, order: o, unitNs: unitNs, linkType: capture.LinkType(o.u32(b[20:]) & 0xffff)}
	st.skip(pcapHeaderBytes)
	return p, p.linkType, nil
}

func (p *pcap) next(rec *record) (bool, error) {
	h, err := p.st.peek(pcapRecordBytes)
	if err != nil {
		return false, err
	}
	if [pcapRecordBytes]byte(h) == [pcapRecordBytes]byte{} {
		// A file system that lost its power leaves such tails.
		return false, errors.New("its header is all zeros")
	}
	capLen := p.order.u32(h[8:])
	if capLen > maxRecordBytes {
		return false, fmt.Errorf("its header claims %d bytes, %d are the most", capLen, maxRecordBytes)
	}
	b, err := p.st.peek(pcapRecordBytes + min(int(capLen), capture.MaxFrameBytes))
	if err != nil {
		return false, err
	}
	*rec = record{
		timeNs:   int64(p.order.u32(b))*1e9 + int64(p.order.u32(b[4:]))*p.unitNs,
		linkType: p.linkType,
		origLen:  max(p.order.u32(b[12:]), capLen),
		data:     b[pcapRecordBytes:],
	}
	p.st.skip(pcapRecordBytes + int(capLen))
	return true, nil
}
