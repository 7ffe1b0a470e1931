package export

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// retryEvery is how often a disk that does not work is tried again.
const retryEvery = 2 * time.Second

// fail takes note that nothing can be written. A file on a full disk is kept
// open, any other is given up as it is.
func (t *tape) fail(err error) {
	code := fault.DiskFailed
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if full {
		code = fault.DiskFull
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	t.err = fault.New(code, "recording "+t.r.opts.Dir, err)
	t.retryAtNs = t.r.opts.Now() + int64(retryEvery)
	waiting := t.frames
	t.r.update(func(s *RecorderStats) { s.Err, s.Waiting = t.err, waiting })
	if !t.said {
		t.said = true
		t.r.opts.Log.Error("recording stopped, frames wait in memory", "err", t.err, "remedy", fault.RemedyOf(t.err))
	}
	if !full && t.file != nil {
		t.giveUp()
	}
}

// giveUp leaves a file as it is. Blocks that arrived in spite of the error are
// written again elsewhere, behind another header.
func (t *tape) giveUp() {
	_ = t.file.Close()
	begun := uint64(1)
	if t.off > 0 || os.Remove(t.path) != nil {
		t.given[t.path] = t.off
		begun = 0
	}
	t.buf, t.head = slices.Delete(t.buf, 0, t.head), 0
	t.file, t.off = nil, 0
	t.r.update(func(s *RecorderStats) { s.File = ""; s.Files -= begun })
}

// retry tries the disk again, when it is time.
func (t *tape) retry() {
	if t.err == nil || t.r.opts.Now() < t.retryAtNs {
		return
	}
	was := t.err
	t.err = nil
	if t.file == nil {
		t.open()
	}
	if t.err == nil {
		t.err = was
		t.flush()
	}
	if t.err == nil {
		t.adopt() // what was given up
	}
}

func (t *tape) worksAgain() {
	if t.err == nil {
		return
	}
	t.err, t.said = nil, false
	t.r.update(func(s *RecorderStats) { s.Err = nil })
	t.r.opts.Log.Info("recording goes on", "file", t.path, "dropped", t.r.Stats().Dropped)
}

// adopt makes whole what a crash, or a disk that did not work, has left.
func (t *tape) adopt() {
	for path, size := range t.given {
		if err := os.Truncate(path, size); err == nil || errors.Is(err, fs.ErrNotExist) {
			delete(t.given, path)
		}
	}
	for _, l := range t.dir.adopt(t.path) {
		switch {
		case l.err != nil:
			t.r.opts.Log.Warn("what a crash has left of a recording could not be repaired", "file", l.path, "err", l.err)
		case l.removed:
		default:
			t.r.opts.Log.Warn("a recording that was not closed is whole again", "file", l.path, "lost_bytes", l.lost)
		}
	}
}
