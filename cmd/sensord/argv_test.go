package main

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSecretsIn(t *testing.T) {
	for _, tt := range []struct{ args, want []string }{
		{[]string{"sensord", "--user", "u", "--password", "p", "--source", "x"}, []string{"p"}},
		{[]string{"sensord", "--password=p q", "--apikey=k"}, []string{"p q", "k"}},
		{[]string{"sensord", "--apikey"}, nil},
		{[]string{"sensord", "--passwords=x", "--apikeys", "y"}, nil},
		{nil, nil},
	} {
		if got := secretsIn(tt.args); !slices.Equal(got, tt.want) {
			t.Errorf("secretsIn(%q) = %q, want %q", tt.args, got, tt.want)
		}
	}
}

// Other users see arguments in /proc; secrets are gone from there before
// anything else happens.
func TestSecretsAreErasedFromArguments(t *testing.T) {
	machine(t, 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cmd := process(t, "--connect", listener.Addr().String(), "--user", "alice", "--password", "hunter2", "--apikey=TOPSECRET", "--source", "walk.pcap")
	var errs strings.Builder
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = listener.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second))
	conn, err := listener.Accept() // it has read its arguments
	if err != nil {
		t.Error(err)
	} else {
		defer conn.Close()
	}
	seen, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "cmdline"))
	if err != nil {
		t.Error(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	text := string(seen)
	if strings.Contains(text, "hunter2") || strings.Contains(text, "TOPSECRET") {
		t.Errorf("secrets are left in the arguments: %q", text)
	}
	if !strings.Contains(text, "--user\x00alice\x00--password\x00\x00") || !strings.HasSuffix(text, "--source\x00walk.pcap\x00") {
		t.Errorf("the other arguments are not left alone: %q", text)
	}
	if n := strings.Count(errs.String(), "every user of this machine could see the secret"); n != 1 {
		t.Errorf("warned %d times:\n%s", n, errs.String())
	}
}
