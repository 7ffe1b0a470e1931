package main_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/web"
)

// asked runs `sensord status` once.
func (e *endToEnd) asked(t *testing.T, runtime string, args ...string) (p *process, status int) {
	t.Helper()
	p = e.start(t, invocation{args: append([]string{"status"}, args...), env: []string{"XDG_RUNTIME_DIR=" + runtime}})
	return p, p.exit(t)
}

// tells asks the sensord behind a socket until it says what is awaited.
func tells(t *testing.T, socket string, awaited func(*web.Status) bool) web.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := web.AskStatus(ctx, socket)
		if err == nil && awaited(&s) {
			return s
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%v, at last %+v", err, s)
		}
	}
}

// status asks sensords that run: with a server, and with files only.
func (e *endToEnd) status(t *testing.T) {
	runtime := t.TempDir()
	dir := filepath.Join(runtime, "sensord")
	srv := serve(t, kismettest.Config{})
	sends, writes := filepath.Join(dir, "sends-1.sock"), filepath.Join(dir, "writes-2.sock")
	drive := t.TempDir()
	first := e.start(t, invocation{args: append(websocket(srv), "--source", e.walk+":pps=500,name=walk", "--status-socket", sends)})
	e.start(t, invocation{args: []string{"--record", drive, "--source", e.walk + ":pps=500,name=walk", "--status-socket", writes}})

	s := tells(t, sends, func(s *web.Status) bool {
		return s.State == web.StateRecording && s.Sources[0].Frames.Acked > 500 && s.Sources[0].Frames.AckRate != nil && s.Sources[0].Link.State == "streaming"
	})
	f := &s.Sources[0].Frames
	if f.Captured != f.Acked+f.Waiting || f.Sent < f.Acked || s.Version != testVersion || s.PID != first.Process.Pid || !strings.Contains(s.Sentence, "confirmed by ") {
		t.Errorf("%+v", s)
	}
	s = tells(t, writes, func(s *web.Status) bool { return s.Record != nil && s.Record.Frames > 100 })
	if !s.Recording || !strings.Contains(s.Sentence, "written to "+drive) || s.Sources[0].Link.State != "none" {
		t.Errorf("%+v", s)
	}

	all, status := e.asked(t, runtime, "--socket", dir)
	if status != 0 || strings.Count(all.out.String(), "RECORDING: 1 source, ") != 2 {
		t.Errorf("status %d:\n%s", status, all.out.String())
	}
	one, status := e.asked(t, runtime, "--socket", sends, "--json")
	var told web.Status
	if err := json.Unmarshal([]byte(one.out.String()), &told); err != nil || status != 0 || !told.Recording {
		t.Errorf("status %d, %v:\n%s", status, err, one.out.String())
	}
	watch := e.start(t, invocation{args: []string{"status", "--watch", "--socket", sends}})
	tells(t, sends, func(*web.Status) bool { return strings.Count(watch.out.String(), "\n") > 1 })
	if status := watch.end(t); status != 0 {
		t.Errorf("status --watch ended with %d", status)
	}

	if err := first.Process.Kill(); err != nil { // which leaves its socket
		t.Fatal(err)
	}
	first.exit(t)
	if _, err := os.Lstat(sends); err != nil {
		t.Error(err)
	}
	gone, status := e.asked(t, runtime, "--socket", sends)
	if status != 1 || !strings.Contains(gone.errs.String(), "the sensord that had this socket has died") {
		t.Errorf("status %d: %s", status, gone.errs.String())
	}
	alone, status := e.asked(t, runtime, "--socket", dir)
	if status != 0 || strings.Count(alone.out.String(), "RECORDING: ") != 1 {
		t.Errorf("status %d:\n%s", status, alone.out.String())
	}
	e.start(t, invocation{args: append(websocket(srv), "--source", e.walk+":pps=500,name=walk", "--status-socket", sends)})
	tells(t, sends, func(s *web.Status) bool { return s.PID != first.Process.Pid }) // in its place
}
