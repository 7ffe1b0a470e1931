package linuxwifi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/tap"
)

// Capture and tcpdump one after the other, on the same devices and with the
// same frames: what a frame takes at the sender's full speed, and at how many
// frames a second none is lost. The ratios are ours to tcpdump's.
func BenchmarkCaptureBesideTcpdump(b *testing.B) {
	for _, radios := range []int{1, 4} {
		b.Run(fmt.Sprintf("radios=%d", radios), func(b *testing.B) {
			r := newRig(b, radios)
			ours, most := lossless(func(rate int) measure { return r.capture(b, linuxwifi.SocketConfig{}, rate) })
			b.StopTimer()
			theirs, theirMost := lossless(func(rate int) measure { return r.tcpdump(b, rate) })
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
func (r *rig) tcpdump(b *testing.B, rate int) measure {
	b.Helper()
	var dumps []*tap.Dump
	for _, d := range r.devices {
		dumps = append(dumps, tap.StartDump(b, d.Name()))
	}
	m, begin := measure{sent: b.N}, time.Now()
	var before, now time.Duration
	for _, d := range dumps {
		before += d.CPU(b)
	}
	r.sendFrames(b, b.N, rate)
	m.took = time.Since(begin)
	// Its last block takes up to a second. Nothing tells when it was read.
	for last := time.Duration(-1); now != last; {
		pause(b, 1500*time.Millisecond)
		last, now = now, 0
		for _, d := range dumps {
			now += d.CPU(b)
		}
	}
	m.cpu = now - before
	for _, d := range dumps {
		received, dropped := d.Stop(b)
		m.received += received
		m.dropped += dropped
	}
	return m
}
