package export

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/sensord/sensord/capture"
)

// repaired is what became of a recording that was not closed.
type repaired struct {
	frames uint64
	size   int64 // of the file now
	lost   int64 // bytes that were no whole blocks
}

// blockUnused is of a type that pcapng leaves to everybody, and that no reader
// knows: it covers what is damaged.
const blockUnused = 0x80000bad

const (
	windowBytes   = 1 << 20
	maxOwnBlock   = 64 << 10 // no block of ours is longer
	maxCoverBytes = 8 << 20  // readers refuse blocks that are longer than 16 MiB
)

var errNoRecording = errors.New("it does not begin as a recording does")

// repair makes a recording of ours whole: a torn end is cut off, and what is
// damaged with whole frames behind it, as the loss of power can leave it, is
// covered by a block that readers pass over.
func repair(f *os.File) (rep repaired, err error) {
	info, err := f.Stat()
	if err != nil {
		return rep, err
	}
	s := scan{file: f, size: info.Size()}
	first, ok, err := s.block(0)
	switch {
	case err != nil:
		return rep, err
	case !ok && s.size <= maxOwnBlock && s.onlyZeros():
		return rep, nil // the loss of power left nothing of it
	case !ok || first.kind != blockSection:
		return rep, errNoRecording
	}
	off := int64(first.length)
	for off < s.size {
		b, ok, err := s.block(off)
		if err != nil {
			return rep, err
		}
		if ok {
			s.count(b)
			off += int64(b.length)
			continue
		}
		next, err := s.nextFrame(off + blockBytes)
		if err != nil {
			return rep, err
		}
		if next < 0 {
			rep.lost += s.size - off
			if err := f.Truncate(off); err != nil {
				return rep, err
			}
			s.size = off
			break
		}
		rep.lost += next - off
		if err := cover(f, off, next); err != nil {
			return rep, err
		}
		s.start = -1 // what was read is not so any more
		off = next
	}
	rep.frames, rep.size = s.frames, s.size
	return rep, nil
}

// scan reads a file through a window.
type scan struct {
	file   io.ReaderAt
	size   int64
	window []byte
	start  int64 // of the window

	interfaces uint32
	frames     uint64
}

type blockHead struct {
	kind, length uint32
}

func (s *scan) count(b blockHead) {
	switch b.kind {
	case blockInterface:
		s.interfaces++
	case blockEnhanced:
		s.frames++
	}
}

// at returns up to maxOwnBlock bytes of the file, fewer only at its end.
func (s *scan) at(off int64) ([]byte, error) {
	end := s.start + int64(len(s.window))
	if s.start < 0 || off < s.start || off > end || off+maxOwnBlock > end && end < s.size {
		if s.window == nil {
			s.window = make([]byte, 0, windowBytes)
		}
		n, err := s.file.ReadAt(s.window[:min(windowBytes, max(0, s.size-off))], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		s.window, s.start = s.window[:n], off
	}
	b := s.window[off-s.start:]
	return b[:min(len(b), maxOwnBlock)], nil
}

// block returns the head of the block at off, and whether it is a whole one, as
// we write them.
func (s *scan) block(off int64) (h blockHead, ok bool, err error) {
	b, err := s.at(off)
	if err != nil || len(b) < blockBytes {
		return h, false, err
	}
	le := binary.LittleEndian
	h = blockHead{le.Uint32(b), le.Uint32(b[4:])}
	if h.length < blockBytes || h.length%4 != 0 || int64(h.length) > s.size-off {
		return h, false, nil
	}
	if h.kind == blockUnused { // may be longer than what is looked at
		return h, h.length <= maxCoverBytes, nil
	}
	if int64(h.length) > int64(len(b)) || le.Uint32(b[h.length-4:]) != h.length {
		return h, false, nil
	}
	switch h.kind {
	case blockSection:
		ok = off == 0 && h.length >= blockBytes+16 && le.Uint32(b[8:]) == byteOrderMagic && le.Uint16(b[12:]) == 1
	case blockInterface:
		ok = h.length >= interfaceBytes && hasOurClock(b[interfaceBytes-4:h.length-4])
	case blockEnhanced:
		ok = h.length >= enhancedBytes && le.Uint32(b[8:]) < s.interfaces && le.Uint32(b[12:]) < 1<<31 &&
			le.Uint32(b[20:]) <= min(h.length-enhancedBytes, capture.MaxFrameBytes)
	}
	return h, ok, nil
}

// hasOurClock reports whether an interface's options are whole, and its times in
// nanoseconds since 1970.
func hasOurClock(options []byte) (ok bool) {
	le := binary.LittleEndian
	for len(options) >= 4 {
		code, length := le.Uint16(options), int(le.Uint16(options[2:]))
		padded := 4 + (length+3)&^3
		switch {
		case code == optEnd:
			return ok
		case padded > len(options), code == optOffset:
			return false
		case code == optResolution:
			ok = length == 1 && options[4] == nanoseconds
		}
		options = options[padded:]
	}
	return ok
}

// nextFrame returns where the next whole frame begins, from off on, or -1.
func (s *scan) nextFrame(off int64) (int64, error) {
	for ; off+enhancedBytes <= s.size; off += 4 {
		h, ok, err := s.block(off)
		if err != nil {
			return 0, err
		}
		if ok && h.kind == blockEnhanced {
			return off, nil
		}
	}
	return -1, nil
}

func (s *scan) onlyZeros() bool {
	b, err := s.at(0)
	if err != nil {
		return false
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// cover writes blocks without meaning from off to end, which are whole multiples
// of 4 apart, and at least 12.
func cover(f io.WriterAt, off, end int64) error {
	for off < end {
		n := end - off
		if n > maxCoverBytes {
			n = maxCoverBytes / 2 // what is left is a block, too
		}
		head := binary.LittleEndian.AppendUint32(nil, blockUnused)
		head = binary.LittleEndian.AppendUint32(head, uint32(n))
		tail := binary.LittleEndian.AppendUint32(nil, uint32(n))
		if _, err := f.WriteAt(head, off); err != nil {
			return err
		}
		if _, err := f.WriteAt(tail, off+n-4); err != nil {
			return err
		}
		off += n
	}
	return nil
}
