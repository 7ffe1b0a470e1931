package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sensord/sensord/internal/fault"
)

// files is what the spool needs of a file system, so that a test can make one
// that is full or broken.
type files interface {
	open(name string, flag int) (file, error)
	remove(name string) error
}

type file interface {
	io.Writer
	io.ReaderAt
	io.WriterAt
	io.Closer
	Sync() error
	Truncate(size int64) error
	Stat() (os.FileInfo, error)
}

// system is the operating system's.
type system struct{}

func (system) open(name string, flag int) (file, error) { return os.OpenFile(name, flag, 0o640) }
func (system) remove(name string) error                 { return os.Remove(name) }

// diskFault says what is wrong with a directory of the spool.
func diskFault(dir string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e
	}
	code := fault.DiskFailed
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = fault.DiskFull
	}
	if e, ok := errors.AsType[*os.PathError](err); ok {
		if rel, bad := filepath.Rel(dir, e.Path); bad == nil && rel != "." { // the object names the rest
			err = fmt.Errorf("%s %s: %w", e.Op, rel, e.Err)
		} else {
			err = fmt.Errorf("%s: %w", e.Op, e.Err)
		}
	}
	return fault.New(code, "spool "+dir, err)
}
