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

// fullScreen shows sensords on the whole terminal. What has not changed is not
// written again.
type fullScreen struct {
	out   io.Writer
	style style
	size  func() (width, height int)

	last  asked
	drawn string
}

func newFullScreen(out io.Writer, st style) *fullScreen {
	return &fullScreen{out: out, style: st, size: newScreen(out, st).size}
}

func (f *fullScreen) show(s asked) error {
	f.last = s
	return f.draw()
}

func (f *fullScreen) resized() error {
	f.drawn = "" // the terminal has moved what it showed
	return f.draw()
}

func (f *fullScreen) draw() error {
	width, height := f.size()
	var b strings.Builder
	lines := f.lines(width, height)
	for i, l := range lines {
		if i > 0 {
			b.WriteString("\r\n")
		}
		if i == len(lines)-1 {
			b.WriteString(eraseBelow)
		}
		b.WriteString(l.render(width, f.style) + eraseLine)
	}
	text := b.String()
	if text == f.drawn {
		return nil
	}
	begin := hideCursor + wrapOff + topLeft
	if f.drawn == "" {
		begin = otherScreen + begin
	}
	f.drawn = text
	_, err := io.WriteString(f.out, begin+text+wrapOn)
	return err
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

// finish gives the terminal back as it was, with the last answer below.
func (f *fullScreen) finish() {
	if f.drawn == "" {
		return
	}
	width, _ := f.size()
	var b strings.Builder
	b.WriteString(firstScreen + showCursor)
	for i := range f.last.answers {
		if a := &f.last.answers[i]; a.err == nil {
			b.WriteString(styledLine{{a.status.Sentence, recordingTone(a.status.State)}}.render(width, f.style) + "\r\n")
		}
	}
	_, _ = io.WriteString(f.out, b.String())
}
