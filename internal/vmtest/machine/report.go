package machine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// A Report reads what the guest writes and prints it as `go test -v` would: the
// tests' output, and a line "ok" or "FAIL" for each package. It is an
// io.Writer; Close prints what is missing.
type Report struct {
	out     io.Writer
	pending []string // packages not yet begun
	current string   // the package that runs
	ran     bool     // it began a test
	passed  bool     // and said that all passed
	skipped string   // a test that it skipped
	anyway  bool     // a package may be without a test that matches
	line    []byte   // begun, not ended
	failed  bool
	off     bool
	trouble string

	Kernel string        // release of the guest's kernel
	Ready  time.Duration // from the kernel's begin until radios could be made
	Begun  time.Time     // when the guest said so
}

// NewReport is a report to out on the tests of packages, in this order. With
// selected, the caller has chosen among tests, and a package in which none was
// run passes.
func NewReport(out io.Writer, packages []string, selected bool) *Report {
	return &Report{out: out, pending: packages, anyway: selected}
}

// Write takes a piece of what the guest wrote.
func (r *Report) Write(p []byte) (int, error) {
	rest := p
	for {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			r.line = append(r.line, rest...)
			return len(p), nil
		}
		r.line = append(r.line, rest[:end]...)
		if err := r.take(string(r.line)); err != nil {
			return 0, err
		}
		r.line = r.line[:0]
		rest = rest[end+1:]
	}
}

func (r *Report) take(line string) error {
	if text, ok := strings.CutPrefix(line, Mark); ok {
		var event Event
		if err := json.Unmarshal([]byte(text), &event); err == nil {
			return r.event(event)
		}
	}
	r.ran = r.ran || strings.HasPrefix(line, "=== RUN ")
	r.passed = r.passed || line == "PASS"
	if name, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "--- SKIP: "); ok {
		r.skipped = name
	}
	_, err := fmt.Fprintln(r.out, line)
	return err
}

func (r *Report) event(e Event) error {
	var err error
	switch {
	case e.Ready != "":
		r.Kernel, r.Ready, r.Begun = e.Ready, e.Took, time.Now()
	case e.Trouble != "":
		r.trouble = e.Trouble
	case e.Start != "":
		if r.current != "" {
			err = r.verdict("began another before it ended", 0)
		}
		r.start(e.Start)
	case e.End != "":
		if e.End != r.current {
			r.failed = true
			_, err = fmt.Fprintf(r.out, "%s: ended, but did not run\n", e.End)
			break
		}
		err = r.verdict(e.Failed, e.Took)
	case e.Off:
		r.off = true
	}
	return err
}

func (r *Report) start(name string) {
	r.current, r.ran, r.passed, r.skipped = name, false, false, ""
	for i, pending := range r.pending {
		if pending == name {
			r.pending = append(r.pending[:i:i], r.pending[i+1:]...)
			return
		}
	}
}

// verdict prints the line that ends a package.
func (r *Report) verdict(failed string, took time.Duration) error {
	note := ""
	switch {
	case failed != "":
	case !r.passed:
		failed = "ended without saying PASS"
	case r.skipped != "":
		failed = "skipped, so not tested: " + r.skipped
	case !r.ran && !r.anyway:
		failed = "no test ran"
	case !r.ran:
		note = " [no tests to run]"
	}
	name := r.current
	r.current = ""
	var err error
	if failed == "" {
		_, err = fmt.Fprintf(r.out, "ok  \t%s\t%.3fs%s\n", name, took.Seconds(), note)
		return err
	}
	r.failed = true
	_, err = fmt.Fprintf(r.out, "%s\nFAIL\t%s\t%.3fs\n", failed, name, took.Seconds())
	return err
}

// Close ends the report: whatever has no result by now has failed. It returns
// whether everything passed, and why the guest did not get to its end, if so.
func (r *Report) Close() (passed bool, trouble string, err error) {
	if len(r.line) > 0 {
		err = r.take(string(r.line))
		r.line = nil
	}
	trouble = r.trouble
	if trouble == "" && !r.off {
		trouble = "the machine went off before its end"
	}
	if r.current != "" {
		err = r.verdict("the machine went off before this test ended", 0)
	}
	for _, name := range r.pending {
		r.failed = true
		_, err = fmt.Fprintf(r.out, "FAIL\t%s [not run]\n", name)
	}
	r.pending = nil
	return !r.failed && trouble == "", trouble, err
}
