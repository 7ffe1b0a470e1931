package kismet

// A Splitter cuts frames of all generations out of a byte stream, however the
// stream is chopped: some servers send header and payload as two websocket
// messages, and a plain TCP stream has no boundaries at all. The zero Splitter
// is ready. It is used by one goroutine.
//
// Call Next until it returns nil after each Write; then a Splitter holds at
// most MaxReceived bytes besides the last Write's.
type Splitter struct {
	buf  []byte // buf[next:] is what no frame was cut from
	next int
	err  error
}

// keepBytes is how much memory a Splitter keeps when it is empty.
const keepBytes = 4 * MaxReceived

// Write buffers more bytes of the stream; p is copied and may be empty. Frames
// that Next returned before are no longer valid.
func (s *Splitter) Write(p []byte) {
	if s.err != nil {
		return
	}
	switch {
	case s.next == len(s.buf):
		s.buf, s.next = s.buf[:0], 0
		if cap(s.buf) > keepBytes {
			s.buf = nil
		}
	case len(s.buf)+len(p) > cap(s.buf) && s.next >= len(s.buf)-s.next:
		// Only when at least as much was consumed as has to be moved, so that
		// each byte moves once on average.
		s.buf = s.buf[:copy(s.buf, s.buf[s.next:])]
		s.next = 0
	}
	s.buf = append(s.buf, p...)
}

// Next returns the next whole frame, or nil if more bytes are needed. The frame
// is valid until the next Write. The errors are ErrNotKismet and ErrTooLong;
// behind them the stream cannot be understood any more, so they stay.
func (s *Splitter) Next() ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	rest := s.buf[s.next:]
	h, head, err := readStub(rest)
	if err != nil {
		s.err, s.buf, s.next = err, nil, 0
		return nil, err
	}
	if head == 0 || len(rest) < h.Size {
		return nil, nil
	}
	s.next += h.Size
	return rest[:h.Size:h.Size], nil
}
