package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// A terminal keeps what it shows while a program has the other screen.
const (
	otherScreen = "\x1b[?1049h"
	firstScreen = "\x1b[?1049l"
	topLeft     = "\x1b[H"
)

// board draws on the whole of a terminal. What has not changed is not written
// again.
type board struct {
	out   io.Writer
	style style
	size  func() (width, height int)

	drawn string
}

func newBoard(out io.Writer, st style) board {
	return board{out: out, style: st, size: newScreen(out, st).size}
}

// moved says that the terminal has another size now, and has moved what it
// showed.
func (b *board) moved() { b.drawn = "" }

// draw shows lines, which are at least one, and not more than the height.
func (b *board) draw(lines func(width, height int) []styledLine) error {
	width, height := b.size()
	var t strings.Builder
	all := lines(width, height)
	for i, l := range all {
		if i > 0 {
			t.WriteString("\r\n")
		}
		if i == len(all)-1 {
			t.WriteString(eraseBelow)
		}
		t.WriteString(l.render(width, b.style) + eraseLine)
	}
	text := t.String()
	if text == b.drawn {
		return nil
	}
	begin := hideCursor + wrapOff + topLeft
	if b.drawn == "" {
		begin = otherScreen + begin
	}
	b.drawn = text
	_, err := io.WriteString(b.out, begin+text+wrapOn)
	return err
}

// leave gives the terminal back as it was, with lines below.
func (b *board) leave(lines []styledLine) {
	if b.drawn == "" {
		return
	}
	width, _ := b.size()
	var t strings.Builder
	t.WriteString(firstScreen + showCursor)
	for _, l := range lines {
		t.WriteString(l.render(width, b.style) + "\r\n")
	}
	_, _ = io.WriteString(b.out, t.String())
}

// fullScreen shows sensords on the whole terminal.
type fullScreen struct {
	board

	last asked
}

func newFullScreen(out io.Writer, st style) *fullScreen { return &fullScreen{board: newBoard(out, st)} }

func (f *fullScreen) show(s asked) error {
	f.last = s
	return f.draw(f.lines)
}

func (f *fullScreen) resized() error {
	f.moved()
	return f.draw(f.lines)
}

// lines are as much of everything as the height allows. The last one is how to
// leave.
func (f *fullScreen) lines(width, height int) []styledLine {
	room := max(height-1, 1)
	var lines []styledLine
	for d := detailAll; d >= detailLeast; d-- {
		if lines = f.detailed(min(width, viewMost)-viewMargin, d); len(lines) <= room {
			break
		}
	}
	foot := f.last.at.UTC().Format(time.TimeOnly) + " UTC, q to quit"
	if n := len(lines) - room; n > 0 {
		lines = lines[:room]
		foot = fmt.Sprintf("%s; %d more lines in a higher window", foot, n)
	}
	return append(lines, styledLine{{foot, toneFaint}})
}

func (f *fullScreen) detailed(width int, d detail) []styledLine {
	if err := f.last.err; err != nil {
		lines := flowed(width, "", toneBad, err.Error())
		return append(lines, flowed(width, "  ", tonePlain, fault.RemedyOf(err))...)
	}
	var lines []styledLine
	for i := range f.last.answers {
		if i > 0 {
			lines = append(lines, nil)
		}
		lines = append(lines, statusLines(&f.last.answers[i], width, d)...)
	}
	return lines
}

// finish leaves the last answer below what was there before.
func (f *fullScreen) finish() {
	var lines []styledLine
	for i := range f.last.answers {
		if a := &f.last.answers[i]; a.err == nil {
			lines = append(lines, styledLine{{a.status.Sentence, recordingTone(a.status.State)}})
		}
	}
	f.leave(lines)
}
