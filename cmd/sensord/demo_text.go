package main

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tone says how a piece of text is meant.
type tone uint8

// The zero tone is plain.
const (
	tonePlain  tone = iota
	toneFaint       // labels
	toneStrong      // what to read first
	toneGood
	toneWarn
	toneBad
)

// span is text of one tone; a styledLine is what one line of the terminal shows.
type (
	span struct {
		text string
		tone tone
	}
	styledLine []span
)

// style is how a terminal, or what stands in its place, shows text.
type style struct {
	color bool // ANSI colours
	utf8  bool // characters beyond ASCII
	dumb  bool // a terminal that cannot move its cursor
}

// styleOf reads what the environment says of the terminal.
func styleOf(environ []string, terminal bool) style {
	env := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	locale := env["LANG"]
	for _, name := range []string{"LC_CTYPE", "LC_ALL"} {
		if env[name] != "" {
			locale = env[name]
		}
	}
	locale = strings.ToLower(locale)
	return style{
		color: terminal && env["NO_COLOR"] == "" && env["TERM"] != "dumb",
		utf8:  strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8"),
		dumb:  env["TERM"] == "dumb" || env["TERM"] == "",
	}
}

// String is the line without tones.
func (l styledLine) String() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return b.String()
}

func (l styledLine) width() int { return utf8.RuneCountInString(l.String()) }

// render cuts a line to a width and gives it its tones. What could command a
// terminal, as the name of a file can, is replaced.
func (l styledLine) render(width int, st style) string {
	var b strings.Builder
	for _, s := range l {
		text := []rune(harmless(s.text))
		text = text[:min(len(text), max(width, 0))]
		width -= len(text)
		code := ""
		if st.color {
			code = s.tone.code()
		}
		if code != "" && len(text) > 0 {
			b.WriteString("\x1b[" + code + "m" + string(text) + "\x1b[0m")
			continue
		}
		b.WriteString(string(text))
	}
	return b.String()
}

func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// code is the tone's parameter of SGR, the terminal's command for colours.
func (t tone) code() string {
	switch t {
	case toneFaint:
		return "2"
	case toneStrong:
		return "1"
	case toneGood:
		return "32"
	case toneWarn:
		return "33"
	case toneBad:
		return "31"
	}
	return ""
}
