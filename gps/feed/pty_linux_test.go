package feed_test

import (
	"context"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pty is the two ends of a serial line: a master for the receiver, and a path
// for who reads it.
type pty struct {
	t      testing.TB
	master *os.File
	path   string
}

func openPTY(t testing.TB) *pty {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	p := &pty{t: t, master: master}
	p.control(master, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
		p.path = "/dev/pts/" + strconv.Itoa(n)
		return err
	})
	return p
}

func (p *pty) control(f *os.File, do func(fd int) error) {
	p.t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		p.t.Fatal(err)
	}
	if failed != nil {
		p.t.Fatal(failed)
	}
}

// settings are those of the line, which both ends see.
func (p *pty) settings() (settings unix.Termios) {
	p.t.Helper()
	p.control(p.master, func(fd int) error {
		s, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err == nil {
			settings = *s
		}
		return err
	})
	return settings
}

// slave opens the other end as another program would.
func (p *pty) slave() *os.File {
	p.t.Helper()
	f, err := os.OpenFile(p.path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = f.Close() })
	return f
}

// setBaud sets the line as another program would.
func (p *pty) setBaud(f *os.File, baud uint32) {
	p.t.Helper()
	s := p.settings()
	s.Cflag = s.Cflag&^unix.CBAUD | unix.BOTHER
	s.Ispeed, s.Ospeed = baud, baud
	p.control(f, func(fd int) error { return unix.IoctlSetTermios(fd, unix.TCSETS2, &s) })
}

// A fakeReceiver speaks at one rate. At any other, what arrives is noise, as
// from a real line: a pty knows no rates by itself.
type fakeReceiver struct {
	baud  uint32             // 0: any rate will do, as over USB
	burst func(n int) []byte // what it says the n-th time
	n     int

	mu    sync.Mutex
	rates []uint32 // that the line was set to, in order
}

// start makes the receiver speak every 20 ms, until the test or the pty ends.
func (f *fakeReceiver) start(p *pty) {
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(p.t.Context())
	p.t.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if !f.speak(p) {
				return
			}
		}
	}()
}

func (f *fakeReceiver) speak(p *pty) bool {
	raw, err := p.master.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		settings, err := unix.IoctlGetTermios(int(fd), unix.TCGETS2)
		// Nobody has made the line raw yet: a terminal would echo.
		if err != nil || settings.Lflag&unix.ICANON != 0 {
			return
		}
		f.mu.Lock()
		if n := len(f.rates); n == 0 || f.rates[n-1] != settings.Ospeed {
			f.rates = append(f.rates, settings.Ospeed)
		}
		f.mu.Unlock()
		data := noise(120)
		if f.baud == 0 || f.baud == settings.Ospeed {
			data = f.burst(f.n)
			f.n++
		}
		_, _ = unix.Write(int(fd), data) // whoever does not read loses it
	})
	return err == nil
}

func (f *fakeReceiver) seen() []uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.rates)
}
