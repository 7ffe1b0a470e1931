package pcapfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/sensord/sensord/internal/fault"
)

var errDirectory = errors.New("is a directory")

// openFault says why a file could not be opened.
func openFault(path string, err error) error {
	e := &fault.Error{Code: fault.SourceCorrupt, Object: object(path), Err: reason(err)}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		e.Code = fault.SourceMissing
	case errors.Is(err, errDirectory):
		e.Code = fault.SourceUnreadable
		e.Advice = "name a capture file inside of it"
	case isSystem(err):
		e.Code = fault.SourceUnreadable
	default:
		e.Advice = "give an undamaged capture: pcap or pcapng, gzip is fine"
	}
	return e
}

// readFault says what ends a file after its last readable frame.
func (r *Reader) readFault(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	e := &fault.Error{
		Code: fault.SourceCorrupt, Object: object(r.path),
		Err: fmt.Errorf("frame %d at byte %d: %w", r.count+1, r.st.off, reason(err)),
	}
	if isSystem(err) {
		e.Code = fault.SourceUnreadable
		e.Advice = "check the disk that holds the file: everything before the error was sent"
	}
	return e
}

// IsCut reports whether an error of a Reader says that the file ends in the
// middle of a frame, and not that it is damaged.
func IsCut(err error) bool { return errors.Is(err, errCut) }

func object(path string) string { return "file " + path }

// isSystem tells what the operating system says from what the content does.
func isSystem(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}

// reason leaves out the name of the file, which the object has.
func reason(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}
