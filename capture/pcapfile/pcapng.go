package pcapfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/sensord/sensord/capture"
)

// pcapng is the block format. Source: draft-ietf-opsawg-pcapng.
//
// gopacket's reader takes a file cut at any place for a complete one, allocates
// as much as an interface claims for a frame (4 GiB), is up to 0.7 ms wrong in
// times whose unit is a power of two, and refuses version 1.2.
type pcapng struct {
	st      *stream
	order   order
	ifaces  []*iface // of this section
	section int      // counts them
	lastNs  int64    // time of the last frame
}

// iface is what an interface description block says of its frames.
type iface struct {
	linkType capture.LinkType
	snapLen  uint32 // 0 is unlimited
	clock    clock

	name, description string // as the file has them
	section, index    int    // which interface of which section, both from 0 on
}

// Types of blocks.
const (
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
	blockSection   = magicSection
)

const (
	byteOrderMagic = 0x1a2b3c4d

	// Bytes of a block without its options or data: type, length, the fields,
	// length again.
	blockBytes     = 12
	sectionBytes   = blockBytes + 16
	interfaceBytes = blockBytes + 8
	enhancedBytes  = blockBytes + 20
	simpleBytes    = blockBytes + 4

	maxBlockBytes = 16 << 20 // as libpcap
	maxInterfaces = 4096
	// maxLeadBlocks is how many blocks may come before the first interface.
	maxLeadBlocks = 1024
)

func openPcapng(st *stream) (records, capture.LinkType, error) {
	p := &pcapng{st: st}
	for range maxLeadBlocks {
		_, err := p.next(&record{})
		switch {
		case errors.Is(err, io.EOF): // a file without frames
			return p, 0, nil
		case err != nil:
			return nil, 0, fmt.Errorf("file header: block at byte %d: %w", st.off, err)
		case len(p.ifaces) > 0:
			return p, p.ifaces[0].linkType, nil
		}
	}
	return nil, 0, fmt.Errorf("no interface is described in the first %d blocks", maxLeadBlocks)
}

func (p *pcapng) next(rec *record) (bool, error) {
	h, err := p.st.peek(blockBytes)
	if err != nil {
		return false, err
	}
	kind := p.order.u32(h) // reads the same in both orders if it is a section
	if kind == blockSection {
		switch {
		case order{}.u32(h[8:]) == byteOrderMagic:
			p.order = order{}
		case order{big: true}.u32(h[8:]) == byteOrderMagic:
			p.order = order{big: true}
		default:
			return false, errors.New("its section header has no byte order")
		}
	}
	length := p.order.u32(h[4:])
	if length < blockBytes || length > maxBlockBytes || length%4 != 0 {
		return false, fmt.Errorf("its block claims %d bytes", length)
	}
	b, err := p.st.peek(min(int(length), maxPeek))
	if err != nil {
		return false, err
	}
	if whole := len(b) == int(length); whole && p.order.u32(b[length-4:]) != length {
		return false, fmt.Errorf("its block claims %d bytes in front and %d behind", length, p.order.u32(b[length-4:]))
	}
	isFrame, err := p.block(kind, b, length, rec)
	if err != nil {
		return false, err
	}
	p.st.skip(int(length))
	return isFrame, nil
}

// block reads one block of length bytes, of which b has at most maxPeek.
func (p *pcapng) block(kind uint32, b []byte, length uint32, rec *record) (isFrame bool, err error) {
	switch kind {
	case blockEnhanced, blockPacket:
		return true, p.enhanced(kind, b, length, rec)
	case blockSimple:
		return true, p.simple(b, length, rec)
	case blockInterface:
		return false, p.addInterface(b, length)
	case blockSection:
		if length < sectionBytes {
			return false, fmt.Errorf("its section header has %d bytes", length)
		}
		if major := p.order.u16(b[12:]); major != 1 {
			return false, fmt.Errorf("has pcapng version %d.%d, 1.0 is supported", major, p.order.u16(b[14:]))
		}
		p.ifaces = p.ifaces[:0]
		p.section++
		return false, nil
	default: // names, statistics, secrets, what others have defined
		return false, nil
	}
}

// enhanced reads an enhanced packet block, or an obsolete packet block, which
// has the interface in half the bytes.
func (p *pcapng) enhanced(kind uint32, b []byte, length uint32, rec *record) error {
	if length < enhancedBytes {
		return fmt.Errorf("its block has only %d bytes", length)
	}
	id := p.order.u32(b[8:])
	if kind == blockPacket {
		id = uint32(p.order.u16(b[8:]))
	}
	if uint64(id) >= uint64(len(p.ifaces)) {
		return fmt.Errorf("it comes from interface %d, and %d are described", id, len(p.ifaces))
	}
	from := p.ifaces[id]
	capLen := p.order.u32(b[20:])
	if capLen > length-enhancedBytes {
		return fmt.Errorf("it claims %d bytes in a block of %d", capLen, length)
	}
	ns, ok := from.clock.ns(uint64(p.order.u32(b[12:]))<<32 | uint64(p.order.u32(b[16:])))
	if !ok {
		return errors.New("its time is not between the years 1970 and 2262")
	}
	p.lastNs = ns
	const data = enhancedBytes - 4
	*rec = record{
		timeNs:   ns,
		linkType: from.linkType,
		origLen:  max(p.order.u32(b[24:]), capLen),
		data:     b[data : data+min(int(capLen), capture.MaxFrameBytes)],
		from:     from,
		order:    p.order,
	}
	if int(length) == len(b) {
		rec.options = b[data+min(int(capLen+3)&^3, len(b)-4-data) : len(b)-4]
	}
	return nil
}

// simple reads a simple packet block. It has no time: the frame gets that of
// the one before it.
func (p *pcapng) simple(b []byte, length uint32, rec *record) error {
	if length < simpleBytes {
		return fmt.Errorf("its block has only %d bytes", length)
	}
	if len(p.ifaces) == 0 {
		return errors.New("it comes before any interface is described")
	}
	from := p.ifaces[0]
	origLen := p.order.u32(b[8:])
	capLen := min(origLen, length-simpleBytes)
	if from.snapLen != 0 {
		capLen = min(capLen, from.snapLen)
	}
	const data = simpleBytes - 4
	*rec = record{
		timeNs:   p.lastNs,
		linkType: from.linkType,
		origLen:  origLen,
		data:     b[data : data+min(int(capLen), capture.MaxFrameBytes)],
		from:     from,
		order:    p.order,
	}
	return nil
}

// addInterface reads an interface description block.
func (p *pcapng) addInterface(b []byte, length uint32) error {
	if length < interfaceBytes || int(length) > len(b) {
		return fmt.Errorf("its interface description has %d bytes", length)
	}
	if len(p.ifaces) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces are described", maxInterfaces)
	}
	opts := b[interfaceBytes-4 : length-4]
	c, err := p.readClock(opts)
	if err != nil {
		return err
	}
	f := &iface{
		linkType: capture.LinkType(p.order.u16(b[8:])),
		snapLen:  p.order.u32(b[12:]),
		clock:    c,
		section:  p.section - 1,
		index:    len(p.ifaces),
	}
	for code, value := range options(p.order, opts) {
		switch code {
		case optName:
			f.name = text(value)
		case optDescription:
			f.description = text(value)
		}
	}
	p.ifaces = append(p.ifaces, f)
	return nil
}
