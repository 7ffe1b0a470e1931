package actors

import (
	"testing"
	"time"

	"github.com/sensord/sensord/internal/tap"
)

// tcpdump receives frames with one tcpdump for each device, as Kismet has one
// process for each.
func (w *liveWorld) tcpdump(b *testing.B, frames, rate int) liveMeasure {
	b.Helper()
	dumps := make([]*tap.Dump, len(w.devices))
	for i, d := range w.devices {
		dumps[i] = tap.StartDump(b, d.Name())
	}
	cpu := func() (sum time.Duration) {
		for _, d := range dumps {
			sum += d.CPU(b)
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
		received, dropped := d.Stop(b)
		m.received += received
		m.kernelDropped += dropped
	}
	return m
}
