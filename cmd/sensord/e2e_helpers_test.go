package main_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take that is not measured.
const patience = 30 * time.Second

// command prepares a program that does not outlive the test.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && filepath.Base(name) == name { // Debian keeps daemons where only root looks
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Fatalf("%s is missing: `make deps` installs what the tests need (%v)", name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, path, args...)
}

// A process is a sensord that runs.
type process struct {
	*exec.Cmd
	out, errs output
	done      chan struct{} // closed when it has ended
}

// An invocation is how a user calls the program.
type invocation struct {
	name  string   // as it is called; empty is sensord
	args  []string //
	env   []string // besides PATH
	dir   string   // to run in; empty is a directory without anything
	setup func(*exec.Cmd)
}

// start runs sensord; it is killed at the end of the test.
func (e *endToEnd) start(t *testing.T, in invocation) *process {
	t.Helper()
	p := &process{Cmd: command(t, e.bin, in.args...), done: make(chan struct{})}
	p.Args[0] = "sensord"
	if in.name != "" {
		p.Args[0] = in.name
	}
	p.Env = append(environment(), in.env...)
	if p.Dir = in.dir; p.Dir == "" {
		p.Dir = t.TempDir()
	}
	p.Stdout, p.Stderr = &p.out, &p.errs
	if in.setup != nil {
		in.setup(p.Cmd)
	}
	if err := p.Start(); err != nil {
		t.Fatalf("%q: %v", p.Args, err)
	}
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
		if t.Failed() {
			t.Logf("%q said\n%s%s", p.Args, p.out.String(), p.errs.String())
		}
		if strings.Contains(p.errs.String(), "DATA RACE") {
			t.Errorf("%q has a data race:\n%s", p.Args, p.errs.String())
		}
	})
	go func() {
		defer close(p.done)
		_ = p.Wait() // the status is looked at by those who want it
	}()
	return p
}

// environment is the least there is. A race ends the process with a status that
// nothing else has.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "GORACE=exitcode=66 halt_on_error=1 atexit_sleep_ms=0"}
}

// exit waits for the end of the process and returns its status.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatalf("%q still runs after %v", p.Args, patience)
	}
	return p.ProcessState.ExitCode()
}

// run runs sensord to its end, which has to be a good one.
func (e *endToEnd) run(t *testing.T, args ...string) *process {
	t.Helper()
	p := e.start(t, invocation{args: args})
	if status := p.exit(t); status != 0 {
		t.Fatalf("%q ended with status %d", args, status)
	}
	return p
}

// await waits until a process has said something on standard error.
func (p *process) await(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.errs.wait(ctx, p.done, text); err != nil {
		t.Fatalf("%q did not say %q: %v", p.Args, text, err)
	}
}

// output collects what a process writes, and can be read at any time.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	bell chan struct{} // closed at the next write; nil when nobody waits
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bell != nil {
		close(o.bell)
		o.bell = nil
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

var errEnded = errors.New("it has ended")

// wait waits until text was written, or ended is closed.
func (o *output) wait(ctx context.Context, ended <-chan struct{}, text string) error {
	for last := false; ; {
		o.mu.Lock()
		found := strings.Contains(o.buf.String(), text)
		if o.bell == nil {
			o.bell = make(chan struct{})
		}
		bell := o.bell
		o.mu.Unlock()
		if found {
			return nil
		}
		if last {
			return errEnded
		}
		select {
		case <-bell:
		case <-ended:
			last = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// write writes a file and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
