package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// drawEvery is how often the view is drawn.
const drawEvery = 200 * time.Millisecond

// What a terminal is told besides text, as every terminal since the VT220
// understands it.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	wrapOff    = "\x1b[?7l" // while drawing: a line too long is cut, not continued
	wrapOn     = "\x1b[?7h"
	eraseLine  = "\x1b[K" // from the cursor to the end
	eraseBelow = "\x1b[J"
)

// terminalSize reports how large the terminal behind w is; ok is false if it is
// none.
func terminalSize(w io.Writer) (width, height int, ok bool) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, 0, false
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0, false
	}
	if size.Col == 0 || size.Row == 0 { // a serial line does not know
		return 80, 24, true
	}
	return int(size.Col), int(size.Row), true
}

// screen draws the view in place, below what the terminal already shows.
type screen struct {
	out   io.Writer
	style style
	size  func() (width, height int)

	drawn time.Duration // Elapsed of the last drawing
	lines int           // that the last drawing took
	width int           // that it was made for
}

func newScreen(out io.Writer, st style) *screen {
	size := func() (int, int) {
		width, height, ok := terminalSize(out)
		if !ok {
			return 80, 24
		}
		return width, height
	}
	return &screen{out: out, style: st, size: size}
}

func (c *screen) update(s snapshot) {
	if c.lines > 0 && s.Elapsed-c.drawn < drawEvery {
		return
	}
	c.drawn = s.Elapsed
	width, height := c.size()
	c.draw(s.live(width, c.style), width, height)
}

func (c *screen) finish(s snapshot, t totals) {
	width, _ := c.size()
	c.draw(s.final(t, width, c.style), width, math.MaxInt) // nothing is drawn over it
	_, _ = io.WriteString(c.out, showCursor)
}

// draw puts lines in the place of the last ones, in one write. Of a view that
// is higher than the terminal the lower part is cut: what scrolls away cannot
// be drawn over.
func (c *screen) draw(lines []styledLine, width, height int) {
	var b strings.Builder
	b.WriteString(hideCursor + wrapOff)
	switch {
	case c.lines > 0 && width != c.width:
		b.WriteString("\x1b[H") // the terminal moved what it showed: begin at its top
		b.WriteString(eraseBelow)
	case c.lines > 0:
		fmt.Fprintf(&b, "\x1b[%dA\r", c.lines)
	}
	lines = lines[:min(len(lines), max(height-1, 1))]
	for _, l := range lines {
		b.WriteString(l.render(width, c.style) + eraseLine + "\r\n")
	}
	b.WriteString(eraseBelow + wrapOn)
	c.lines, c.width = len(lines), width
	_, _ = io.WriteString(c.out, b.String())
}

// plainLines prints a line per second, and each event when it comes.
type plainLines struct {
	out    io.Writer
	style  style
	began  bool
	second time.Duration // of the last line
	told   int           // events
}

func (p *plainLines) update(s snapshot) {
	if !p.began {
		p.began = true
		along := ""
		if s.Drive > 0 {
			along = ", heard along a drive of " + clockText(s.Drive) + " min"
		}
		p.print(styledLine{plain(fmt.Sprintf("sensord demo: %s, %s for %s%s, to a server that behaves %s",
			s.Source, rateText(s.Usual), s.Length.Round(time.Second/10), along, s.Server))})
	}
	p.events(s.Events)
	if second := s.Elapsed.Truncate(time.Second); second > p.second {
		p.second = second
		p.print(s.line())
	}
}

func (p *plainLines) finish(s snapshot, t totals) {
	p.events(s.Events)
	p.print(nil)
	s.Events = nil // told already
	for _, l := range s.final(t, viewMost, p.style) {
		p.print(l)
	}
}

func (p *plainLines) events(events []event) {
	for _, e := range events[p.told:] {
		p.print(e.line())
	}
	p.told = len(events)
}

func (p *plainLines) print(l styledLine) {
	const widest = 1000
	_, _ = io.WriteString(p.out, strings.TrimRight(l.render(widest, p.style), " ")+"\n")
}
