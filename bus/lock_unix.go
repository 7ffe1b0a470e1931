//go:build unix && !lite

package bus

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile returns errLocked if another process has the file, or another file
// description of this one.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// waitLock waits until it has the file for itself.
func waitLock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
