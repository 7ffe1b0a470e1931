package configs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sensord/sensord/internal/fault"
)

// An Origin says where a value came from. The zero Origin is a default.
type Origin struct {
	File   string // the file, or the environment variable, or the flag; "" is a default
	Line   int    // in a file, from 1; 0 otherwise
	Column int    // in a file, from 1; 0 otherwise

	layer layer
}

// layer orders the places a value can come from: the later one wins.
type layer uint8

const (
	layerDefault layer = iota
	layerFile
	layerEnvironment
	layerFlag
)

func fromFlag(name string) Origin { return Origin{File: name, layer: layerFlag} }
func fromVariable(name string) Origin {
	return Origin{File: name, layer: layerEnvironment}
}

// String returns "default", "rig.yaml:3", "SENSORD_RIG" or "--connect".
func (o Origin) String() string {
	switch {
	case o.File == "":
		return "default"
	case o.Line > 0:
		return o.File + ":" + strconv.Itoa(o.Line)
	}
	return o.File
}

// A Problem is one thing that is wrong: where, what, and what would be right.
// Its texts hold no line break and no secret.
type Problem struct {
	File   string // the file, or the environment variable, or the flag
	Line   int    // in a file, from 1; 0 otherwise
	Column int    // in a file, from 1; 0 otherwise
	Path   string // the setting, as in servers[0].url; may be empty
	What   string // what is wrong
	Right  string // what would be right

	layer layer
	key   unknownKey
}

// unknownKey says of a problem that it is an unknown key, and which known one
// was probably meant.
type unknownKey struct {
	is   bool
	near string
}

// Where returns the place and the setting, as in "rig.yaml:3: servers[0].url".
func (p Problem) Where() string {
	where := Origin{File: p.File, Line: p.Line}.String()
	switch {
	case p.File == "":
		return p.Path
	case p.Path == "":
		return where
	}
	return where + ": " + p.Path
}

// String returns the problem in one line.
func (p Problem) String() string {
	s := p.Where() + ": " + p.What
	if p.Right != "" {
		s += "; " + p.Right
	}
	return s
}

// Errors is every problem of a configuration, in the order of the places. It
// unwraps to a fault.Error with the code fault.ConfigInvalid.
type Errors []Problem

// Error returns one line per problem.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the configuration's fault, so that fault.CodeOf, fault.Exit
// and fault.RemedyOf know Errors.
func (e Errors) Unwrap() error {
	if len(e) == 1 {
		return &fault.Error{Code: fault.ConfigInvalid, Object: e[0].Where(), Err: errors.New(e[0].What), Advice: e[0].Right}
	}
	return fault.Newf(fault.ConfigInvalid, "configuration", "%d mistakes", len(e))
}

// A Warning is something that works and that someone should look at.
type Warning Problem

// String returns the warning in one line.
func (w Warning) String() string { return Problem(w).String() }

// A Setting is one value of a Config and where it came from, for people.
type Setting struct {
	Path  string // as in servers[0].url
	Value string // never a secret
	From  Origin
}

// collector gathers what a load finds out besides the Config.
type collector struct {
	errs     Errors
	warnings []Warning
	settings []Setting
}

// wrong notes a problem: what is wrong is formatted, right is text.
func (c *collector) wrong(from Origin, path, right, format string, args ...any) {
	p := newProblem(from, path, right, fmt.Sprintf(format, args...))
	if !slices.ContainsFunc(c.errs, p.again) {
		c.errs = append(c.errs, p)
	}
}

// warn notes a warning, as wrong does a problem.
func (c *collector) warn(from Origin, path, right, format string, args ...any) {
	p := newProblem(from, path, right, fmt.Sprintf(format, args...))
	if !slices.ContainsFunc(c.warnings, func(w Warning) bool { return p.again(Problem(w)) }) {
		c.warnings = append(c.warnings, Warning(p))
	}
}

// settle notes where a value came from.
func (c *collector) settle(path, value string, from Origin) {
	c.settings = append(c.settings, Setting{Path: path, Value: value, From: from})
}

// settleGiven is settle for what is only worth telling if somebody wrote it.
func (c *collector) settleGiven(path, value string, t text) {
	if t.given() {
		c.settle(path, value, t.from)
	}
}

// sort puts problems and warnings in the order in which a reader meets them.
func (c *collector) sort() {
	slices.SortStableFunc(c.errs, comparePlaces)
	slices.SortStableFunc(c.warnings, func(a, b Warning) int { return comparePlaces(Problem(a), Problem(b)) })
}

func comparePlaces(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// again reports whether both problems say one thing about one flag or variable,
// as of each server that it is about.
func (p Problem) again(o Problem) bool {
	return p.layer > layerFile && p.layer == o.layer && p.File == o.File && p.What == o.What
}

// newProblem leaves the path out for a flag: the flag's name says it already.
func newProblem(from Origin, path, right, what string) Problem {
	if from.layer == layerFlag {
		path = ""
	}
	return Problem{
		File: from.File, Line: from.Line, Column: from.Column, layer: from.layer,
		Path: oneLine(path), What: oneLine(what), Right: oneLine(right),
	}
}

// oneLine keeps a problem's text on its line, whatever a user's value or the
// operating system put into it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

// quote shows a user's text in a message, cut to a length that can be read.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}
