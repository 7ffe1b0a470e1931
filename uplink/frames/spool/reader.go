package spool

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// A Reader reads what is kept of a source, from what no server has confirmed. It
// belongs to one goroutine.
type Reader struct {
	dir    string
	fs     files
	survey survey
	next   uint64 // the first frame wanted
	at     int    // of the survey's segments
	f      file
	sc     scanner
	place  *Place
}

// OpenReader opens one, also beside a running sensord: what that deletes
// meanwhile is not read, and what it adds neither. Errors: fault.SpoolAbsent,
// SpoolVersion, DiskFailed.
func OpenReader(dir string, uuid capture.UUID) (*Reader, error) {
	path := filepath.Join(dir, uuid.String())
	v, err := look(path)
	if err != nil {
		return nil, err
	}
	return &Reader{dir: path, fs: system{}, survey: v, next: v.acked}, nil
}

// look surveys a source's directory without a lock.
func look(path string) (survey, error) {
	if _, err := os.Stat(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return survey{}, fault.Newf(fault.SpoolAbsent, "spool "+filepath.Dir(path), "no frames of %s are kept there", filepath.Base(path))
		}
		return survey{}, diskFault(path, err)
	}
	if _, err := readMeta(path); err != nil {
		return survey{}, err
	}
	var c cursor
	if f, err := os.Open(filepath.Join(path, cursorName)); err == nil {
		c = readCursor(f)
		_ = f.Close()
	}
	v := survey{fs: system{}, dir: path, acked: c.acked, counts: c.counts, clocks: map[Boot][]State{}}
	held, known := locked(path)
	v.locked, v.running = held, held || !known
	return v, diskFault(path, v.all(c, false))
}

// Next returns the next frames, or io.EOF. None of them was returned before.
func (r *Reader) Next() (Entry, error) {
	for r.at < len(r.survey.segments) {
		e, err := r.inSegment(r.survey.segments[r.at])
		if err == nil {
			return e, nil
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, fs.ErrNotExist) {
			return Entry{}, diskFault(r.dir, err)
		}
		_ = r.Close()
		r.at++
	}
	return Entry{}, io.EOF
}

func (r *Reader) inSegment(g *segment) (Entry, error) {
	if r.f == nil {
		f, err := r.fs.open(filepath.Join(r.dir, segmentName(g.number)), os.O_RDONLY)
		if err != nil {
			return Entry{}, err
		}
		r.f, r.place = f, nil
		r.sc = scanner{f: f, end: g.size, ahead: readAhead, buf: r.sc.buf[:0]}
	}
	for {
		h, at, err := r.sc.next()
		if err != nil {
			return Entry{}, err
		}
		if h.kind != kindBatch || h.end() <= r.next {
			continue
		}
		p, err := r.sc.payload(&h, at)
		if err != nil {
			return Entry{}, err
		}
		b := readBatch(&h, p)
		if p == nil || b == nil {
			continue
		}
		if h.first < r.next {
			b = behind(b, int(r.next-h.first))
			h.first = r.next
		}
		r.next = h.end()
		return Entry{First: h.first, Batch: b, Boot: h.boot, Place: r.placeOf(h.boot)}, nil
	}
}

// behind returns a batch of b's frames from frame from on, and releases b.
func behind(b *capture.Batch, from int) *capture.Batch {
	defer b.Release()
	c := capture.NewBatchSize(b.DataBytes())
	c.Live, c.ClockOffsetNs = b.Live, b.ClockOffsetNs
	for i := from; i < b.Len(); i++ {
		f := b.Frame(i)
		c.Append(f.TimeNs, f.LinkType, f.OrigLen, f.Data)
	}
	return c
}

func (r *Reader) placeOf(boot Boot) *Place {
	if r.place != nil && r.place.boot == boot {
		return r.place
	}
	numbers := []uint32{r.survey.segments[r.at].number}
	if r.at+1 < len(r.survey.segments) {
		numbers = append(numbers, r.survey.segments[r.at+1].number)
	}
	r.place = &Place{fs: r.fs, dir: r.dir, number: numbers[0], numbers: numbers, boot: boot, clocks: r.survey.clocks[boot]}
	return r.place
}

// Close ends the reading.
func (r *Reader) Close() error {
	if r.f == nil {
		return nil
	}
	f := r.f
	r.f = nil
	return f.Close()
}
