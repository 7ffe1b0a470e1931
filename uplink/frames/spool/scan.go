package spool

import (
	"bytes"
	"errors"
	"io"
)

// A scanner goes over the records of a file, past what is none.
type scanner struct {
	f       io.ReaderAt
	off     int64 // of the next record
	end     int64 // nothing is read from there on
	ahead   int   // how many bytes are read at a time
	skipped int64 // bytes so far that are no whole record

	buf  []byte // what was read,
	base int64  // from there
}

const (
	readAhead = 256 << 10 // where the payloads are read
	walkAhead = 4 << 10   // where only the headers are
)

var magicBytes = [...]byte{magic & 0xff, magic >> 8 & 0xff, magic >> 16 & 0xff, magic >> 24}

// view returns n bytes from off on; they are valid until the next call. It
// returns io.EOF if they are not there.
func (s *scanner) view(off int64, n int) ([]byte, error) {
	if off+int64(n) > s.end {
		return nil, io.EOF
	}
	if off >= s.base && off+int64(n) <= s.base+int64(len(s.buf)) {
		at := int(off - s.base)
		return s.buf[at : at+n], nil
	}
	want := int(min(int64(max(n, s.ahead)), s.end-off))
	if cap(s.buf) < want {
		s.buf = make([]byte, 0, max(want, s.ahead))
	}
	s.buf = s.buf[:want]
	got, err := s.f.ReadAt(s.buf, off)
	s.buf, s.base = s.buf[:got], off
	if got >= n {
		return s.buf[:n], nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, io.EOF // shorter than it was thought to be
	}
	return nil, err
}

// next returns the next record's header, and its offset. Its payload is read
// with payload, if it is wanted. io.EOF is the end; another error is the disk's.
func (s *scanner) next() (h header, at int64, err error) {
	for {
		p, err := s.view(s.off, headerSize)
		if err != nil {
			return h, 0, s.ended(err)
		}
		h, ok := parseHeader(p)
		switch {
		case !ok:
			if err := s.resync(); err != nil {
				return h, 0, s.ended(err)
			}
			continue
		case s.off+h.size() > s.end: // torn
			return h, 0, s.ended(io.EOF)
		}
		at = s.off
		s.off += h.size()
		return h, at, nil
	}
}

func (s *scanner) ended(err error) error {
	if errors.Is(err, io.EOF) && s.end > s.off {
		s.skipped += s.end - s.off
		s.off = s.end
	}
	return err
}

// payload returns the payload of the record at at, valid until the next call.
// It returns nil if that is damaged.
func (s *scanner) payload(h *header, at int64) ([]byte, error) {
	p, err := s.view(at+headerSize, int(h.length))
	if errors.Is(err, io.EOF) || err == nil && castagnoli(p) != h.crc {
		s.skipped += h.size()
		return nil, nil
	}
	return p, err
}

// resync moves on to the next place where a record may begin.
func (s *scanner) resync() error {
	from := s.off
	s.off++
	for {
		n := int(min(s.end-s.off, walkAhead))
		if n < headerSize {
			s.off = from
			return io.EOF
		}
		p, err := s.view(s.off, n)
		if err != nil {
			s.off = from
			return err
		}
		if i := bytes.Index(p, magicBytes[:]); i >= 0 {
			s.off += int64(i)
			s.skipped += s.off - from
			return nil
		}
		s.off += int64(n - len(magicBytes) + 1)
	}
}
