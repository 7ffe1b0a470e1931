package main

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// keyPatience is how long reading keys goes on when nobody wants them any more.
const keyPatience = 100 * time.Millisecond

// keysOf hands on each key that is pressed, without a return, if in is a
// terminal; otherwise there are none. Restore ends that, and gives the terminal
// back as it was.
func keysOf(ctx context.Context, in io.Reader) (keys <-chan byte, restore func()) {
	f, ok := in.(*os.File)
	if !ok {
		return nil, func() {}
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, func() {}
	}
	now := *before
	now.Lflag &^= unix.ICANON | unix.ECHO
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	now.Cc[unix.VSUSP] = 0 // Ctrl-Z would leave the shell with this screen
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, &now); err != nil {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	pressed := make(chan byte)
	var reading sync.WaitGroup
	reading.Go(func() { readKeys(ctx, fd, pressed) })
	return pressed, func() {
		cancel()
		reading.Wait()
		_ = unix.IoctlSetTermios(fd, unix.TCSETS, before)
	}
}

// readKeys polls, because a read of a terminal cannot be ended from elsewhere.
func readKeys(ctx context.Context, fd int, pressed chan<- byte) {
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(ready, int(keyPatience.Milliseconds()))
		if errors.Is(err, unix.EINTR) || err == nil && n == 0 {
			continue
		}
		var key [1]byte
		if err == nil {
			n, err = unix.Read(fd, key[:])
		}
		if err != nil || n == 0 {
			return // the terminal is gone
		}
		select {
		case pressed <- key[0]:
		case <-ctx.Done():
		}
	}
}
