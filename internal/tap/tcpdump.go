package tap

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Dump is a tcpdump that captures from a device into /dev/null: what
// benchmarks are compared with.
type Dump struct {
	cmd *exec.Cmd
	err *bufio.Scanner
}

// StartDump starts tcpdump and returns when it listens; it ends with the
// benchmark. A tcpdump that is missing, or does not start, ends that.
func StartDump(tb testing.TB, device string) *Dump {
	tb.Helper()
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		tb.Fatal("tcpdump is missing: install it, this benchmark compares with it")
	}
	d := &Dump{cmd: exec.CommandContext(tb.Context(), path, "-i", device, "-w", "/dev/null")}
	pipe, err := d.cmd.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	d.err = bufio.NewScanner(pipe)
	if err := d.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	for d.err.Scan() {
		if strings.Contains(d.err.Text(), "listening on") {
			return d
		}
	}
	tb.Fatal("tcpdump does not listen")
	return nil
}

// Stop ends tcpdump and returns its own counts of frames.
func (d *Dump) Stop(tb testing.TB) (captured, dropped int) {
	tb.Helper()
	if err := d.cmd.Process.Signal(unix.SIGINT); err != nil {
		tb.Fatal(err)
	}
	found := 0
	for d.err.Scan() {
		var n int
		var unit, what string
		if _, err := fmt.Sscan(d.err.Text(), &n, &unit, &what); err != nil {
			continue
		}
		switch what {
		case "captured":
			captured = n
			found++
		case "dropped":
			dropped = n
			found++
		}
	}
	if err := d.cmd.Wait(); err != nil || found != 2 {
		tb.Fatalf("tcpdump: %v, %d of its counts found", err, found)
	}
	return captured, dropped
}

// CPU is the time that tcpdump was on a CPU, in nanoseconds in
// /proc/PID/schedstat: it has one thread.
func (d *Dump) CPU(tb testing.TB) time.Duration {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", d.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	var ns int64
	if _, err := fmt.Sscan(string(text), &ns); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(ns)
}
