package actors

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

// tcpdump receives frames with one tcpdump for each device, as Kismet has one
// process for each.
func (w *liveWorld) tcpdump(b *testing.B, path string, frames, rate int) liveMeasure {
	b.Helper()
	dumps := make([]*dump, len(w.devices))
	for i, d := range w.devices {
		dumps[i] = startDump(b, path, d.Name())
	}
	cpu := func() (sum time.Duration) {
		for _, d := range dumps {
			sum += d.cpu(b)
		}
		return sum
	}
	begin, before := time.Now(), cpu()
	w.sender.send(b, len(w.devices), frames, rate)
	m := liveMeasure{sent: frames, took: time.Since(begin), sending: time.Since(begin)}
	// Its last block takes up to a second. Nothing tells when it was read.
	now := cpu()
	for last := time.Duration(-1); now != last; {
		<-time.After(1500 * time.Millisecond)
		last, now = now, cpu()
	}
	m.cpu = now - before
	for _, d := range dumps {
		received, dropped := d.stop(b)
		m.received += received
		m.kernelDropped += dropped
	}
	return m
}

// A dump is a running tcpdump.
type dump struct {
	cmd *exec.Cmd
	err *bufio.Scanner
}

func startDump(b *testing.B, path, device string) *dump {
	b.Helper()
	d := &dump{cmd: exec.CommandContext(b.Context(), path, "-i", device, "-w", "/dev/null")}
	pipe, err := d.cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	d.err = bufio.NewScanner(pipe)
	if err := d.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for d.err.Scan() {
		if strings.Contains(d.err.Text(), "listening on") {
			return d
		}
	}
	b.Fatal("tcpdump does not listen")
	return nil
}

// stop ends tcpdump and returns its own counts.
func (d *dump) stop(b *testing.B) (captured, dropped int) {
	b.Helper()
	if err := d.cmd.Process.Signal(unix.SIGINT); err != nil {
		b.Fatal(err)
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
		b.Fatalf("tcpdump: %v, %d of its counts found", err, found)
	}
	return captured, dropped
}

// cpu is the time that tcpdump was on a CPU, in nanoseconds in
// /proc/PID/schedstat: it has one thread.
func (d *dump) cpu(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", d.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	var ns int64
	if _, err := fmt.Sscan(string(text), &ns); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ns)
}
