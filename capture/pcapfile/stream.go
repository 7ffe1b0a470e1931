package pcapfile

import (
	"bufio"
	"errors"
	"io"
)

// bufBytes is large enough that system calls and moved remainders do not count.
const bufBytes = 256 << 10

// maxPeek is how much of one record is looked at: a whole frame as far as it is
// kept, and any block worth reading.
const maxPeek = 64 << 10

var errCut = errors.New("the file ends in the middle of it")

// A stream is a file's content, uncompressed. A failed call can be repeated.
type stream struct {
	br   *bufio.Reader
	off  int64 // of the byte that peek begins at
	owed int   // bytes that the next peek skips first
}

// peek returns the next n <= maxPeek bytes without consuming them. They stay
// valid until the next peek. At the end it returns io.EOF, in the middle of
// what was asked for errCut.
func (s *stream) peek(n int) ([]byte, error) {
	if s.owed > 0 {
		paid, err := s.br.Discard(s.owed)
		s.owed -= paid
		s.off += int64(paid)
		if err != nil {
			return nil, cut(err)
		}
	}
	b, err := s.br.Peek(n)
	if err == nil {
		return b, nil
	}
	if len(b) > 0 {
		err = cut(err)
	}
	return nil, err
}

// skip consumes n bytes. It leaves what was peeked valid, and may be called
// once between two peeks.
func (s *stream) skip(n int) { s.owed = n }

func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}
