package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal returns both ends of a terminal: what a person has, and what a
// program has.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	return person, program
}

func modeOf(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}

// A terminal has the view until q, and is then as it was before.
func TestStatusOnATerminal(t *testing.T) {
	person, program := terminal(t)
	before := modeOf(t, program)
	a := &app{in: program, out: program, errs: io.Discard, environ: []string{"TERM=xterm", "LANG=C.UTF-8"}}
	ended := make(chan error, 1)
	go func() {
		ended <- a.watchStatus(func(context.Context) ([]answer, error) { return []answer{*answerOf("recording")}, nil }, false)
	}()
	seen := make(chan string)
	go func() {
		var all strings.Builder
		buf := make([]byte, 4096)
		for {
			n, err := person.Read(buf)
			all.Write(buf[:n])
			if err != nil {
				return
			}
			select {
			case seen <- all.String():
			case <-t.Context().Done():
				return
			}
		}
	}()
	limit := time.After(20 * time.Second)
	text := ""
	for !strings.Contains(text, "q to quit") {
		select {
		case text = <-seen:
		case <-limit:
			t.Fatalf("nothing is drawn:\n%q", text)
		}
	}
	if m := modeOf(t, program); m.Lflag&(unix.ICANON|unix.ECHO) != 0 {
		t.Error("keys wait for a return, or are echoed")
	}
	if _, err := person.WriteString("xq"); err != nil {
		t.Fatal(err)
	}
	for done := false; !done; {
		select {
		case text = <-seen:
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			done = true
		case <-limit:
			t.Fatal("q does not end it")
		}
	}
	if modeOf(t, program) != before {
		t.Error("the terminal is not as it was")
	}
	for !strings.Contains(text, firstScreen+showCursor) {
		select {
		case text = <-seen:
		case <-limit:
			t.Fatalf("the screen is not given back:\n%q", text)
		}
	}
	if !strings.HasPrefix(text, otherScreen+hideCursor) || !strings.Contains(text, "RECORDING: 2 sources") {
		t.Errorf("%q", text)
	}
}

func TestStatusHasNoKeysOfAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, in := range []io.Reader{r, strings.NewReader("q")} {
		keys, restore := keysOf(t.Context(), in)
		if keys != nil {
			t.Error("keys are read")
		}
		restore()
	}
}
