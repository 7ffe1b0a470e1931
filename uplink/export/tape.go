package export

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
)

// A tape is what the running Recorder writes on: one file after the other.
//
// Blocks are gathered in memory and written at the place where the file's whole
// part ends. A write that fails half-way changes nothing of that: the same
// blocks are written again at the same place, or behind the header of a new file.
type tape struct {
	r      *Recorder
	dir    *directory
	blocks *blocks // of the file; nil before its first frame
	buf    []byte
	frames uint64 // in buf
	head   int    // bytes of a file's header in front of them in buf
	told   int    // interfaces that what was written describes: those behind them are in buf

	file     diskFile // nil while there is none
	path     string   // of the file, with PartEnding
	off      int64    // where the next block goes
	count    uint64   // frames in the file
	openedNs int64    // CLOCK_BOOTTIME
	nameNs   int64    // UTC that names the next file
	dirty    bool     // something was written since the last sync
	fresh    bool     // the directory does not know the file yet for certain

	given map[string]int64 // files given up, and how much of each counts

	err       error // why nothing can be written
	said      bool  // that it is so
	retryAtNs int64 // CLOCK_BOOTTIME
}

// diskFile is an *os.File, or in tests one whose disk has its faults.
type diskFile interface {
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Close() error
}

var _ diskFile = (*os.File)(nil)

func newTape(r *Recorder) *tape {
	return &tape{
		r: r, dir: newDirectory(r.opts.Dir, r.opts.Rig, r.create),
		buf:   make([]byte, 0, flushBytes+capture.MaxFrameBytes+512),
		given: map[string]int64{},
	}
}

// add puts a frame on the tape. It reports false, and takes nothing, while the
// disk does not work.
func (t *tape) add(f *frames.Located) bool {
	if t.file != nil && t.count > 0 && t.off+int64(len(t.buf))+maxFrameBlock(f) > t.r.opts.SizeBytes {
		t.closeFile()
	}
	if t.err == nil && t.file == nil {
		t.nameNs = f.TimeNs
		t.open()
	}
	if t.err != nil {
		return false
	}
	buf, err := t.blocks.appendFrame(t.buf, f)
	if err != nil { // a link type that pcapng cannot have
		t.r.update(func(s *RecorderStats) { s.Dropped++ })
		return true
	}
	t.buf = buf
	t.frames++
	t.count++
	if len(t.buf) >= flushBytes {
		t.flush()
	}
	return true
}

// open begins a file. Blocks that wait in memory follow its header.
func (t *tape) open() {
	file, path, err := t.dir.create(t.nameNs)
	if err != nil {
		t.fail(err)
		return
	}
	if t.blocks == nil {
		t.blocks, t.told = newBlocks(PcapOptions{Program: t.r.opts.Program, Rig: t.r.opts.Rig, Name: t.r.name}), 0
	}
	t.file, t.path, t.off, t.count = file, path, 0, t.frames
	t.openedNs, t.fresh = t.r.opts.Now(), true
	header := t.blocks.appendHeader(nil, t.told)
	t.buf, t.head = slices.Insert(t.buf, 0, header...), len(header)
	t.r.update(func(s *RecorderStats) { s.Files++; s.File = path })
}

// flush writes what was gathered.
func (t *tape) flush() {
	if t.file == nil || len(t.buf) == 0 {
		return
	}
	if _, err := t.file.WriteAt(t.buf, t.off); err != nil {
		t.fail(err)
		return
	}
	n, bytes := t.frames, len(t.buf)
	t.off += int64(bytes)
	t.buf, t.frames, t.head, t.told, t.dirty = t.buf[:0], 0, 0, len(t.blocks.known), true
	t.r.update(func(s *RecorderStats) { s.Frames += n; s.Bytes += uint64(bytes); s.Waiting = 0 })
	t.worksAgain()
}

// sync makes what was gathered safe against the loss of power.
func (t *tape) sync() {
	if t.flush(); t.err != nil || t.file == nil {
		return
	}
	if t.dirty {
		if err := t.file.Sync(); err != nil {
			t.fail(err)
			return
		}
		t.dirty = false
	}
	if t.fresh {
		if err := t.dir.sync(); err != nil {
			t.fail(err)
			return
		}
		t.fresh = false
	}
}

// tick is what is to do each sync interval.
func (t *tape) tick() {
	if t.err != nil {
		return
	}
	t.sync()
	if t.file == nil || t.err != nil {
		return
	}
	if !t.stillThere() {
		t.r.opts.Log.Warn("a recording was deleted or moved while it was written, the next frame begins another", "file", t.path)
		_ = t.file.Close()
		t.file, t.blocks, t.off = nil, nil, 0
		return
	}
	if every := t.r.opts.Every; every > 0 && t.r.opts.Now()-t.openedNs >= int64(every) {
		t.closeFile()
	}
	t.makeRoom()
}

func (t *tape) stillThere() bool {
	own, err := t.file.Stat()
	if err != nil {
		return true // let writing find out
	}
	named, err := os.Stat(t.path)
	return err == nil && os.SameFile(own, named)
}

// closeFile ends the file and gives it its name. If something still cannot be
// written, the file stays open.
func (t *tape) closeFile() {
	if t.sync(); t.err != nil || t.file == nil {
		return
	}
	err := t.endFile()
	t.blocks = nil
	if err != nil {
		t.fail(err)
		return
	}
	t.makeRoom()
}

// endFile closes the file as far as it is written and gives it its name, or
// removes it if it has no frames.
func (t *tape) endFile() error {
	// A write that failed may have left the beginning of blocks behind the end.
	err := errors.Join(t.file.Truncate(t.off), t.file.Close())
	switch {
	case t.count == t.frames: // all that were to be in it
		_ = os.Remove(t.path)
	case err == nil:
		err = t.dir.finish(t.path, t.off)
	}
	t.file, t.path, t.off = nil, "", 0
	t.r.update(func(s *RecorderStats) { s.File = "" })
	return err
}

// makeRoom deletes the oldest files beyond the bound.
func (t *tape) makeRoom() {
	if t.r.opts.TotalBytes == 0 {
		return
	}
	n, err := t.dir.shrink(t.r.opts.TotalBytes - t.off - int64(len(t.buf)))
	if n > 0 {
		t.r.update(func(s *RecorderStats) { s.Deleted += uint64(n) })
	}
	if err != nil {
		t.r.opts.Log.Warn("an old recording could not be deleted", "err", err)
	}
}

// close ends the tape. What cannot be written is dropped and counted.
func (t *tape) close() {
	t.closeFile()
	if t.file != nil {
		_ = t.endFile() // the disk's fault is known
	}
	lost := t.frames
	t.r.update(func(s *RecorderStats) { s.Dropped += lost; s.Waiting = 0 })
}
