package gpsd

import "bytes"

// maxLine is the longest line that is read. gpsd's are at most 40 KiB
// (json_data_report writes into four times GPS_JSON_RESPONSE_MAX); a SKY with
// 50 satellites has 5.
const maxLine = 64 << 10

// A splitter cuts a stream into lines, and holds no more than one of them.
type splitter struct {
	line    []byte
	tooLong bool // the line that is being read is too long: skip to its end
}

// feed calls each for every line that p completes, without its end, and
// skipped for each that is longer than maxLine. The line is only valid until
// each returns. It stops at the first error of each.
func (s *splitter) feed(p []byte, each func(line []byte) error, skipped func()) error {
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte{'\n'})
		p = rest
		if s.tooLong = s.tooLong || len(s.line)+len(part) > maxLine; !s.tooLong {
			s.line = append(s.line, part...)
		}
		if !ended {
			return nil
		}
		line, tooLong := bytes.TrimRight(s.line, "\r"), s.tooLong
		s.line, s.tooLong = s.line[:0], false
		if tooLong {
			skipped()
			continue
		}
		if len(line) == 0 {
			continue
		}
		if err := each(line); err != nil {
			return err
		}
	}
	return nil
}
