package linuxwifi_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/linuxwifi"
)

// Capture and tcpdump one after the other, on the same devices and with the
// same frames: what a frame takes at the sender's full speed, and at how many
// frames a second none is lost. The ratios are ours to tcpdump's.
func BenchmarkCaptureBesideTcpdump(b *testing.B) {
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		b.Fatal("tcpdump is missing: install it, this benchmark compares with it")
	}
	for _, radios := range []int{1, 4} {
		b.Run(fmt.Sprintf("radios=%d", radios), func(b *testing.B) {
			r := newRig(b, radios)
			ours, most := lossless(func(rate int) measure { return r.capture(b, linuxwifi.SocketConfig{}, rate) })
			b.StopTimer()
			theirs, theirMost := lossless(func(rate int) measure { return r.tcpdump(b, path, rate) })
			b.ReportMetric(ours.cpuPerFrame(), "cpu-ns/frame")
			b.ReportMetric(theirs.cpuPerFrame(), "tcpdump-cpu-ns/frame")
			b.ReportMetric(ours.cpuPerFrame()/theirs.cpuPerFrame(), "cpu-ratio")
			b.ReportMetric(most, "lossless-frames/s")
			b.ReportMetric(theirMost, "tcpdump-lossless-frames/s")
			b.ReportMetric(most/theirMost, "lossless-ratio")
		})
	}
}

// lossless runs at full speed, and slower until no frame is lost. It returns
// the first measure and how many frames a second were sent at last.
func lossless(run func(rate int) measure) (first measure, most float64) {
	first = run(0)
	m := first
	for m.dropped > 0 && m.sentRate() > 1000 {
		m = run(int(m.sentRate() * 0.8))
	}
	return first, m.sentRate()
}

// tcpdump receives b.N frames with one tcpdump for each device, as Kismet has
// one process for each.
func (r *rig) tcpdump(b *testing.B, path string, rate int) measure {
	b.Helper()
	var dumps []*dump
	for _, d := range r.devices {
		dumps = append(dumps, startDump(b, path, d.Name()))
	}
	m, begin := measure{sent: b.N}, time.Now()
	var before, now time.Duration
	for _, d := range dumps {
		before += d.cpuTime(b)
	}
	r.sendFrames(b, b.N, rate)
	m.took = time.Since(begin)
	// Its last block takes up to a second. Nothing tells when it was read.
	for last := time.Duration(-1); now != last; {
		pause(b, 1500*time.Millisecond)
		last, now = now, 0
		for _, d := range dumps {
			now += d.cpuTime(b)
		}
	}
	m.cpu = now - before
	for _, d := range dumps {
		received, dropped := d.stop(b)
		m.received += received
		m.dropped += dropped
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
	d := &dump{cmd: exec.Command(path, "-i", device, "-w", "/dev/null")}
	pipe, err := d.cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	d.err = bufio.NewScanner(pipe)
	if err := d.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.cmd.Process.Kill() })
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

// cpuTime is the time that the process was on a CPU, in nanoseconds in
// /proc/PID/schedstat: it has one thread.
func (d *dump) cpuTime(b *testing.B) time.Duration {
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
