//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/vmtest/machine"
)

// A line is the serial line to the host: the tests' output, and events between
// its lines. Safe for concurrent use.
type line struct {
	mu    sync.Mutex
	file  *os.File
	begun bool // the last byte ended no line
}

func openLine(name string) (*line, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	settings, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	settings.Oflag &^= unix.OPOST // bytes as they are
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, settings); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &line{file: f}, nil
}

// Write sends output of a test.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(p) > 0 {
		l.begun = p[len(p)-1] != '\n'
	}
	return l.file.Write(p)
}

// endLine ends a line that was begun.
func (l *line) endLine() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish()
}

func (l *line) finish() {
	if l.begun {
		l.send("\n")
		l.begun = false
	}
}

// event tells the host something.
func (l *line) event(e machine.Event) {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish()
	l.send(machine.Mark + string(text) + "\n")
}

// send panics if the line is broken: then there is nobody to tell, and the host
// sees that the machine died.
func (l *line) send(text string) {
	if _, err := l.file.WriteString(text); err != nil {
		panic(err)
	}
}

// drain waits until everything has left the machine.
func (l *line) drain() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := unix.IoctlSetInt(int(l.file.Fd()), unix.TCSBRK, 1); err != nil {
		panic(err)
	}
}
