package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/sensord/sensord/internal/fault"
)

func TestCheckWalksToTheServer(t *testing.T) {
	machine(t, 3)
	s := server(t, nil)
	check := func(key, source string) (int, string) {
		status, out, errs := sensord(t, "check", "--connect", s.Addr, "--apikey", key, "--source", source)
		if errs != "" {
			t.Errorf("messages: %s", errs)
		}
		return status, out
	}
	contains := func(out string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			i := strings.Index(out, part)
			if i < 0 {
				t.Errorf("%q is missing, or not in order, in:\n%s", part, out)
				return
			}
			out = out[i:]
		}
	}
	status, out := check(datasourceKey, "walk.pcap")
	if status != 0 {
		t.Errorf("exit %d:\n%s", status, out)
	}
	contains(out, "warn  configuration", "ok    configuration", "servers[0].apikey", "***", "--apikey", "ok    resolve", "ok    connect", "ok    login", "ok    protocol",
		"ok    source", "walk.pcap opens: link type 105, first frame of 2023-11-14T22:13:20Z")
	if n := s.Accepted(); n == 0 || len(s.Sources()) != 0 {
		t.Errorf("server has %d connections and %d sources", n, len(s.Sources()))
	}
	status, out = check(readonlyKey, "none.pcap")
	if status != fault.ExitLogin {
		t.Errorf("exit %d:\n%s", status, out)
	}
	contains(out, "ok    connect", "FAIL  login", "role datasource", "FAIL  source", "file none.pcap: no such file or directory")
	writeFile(t, "empty.pcap", pcap(0))
	if err := syscall.Mkfifo("pipe.pcap", 0o600); err != nil {
		t.Fatal(err)
	}
	_, out = check(datasourceKey, "empty.pcap")
	contains(out, "ok    source", "empty.pcap holds no frames")
	_, out = check(datasourceKey, "pipe.pcap")
	contains(out, "ok    source", "pipe.pcap is no regular file")
}

func TestCheckTellsTheFirstFailure(t *testing.T) {
	machine(t, 3)
	nobody := closedPort(t)
	status, out, _ := sensord(t, "check", "--tcp", "--connect", nobody, "--source", "none.pcap")
	if status != fault.ExitConnect || !strings.Contains(out, "FAIL  connect") || !strings.Contains(out, "FAIL  source") {
		t.Errorf("exit %d:\n%s", status, out)
	}
}
