package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestDaemonize(t *testing.T) {
	machine(t, 20)
	s := server(t, nil)
	log, err := os.Create("log.json")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := process(t, "--connect", s.Addr, "--apikey", datasourceKey, "--source", "walk.pcap:name=walk", "--source", "drive.pcap:pps=1", "--daemonize")
	cmd.Stderr = log
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile("log.json")
		t.Fatalf("%v:\n%s", err, text)
	}
	wantFrames(t, s, 20) // with the key, which only the pipe can have brought
	text, err := os.ReadFile("log.json")
	if err != nil {
		t.Fatal(err)
	}
	pid := backgroundPID(t, string(text))
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	seen := procFile(t, pid, "cmdline") + procFile(t, pid, "environ")
	if strings.Contains(seen, datasourceKey) || !strings.Contains(seen, "--source=walk.pcap:name=walk") {
		t.Errorf("arguments and environment of the background: %q", seen)
	}
	if sid, err := session(pid); err != nil || sid != pid {
		t.Errorf("session %d of process %d: %v", sid, pid, err)
	}
	for fd, want := range map[string]string{"0": "/dev/null", "1": "/dev/null", "2": filepath.Base("log.json")} {
		if got, err := os.Readlink(procPath(pid, "fd", fd)); err != nil || !strings.HasSuffix(got, want) {
			t.Errorf("file descriptor %s is %s: %v", fd, got, err)
		}
	}
}

func TestDaemonizeTellsTheChildsError(t *testing.T) {
	machine(t, 1)
	_ = selfSigned(t, "ca.pem")
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	// The background runs elsewhere, where there is no ca.pem.
	var errs strings.Builder
	a := &app{
		args:    []string{os.Args[0], "--connect", "127.0.0.1", "--ssl=ca.pem", "--apikey", "K", "--source", filepath.Join(dir, "walk.pcap"), "--daemonize"},
		environ: append(os.Environ(), beSensord+"=/"), out: &errs, errs: &errs,
	}
	want := "sensord: --ssl: ca.pem: no such file or directory\n  name a PEM file with the certificate of the authority\n"
	if status := a.finish(a.execute()); status != 2 || !strings.HasSuffix(errs.String(), want) {
		t.Errorf("exit %d:\n%s\nwant at the end:\n%s", status, errs.String(), want)
	}
}

func TestDaemonizeTellsThatTheChildDied(t *testing.T) {
	machine(t, 1)
	var errs strings.Builder
	a := &app{
		args:    []string{os.Args[0], "--connect", "127.0.0.1", "--tcp", "--source", "walk.pcap", "--daemonize"},
		environ: append(os.Environ(), beSensord+"=/none"), out: &errs, errs: &errs,
	}
	if status := a.finish(a.execute()); status != 1 || !strings.Contains(errs.String(), "sensord: --daemonize: the process in the background ended before it was ready: exit status 2\n") {
		t.Errorf("exit %d:\n%s", status, errs.String())
	}
}

func TestDaemonChildByHand(t *testing.T) {
	machine(t, 1)
	var errs strings.Builder
	cmd := process(t, "--daemon-child", "--tcp", "--connect", "127.0.0.1", "--source", "walk.pcap")
	cmd.Stderr = &errs
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(errs.String(), "sensord: --daemon-child: it is for sensord itself") {
		t.Errorf("%v:\n%s", err, errs.String())
	}
}

// What fails at once fails in the foreground, where somebody reads it.
func TestDaemonizeTellsWhatFailsAtTheStart(t *testing.T) {
	machine(t, 1)
	s := server(t, nil)
	var errs strings.Builder
	a := &app{
		args:    []string{os.Args[0], "--connect", s.TCPAddr, "--tcp", "--source", "gone.pcap", "--daemonize"},
		environ: append(os.Environ(), beSensord+"=here"), out: &errs, errs: &errs,
	}
	if status := a.finish(a.execute()); status != 7 || !strings.Contains(errs.String(), "sensord: file gone.pcap: no such file or directory\n") {
		t.Errorf("exit %d:\n%s", status, errs.String())
	}
}
