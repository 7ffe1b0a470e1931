package main

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// glass is what a terminal shows: enough of one for what screen sends. The top
// of the screen is the first line that was ever written: it never scrolls.
type glass struct {
	t      *testing.T
	lines  []string
	row    int
	hidden bool // the cursor
	nowrap bool
}

var sequence = regexp.MustCompile(`\x1b\[\??([0-9]*)([A-Za-z])|\r\n|\r|[^\x1b\r\n]+`)

func (g *glass) Write(p []byte) (int, error) {
	for _, m := range sequence.FindAllStringSubmatch(string(p), -1) {
		whole, command := m[0], m[2]
		for g.row >= len(g.lines) && (command == "" || command == "K") && whole != "\r" {
			g.lines = append(g.lines, "")
		}
		switch {
		case whole == "\r\n":
			g.row++
		case whole == "\r":
		case command == "":
			g.lines[g.row] = whole // always from its beginning
		case command == "A":
			n, _ := strconv.Atoi(m[1])
			if g.row -= n; g.row < 0 {
				g.t.Errorf("the cursor left the screen by %d", -g.row)
			}
		case command == "H":
			g.row = 0
		case command == "J":
			g.lines = g.lines[:g.row]
		case command == "K":
			if !strings.Contains(string(p), g.lines[g.row]+whole) {
				g.lines[g.row] = "" // an empty line, over another
			}
		case command == "l" || command == "h":
			switch m[1] {
			case "25":
				g.hidden = command == "l"
			case "7":
				g.nowrap = command == "l"
			}
		case command == "m":
		default:
			g.t.Errorf("what is %q?", whole)
		}
	}
	return len(p), nil
}

func (g *glass) shows(lines []styledLine) {
	g.t.Helper()
	var want []string
	for _, l := range lines {
		want = append(want, l.String())
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), strings.Join(g.lines, "\n")); diff != "" {
		g.t.Errorf("screen (-want +got):\n%s", diff)
	}
	if g.nowrap {
		g.t.Error("lines are left unwrapped")
	}
}

func TestScreenDrawsInPlace(t *testing.T) {
	g := &glass{t: t}
	width, height := 80, 24
	c := &screen{out: g, size: func() (int, int) { return width, height }}
	m := moments()
	at := func(name string, elapsed time.Duration) snapshot {
		s := m[name]
		s.Elapsed = elapsed
		return s
	}

	s := at("begin", 0)
	c.update(s)
	g.shows(s.live(width, style{}))
	if !g.hidden {
		t.Error("the cursor shows")
	}

	c.update(at("flow", drawEvery-1)) // too soon
	g.shows(s.live(width, style{}))

	s = at("broken", drawEvery)
	c.update(s)
	g.shows(s.live(width, style{}))

	s = at("flow", 2*drawEvery) // fewer lines
	c.update(s)
	g.shows(s.live(width, style{}))

	width, height = 62, 10 // the user has made the window smaller
	s = at("broken", 3*drawEvery)
	c.update(s)
	g.shows(s.live(width, style{})[:9])

	width = 100 // as small as it was: the end may scroll
	total := outcomes()["good"]
	s = at("again", 4*drawEvery)
	c.finish(s, total)
	g.shows(s.final(total, width, style{}))
	if g.hidden {
		t.Error("the cursor is gone")
	}
}

func TestPlainLinesTellEachEventOnce(t *testing.T) {
	var out strings.Builder
	p := &plainLines{out: &out}
	m := moments()
	for i, name := range []string{"begin", "flow", "flow", "broken", "broken", "again"} {
		s := m[name]
		s.Elapsed = time.Duration(i) * 600 * time.Millisecond
		p.update(s)
	}
	p.finish(m["again"], outcomes()["good"])
	golden(t, "testdata/demo/plain.view", out.String())

	out.Reset()
	p = &plainLines{out: &out}
	p.update(m["drive"])
	p.finish(m["drive"], outcomes()["drive"])
	golden(t, "testdata/demo/plain-drive.view", out.String())
}

func TestJSONLines(t *testing.T) {
	var out strings.Builder
	j := &jsonLines{out: &out}
	m := moments()
	for i, name := range []string{"begin", "flow", "flow", "broken"} {
		s := m[name]
		s.Elapsed = time.Duration(i) * 600 * time.Millisecond
		j.update(s)
	}
	j.finish(m["again"], outcomes()["good"])
	golden(t, "testdata/demo/json.view", out.String())

	out.Reset()
	j = &jsonLines{out: &out}
	j.update(m["drive"])
	j.finish(m["drive"], outcomes()["drive"])
	golden(t, "testdata/demo/json-drive.view", out.String())
}
