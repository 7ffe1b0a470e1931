package pcapfile

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sensord/sensord/capture"
)

// A Reader replays one capture file.
type Reader struct {
	path   string
	file   io.Closer
	pipe   *pipe // nil for a regular file
	zipped bool
	st     *stream
	recs   records
	link   capture.LinkType
	pace   pacer
	err    error // what comes after the last frame
	count  int64 // frames delivered

	rec      record // the next frame
	have     bool   // rec is read
	expected int    // bytes in a batch, by the last one
}

// Open opens a capture file and reads its header. Compression is told by the
// content, not by the name. A named pipe is waited for until it has a writer
// and a header. Errors are *fault.Error with the codes SourceMissing,
// SourceUnreadable, SourceCorrupt (which includes files of another kind), and
// ConfigSource for options that cannot be.
func Open(path string, opts Options) (*Reader, error) {
	if err := checkPPS(opts.PPS); err != nil {
		return nil, ppsFault(path, err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, openFault(path, err)
	}
	r, err := openFile(path, f, opts)
	if err != nil {
		_ = f.Close()
		return nil, openFault(path, err)
	}
	return r, nil
}

func openFile(path string, f *os.File, opts Options) (*Reader, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errDirectory
	case info.Mode().IsRegular():
		return newReader(path, f, opts)
	}
	p := &pipe{file: f, ctx: context.Background()}
	r, err := newReader(path, p, opts)
	if err != nil {
		return nil, err
	}
	r.pipe = p
	return r, nil
}

// NewReader is Open for content that is no file. The name is for errors, and
// the caller closes src.
func NewReader(name string, src io.Reader, opts Options) (*Reader, error) {
	if err := checkPPS(opts.PPS); err != nil {
		return nil, ppsFault(name, err)
	}
	r, err := newReader(name, io.NopCloser(src), opts)
	if err != nil {
		return nil, openFault(name, err)
	}
	return r, nil
}

// newReader reads the header of a capture from src, which the Reader owns if
// there is no error.
func newReader(path string, src io.ReadCloser, opts Options) (*Reader, error) {
	br := bufio.NewReaderSize(src, bufBytes)
	magic, _ := br.Peek(2) // an error comes again at the next read
	isGzip := len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b
	if isGzip {
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, zipped(err)
		}
		br = bufio.NewReaderSize(unzip{zr}, bufBytes)
	}
	st := &stream{br: br}
	recs, link, err := openRecords(st)
	if err != nil {
		return nil, err
	}
	return &Reader{path: path, file: src, zipped: isGzip, st: st, recs: recs, link: link, pace: pacer{opts: opts}}, nil
}

// LinkType returns the link type of the file's first interface; frames of
// other interfaces bring their own. It is 0 if the file describes none.
func (r *Reader) LinkType() capture.LinkType { return r.link }

// ReadBatch returns the next frames, at least one, and leaves their batch to
// the caller. Replayed at a pace, a batch holds what is due and is not waited
// for to fill up; a pipe's holds what is there.
//
// At the end of the file it returns io.EOF. Where the file is damaged it
// returns the frames before the damage, then a *fault.Error with the code
// SourceCorrupt. When ctx ends it returns ctx's error, and a Reader of a pipe
// is of no use afterwards.
func (r *Reader) ReadBatch(ctx context.Context) (*capture.Batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.err != nil {
		return nil, r.err
	}
	if r.pipe != nil {
		defer r.pipe.watch(ctx)()
	}
	b := capture.NewBatchSize(r.expected)
	err := r.fill(ctx, b)
	if err != nil && ctx.Err() == nil {
		r.err = err
	}
	if b.Len() == 0 {
		b.Release()
		return nil, err
	}
	r.expected = b.DataBytes()
	return b, nil
}

// fill adds the frames that are due. It returns nil with at least one frame.
func (r *Reader) fill(ctx context.Context, b *capture.Batch) error {
	for b.Len() < capture.MaxBatchFrames {
		if !r.have {
			if err := r.next(ctx, b.Len() > 0); err != nil || !r.have {
				return err
			}
		}
		if r.pace.active() {
			if left := r.pace.wait(r.rec.timeNs); left > 0 && b.Len() > 0 {
				return nil
			} else if left > 0 {
				if err := sleep(ctx, left); err != nil {
					return err
				}
				continue
			}
		}
		if !b.Append(r.rec.timeNs, r.rec.linkType, r.rec.origLen, r.rec.data) {
			return nil
		}
		r.have = false
		r.count++
		r.pace.sent++
	}
	return nil
}

// next reads the next frame. In a hurry it may come back without one, if the
// file is a pipe that has none yet.
func (r *Reader) next(ctx context.Context, hurry bool) error {
	for {
		if r.pipe != nil {
			r.pipe.hurry = hurry && !r.zipped
		}
		isFrame, err := r.recs.next(&r.rec)
		if err == nil && isFrame {
			r.have = true
			return nil
		}
		if ctxErr := ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		switch {
		case err == nil: // some other block
		case errors.Is(err, os.ErrDeadlineExceeded) && !r.zipped:
			if hurry {
				return nil
			}
		default:
			return r.readFault(err)
		}
	}
}

// Close closes the file. It must not run together with ReadBatch; to interrupt
// that, end its context.
func (r *Reader) Close() error {
	r.err = os.ErrClosed
	return r.file.Close()
}

// unzip marks the errors of compressed data as such.
type unzip struct{ *gzip.Reader }

func (u unzip) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = zipped(err)
	}
	return n, err
}

func zipped(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the compressed data end in the middle")
	case isSystem(err):
		return err
	}
	return fmt.Errorf("the compressed data are damaged: %w", err)
}
