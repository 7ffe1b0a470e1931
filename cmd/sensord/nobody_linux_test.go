package main

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asNobody calls f with the rights of a user who has none. The rights of root
// end with the user that the kernel checks files against, for this thread
// alone; it is not used again.
func asNobody[T any](t *testing.T, f func() T) T {
	t.Helper()
	if os.Geteuid() != 0 {
		return f()
	}
	result := make(chan T, 1)
	go func() {
		runtime.LockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
		}
		result <- f()
	}()
	return <-result
}
