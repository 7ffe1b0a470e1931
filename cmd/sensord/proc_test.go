package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// backgroundPID returns the process that --daemonize named.
func backgroundPID(t *testing.T, messages string) int {
	t.Helper()
	m := regexp.MustCompile(`running in the background, process (\d+)`).FindStringSubmatch(messages)
	if m == nil {
		t.Fatalf("no process is named:\n%s", messages)
	}
	pid, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func procPath(pid int, names ...string) string {
	return filepath.Join(append([]string{"/proc", strconv.Itoa(pid)}, names...)...)
}

func procFile(t *testing.T, pid int, name string) string {
	t.Helper()
	text, err := os.ReadFile(procPath(pid, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// session returns the session of a process: the sixth field of its stat, the
// fourth behind the name in parentheses.
func session(pid int) (int, error) {
	text, err := os.ReadFile(procPath(pid, "stat"))
	if err != nil {
		return 0, err
	}
	_, fields, _ := strings.Cut(string(text), ") ")
	return strconv.Atoi(strings.Fields(fields)[3])
}
