package export

import "os"

// DiskFile is what a Recorder writes to.
type DiskFile = diskFile

// CreateFile makes a recording's file.
var CreateFile = createFile

// NewFaultyRecorder returns a Recorder whose files create makes.
func NewFaultyRecorder(o RecorderOptions, create func(path string) (DiskFile, error)) *Recorder {
	r := NewRecorder(o)
	r.create = create
	return r
}

// Repair repairs a recording and returns how many frames and bytes it has, and
// how many bytes were lost.
func Repair(f *os.File) (frames uint64, size, lost int64, err error) {
	rep, err := repair(f)
	return rep.frames, rep.size, rep.lost, err
}
