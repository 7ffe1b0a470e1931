package main_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// Secrets that no other text has in it.
const (
	password = "correct&horse=battery+staple"
	apikey   = "FEEDFACE00000000000000000BADCAFE"
)

// guarded starts a server that wants one of the secrets.
func guarded(t *testing.T) *kismettest.Server {
	t.Helper()
	return serve(t, kismettest.Config{
		Logins: map[string]string{"rover": password}, APIKeys: map[string]string{apikey: kismettest.RoleDatasource},
	})
}

// credentials are the ways to type a secret.
func credentials() map[string][]string {
	return map[string][]string{
		"password":      {"--user", "rover", "--password", password},
		"key in a word": {"--apikey=" + apikey},
	}
}

// secrets looks for secrets that were typed, in all that others can read.
func (e *endToEnd) secrets(t *testing.T) {
	for name, flags := range credentials() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := guarded(t)
			p := e.start(t, invocation{args: slices.Concat(flags, []string{
				"--connect", srv.Addr, "--log-level", "debug", "--source", e.walk + ":name=golden,pps=1000",
			})})
			reaches(t, srv, 10)
			noSecret(t, "command line", proc(t, p.Process.Pid, "cmdline"))
			noSecret(t, "environment", proc(t, p.Process.Pid, "environ"))
			has(t, proc(t, p.Process.Pid, "cmdline"), "sensord", "--connect", srv.Addr)
			srv.Reset("") // what a broken link says is read too
			p.await(t, "link.lost")
			p.end(t)
			noSecret(t, "log", p.errs.String())
			noSecret(t, "output", p.out.String())
			if n := strings.Count(p.errs.String(), "could see the secret"); n != 1 {
				t.Errorf("%d warnings, want 1:\n%s", n, p.errs.String())
			}
		})
	}
}

func noSecret(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range []string{password, apikey} {
		if strings.Contains(text, secret) {
			t.Errorf("the %s shows a secret: %q", what, text)
		}
	}
}

func proc(t *testing.T, pid int, name string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// end ends a process in order and waits for it.
func (p *process) end(t *testing.T) int {
	t.Helper()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return p.exit(t)
}

var inBackground = regexp.MustCompile(`running in the background, process (\d+)`)

// daemon goes into the background, with its secrets.
func (e *endToEnd) daemon(t *testing.T) {
	for name, flags := range credentials() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := guarded(t)
			log, err := os.Create(t.TempDir() + "/log")
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			parent := command(t, e.bin, slices.Concat(flags, []string{
				"--daemonize", "--connect", srv.Addr, "--source", e.walk + ":pps=1000",
			})...)
			parent.Env = environment()
			parent.Stderr = log // what the process in the background inherits
			if err := parent.Run(); err != nil {
				t.Fatalf("%v\n%s", err, readFile(t, log.Name()))
			}
			child := e.child(t, readFile(t, log.Name()))
			reaches(t, srv, 10)
			noSecret(t, "command line", proc(t, child.Pid, "cmdline"))
			noSecret(t, "environment", proc(t, child.Pid, "environ"))
			reaches(t, srv, source(t, srv).Frames+100)
			if err := child.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			gone(t, child.Pid)
			text := readFile(t, log.Name())
			noSecret(t, "log", text)
			if n := strings.Count(text, "could see the secret"); n != 1 {
				t.Errorf("%d warnings, want 1:\n%s", n, text)
			}
			has(t, text, "all frames confirmed")
			if strings.Contains(text, "DATA RACE") {
				t.Errorf("a data race:\n%s", text)
			}
		})
	}
	t.Run("mistake", func(t *testing.T) {
		p := e.start(t, invocation{args: []string{"--daemonize", "--connect", "127.0.0.1", "--source", e.walk}})
		if status := p.exit(t); status != 2 {
			t.Errorf("status %d, want 2", status)
		}
		has(t, p.errs.String(), "needs a login")
	})
}

// child finds the process in the background by what the parent said, and makes
// sure that it does not outlive the test.
func (e *endToEnd) child(t *testing.T, said string) *os.Process {
	t.Helper()
	found := inBackground.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("the parent names no process:\n%s", said)
	}
	pid, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	child, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Kill() })
	return child
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// gone waits until a process that is not ours to wait for has ended; whoever
// should collect it may take its time.
func gone(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("process %d still runs", pid)
		}
	}
}
