package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// checklist prints one line per step and remembers how the first one failed. The
// zero checklist with an out is ready to use.
type checklist struct {
	out      io.Writer
	json     bool           // keep the steps, print them at the end as one object
	about    string         // what the steps that follow are about: "server home", "radio wlan1"
	front    string         // in front of the detail of those that are well, where it does not say that itself
	status   int            // the exit status of the first that failed
	failed   string         // and its name
	captures []captureStart // of the files that were looked at
	told     checkReport
}

// stepStatus is how a step went.
type stepStatus string

const (
	stepOK   stepStatus = "ok"
	stepWarn stepStatus = "warn" // it works, but someone should look
	stepFail stepStatus = "fail"
	stepSkip stepStatus = "skip" // there was nothing to find out
)

// What `sensord check --json` prints is read by other programs, and described in
// docs/operations.md.
type checkReport struct {
	Steps    []checkStep    `json:"steps"`
	Settings []checkSetting `json:"settings"`
	Exit     int            `json:"exit"`             // the exit status: of the first step that failed
	Failed   string         `json:"failed,omitempty"` // the name of that step
}

type checkStep struct {
	Name   string     `json:"name"`
	Object string     `json:"object"` // what it is about, as the user wrote it
	Status stepStatus `json:"status"`
	TookMs float64    `json:"took_ms"` // 0 if it was not measured
	Detail string     `json:"detail"`  // what was found, or what is wrong
	Code   fault.Code `json:"code,omitempty"`
	Remedy string     `json:"remedy,omitempty"`
}

type checkSetting struct {
	Path  string `json:"path"`
	Value string `json:"value"` // never a secret
	From  string `json:"from"`
}

// step tells how one step went: with an error its cause and remedy, else the
// detail. What ended because somebody does not want to wait tells nothing.
func (c *checklist) step(name string, took time.Duration, detail string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	s := checkStep{Name: name, Status: stepOK, Detail: c.front + detail}
	if err != nil {
		s.Status, s.Detail, s.Code, s.Remedy = stepFail, err.Error(), fault.CodeOf(err), fault.RemedyOf(err)
		if c.status == 0 {
			c.status, c.failed = fault.Exit(err), name
		}
	}
	c.add(took, s)
}

// warn tells of a step that works and that someone should look at; code may be
// empty.
func (c *checklist) warn(name string, took time.Duration, code fault.Code, detail, remedy string) {
	c.add(took, checkStep{Name: name, Status: stepWarn, Detail: detail, Code: code, Remedy: cmp.Or(remedy, code.Remedy())})
}

// skip tells of a step that there is nothing to take for.
func (c *checklist) skip(name, detail string) {
	c.add(0, checkStep{Name: name, Status: stepSkip, Detail: c.front + detail})
}

func (c *checklist) add(took time.Duration, s checkStep) {
	s.Object = c.about
	s.Detail, s.Remedy = printable(s.Detail), printable(s.Remedy)
	s.TookMs = math.Round(float64(took)/1e5) / 10
	if c.json {
		c.told.Steps = append(c.told.Steps, s)
		return
	}
	word, duration := string(s.Status), ""
	if s.Status == stepFail {
		word = "FAIL"
	}
	if took > 0 {
		duration = max(took.Round(100*time.Microsecond), 100*time.Microsecond).String()
	}
	front := fmt.Sprintf("%-4s  %-13s %8s  ", word, s.Name, duration)
	_, _ = fmt.Fprintln(c.out, front+s.Detail)
	if s.Remedy != "" {
		_, _ = fmt.Fprintln(c.out, strings.Repeat(" ", utf8.RuneCountInString(front))+s.Remedy)
	}
}

// printable keeps a text on its line: names in certificates, of files and of
// web servers are others' words.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// settings shows every value and where it came from.
func (c *checklist) settings(settings []configs.Setting) {
	path, value := 0, 0
	for _, s := range settings {
		path, value = max(path, len(s.Path)), max(value, len(s.Value))
		c.told.Settings = append(c.told.Settings, checkSetting{s.Path, s.Value, s.From.String()})
	}
	if c.json {
		return
	}
	value = min(value, 60)
	for _, s := range settings {
		_, _ = fmt.Fprintf(c.out, "      %-*s  %-*s  %s\n", path, s.Path, value, s.Value, s.From)
	}
}

// end prints what is kept, and returns how the check ended.
func (c *checklist) end() error {
	if c.json {
		c.told.Exit, c.told.Failed = c.status, c.failed
		if c.told.Settings == nil {
			c.told.Settings = []checkSetting{} // a configuration that cannot be has none
		}
		enc := json.NewEncoder(c.out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(c.told); err != nil {
			return err
		}
	}
	if c.status != 0 {
		return reported{c.status}
	}
	return nil
}
