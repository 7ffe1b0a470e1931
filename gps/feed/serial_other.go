//go:build !linux

package feed

import (
	"errors"
	"fmt"
	"io"
)

// A line is an open serial device; only Linux has them here.
type line struct {
	io.ReadCloser

	paced bool
	baud  int
	rival string
}

func openLine(string) (*line, error) {
	return nil, fmt.Errorf("serial devices: %w", errors.ErrUnsupported)
}

func (l *line) setBaud(int) error { return errors.ErrUnsupported }

func holder(string) error { return nil }

func access(string, error) (whose, advice string) { return "", "" }

func rivalRuns() bool { return false }
