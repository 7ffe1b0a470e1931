package spool

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// recover finds out what earlier runs left, and begins the writing behind it.
func (s *Store) recover() error {
	if _, err := readMeta(s.dir); err != nil {
		return err
	}
	if err := writeMeta(s.dir, s.meta); err != nil {
		return err
	}
	f, c, err := openCursor(s.rig.o.files, filepath.Join(s.dir, cursorName))
	if err != nil {
		return err
	}
	v := survey{fs: s.rig.o.files, dir: s.dir, acked: c.acked, clocks: s.clocks}
	if err := v.all(c, true); err != nil {
		_ = f.Close()
		return err
	}
	s.segments, s.frames = v.segments, v.frames()
	next := max(c.next, v.next, c.acked)
	s.recovered = Recovery{
		Frames: s.frames, Bytes: s.bytes(), Lost: v.lost, LostBytes: v.lostBytes,
		First: c.acked, Next: next,
	}
	s.cursors = Cursors{Acked: c.acked, Sent: c.acked, Owned: next}
	s.w.number = max(v.number, uint32(min(c.segment, 1<<32-2)))
	if s.w.ordinal = v.ordinal; !v.known {
		s.w.ordinal = c.ordinal
	}
	s.w.cursorFile, s.w.saved = f, c
	s.w.cursor = c
	s.w.cursor.ordinal = s.w.ordinal
	s.w.before = c.counts
	s.w.before.Damaged += v.lost
	if err := s.save(c.acked, next, 0); err != nil { // what is lost is not to be counted again
		_ = f.Close()
		return err
	}
	s.tellRecovered()
	return nil
}

func (s *Store) tellRecovered() {
	r := s.recovered
	if r.Lost > 0 || r.LostBytes > 0 {
		s.log.Warn("of an earlier run's frames, some are lost", "lost", r.Lost, "damaged_bytes", r.LostBytes, "kept", r.Frames)
	} else if r.Frames > 0 {
		s.log.Info("frames of an earlier run are kept, and sent first", "kept", r.Frames)
	}
}

// A survey is what is found in a source's directory.
type survey struct {
	fs     files
	dir    string
	acked  uint64
	counts Counts // as noted last
	clocks map[Boot][]State

	segments  []*segment
	next      uint64 // behind every number that was seen
	number    uint32 // of the newest segment
	ordinal   uint64 // frames written up to the end of what was found
	known     bool   // the ordinal is
	lost      uint64 // frames that were written, not confirmed, and not found
	lostBytes int64
	locked    bool // somebody has it,
	running   bool // or may: what is not there yet is not lost
	later     int  // the version of a file that is too new, 0 if there is none
}

func (v *survey) frames() (n uint64) {
	for _, g := range v.segments {
		n += g.count(v.acked, g.end())
	}
	return n
}

// all surveys the directory, and repairs the end of the newest segment if the
// directory is ours.
func (v *survey) all(c cursor, ours bool) error {
	numbers, err := segmentNumbers(v.dir)
	if err != nil {
		return err
	}
	for i, n := range numbers {
		if v.known && n != v.number+1 {
			v.known = false // what was between was given up, and counted then
		}
		v.number = n
		if err := v.segment(n, i == len(numbers)-1, ours); err != nil {
			return err
		}
		if v.later > 0 {
			return tooNew(v.dir, v.later)
		}
	}
	owed := c.memory
	if uint64(v.number) >= c.segment && len(numbers) > 0 {
		owed = max(c.ordinal+c.memory, v.ordinal) - v.ordinal
	}
	if !v.running {
		v.lose(owed, c.next)
	}
	return nil
}

// lose counts frames that were written behind what was found, and in front of
// number to.
func (v *survey) lose(n, to uint64) {
	if from := max(v.next, v.acked); from < to {
		v.lost += min(n, to-from)
	}
}

// segment surveys one of them. Of all but the newest only the headers are read:
// the rest is looked at when it is sent.
func (v *survey) segment(number uint32, newest, ours bool) error {
	if err := v.points(number); err != nil {
		return err
	}
	name := filepath.Join(v.dir, segmentName(number))
	flag := os.O_RDONLY
	if newest && ours {
		flag = os.O_RDWR
	}
	f, size, err := openSized(v.fs, name, flag)
	g := &segment{number: number, size: size, sealed: true, points: v.size(pointsName(number))}
	if errors.Is(err, fs.ErrNotExist) {
		v.keep(g) // only its points are left: to be deleted with its turn
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sc := scanner{f: f, end: size, ahead: walkAhead}
	if newest {
		sc.ahead = readAhead
	}
	whole, err := v.records(g, &sc, newest)
	if !newest || !v.running {
		v.lostBytes += sc.skipped
	}
	if err == nil && newest && ours && whole < size {
		err = f.Truncate(whole) // what a crash tore
		g.size = whole
	}
	v.keep(g)
	return err
}

func (v *survey) keep(g *segment) { v.segments = append(v.segments, g) }

// records goes over the records of a segment, and returns where the last whole
// one ends.
func (v *survey) records(g *segment, sc *scanner, verify bool) (whole int64, err error) {
	for {
		h, at, err := sc.next()
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return whole, err
		}
		if verify || h.kind == kindFile {
			p, err := sc.payload(&h, at)
			if err != nil {
				return whole, err
			}
			if p == nil {
				continue
			}
			if h.kind == kindFile {
				v.file(&h, p)
			}
		}
		whole = sc.off
		if h.kind == kindBatch && h.count > 0 {
			v.batch(g, &h)
		}
	}
}

func (v *survey) file(h *header, payload []byte) {
	if len(payload) >= 2 && binary.LittleEndian.Uint16(payload) > version {
		v.later = int(binary.LittleEndian.Uint16(payload))
	}
	if !v.known {
		v.ordinal, v.known = h.ordinal, true
	}
}

func (v *survey) batch(g *segment, h *header) {
	if v.known && h.ordinal > v.ordinal {
		v.lose(h.ordinal-v.ordinal, h.first)
	}
	v.ordinal, v.known = max(v.ordinal, h.ordinal+uint64(h.count)), true
	g.note(h, h)
	if first := max(h.first, v.next); first < h.end() {
		g.add(first, h.end()) // what a failed disk has twice is there once
		v.next = h.end()
	}
}

// points reads what the clocks were worth from a segment's points.
func (v *survey) points(number uint32) error {
	f, size, err := openSized(v.fs, filepath.Join(v.dir, pointsName(number)), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	sc := scanner{f: f, end: size, ahead: walkAhead}
	for {
		h, at, err := sc.next()
		if err != nil {
			return ignoreEOF(err)
		}
		if h.kind != kindState {
			continue
		}
		p, err := sc.payload(&h, at)
		if err != nil {
			return err
		}
		if st, ok := readState(p); ok {
			list := v.clocks[h.boot]
			if n := len(list); n == 0 || list[n-1].BootNs < st.BootNs { // each file begins with the newest so far
				v.clocks[h.boot] = append(list, st)
			}
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (v *survey) size(name string) int64 {
	info, err := os.Stat(filepath.Join(v.dir, name))
	if err != nil {
		return 0
	}
	return info.Size()
}

func openSized(fs files, name string, flag int) (file, int64, error) {
	f, err := fs.open(name, flag)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}
